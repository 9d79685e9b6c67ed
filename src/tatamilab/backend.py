"""Which backend Keras will use, decided before Keras is first imported.

If Keras is already imported, or `KERAS_BACKEND` is set, that choice is obeyed. Otherwise the commands use
JAX; the library uses what `keras.json` names if that is installed, else JAX (Keras writes "tensorflow" there
even where TensorFlow is missing, and a bare `import keras` then fails). `keras.json` is never written by us.

What JAX compiles (Keras's initializers, and the steps of models that Keras trains) is kept on disk unless
`JAX_COMPILATION_CACHE_DIR` says where else: the next process builds a model in a quarter of the time.
"""

import json
import os
import platform
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from tatamilab.files import cache_folder, sha256

BACKENDS = ("jax", "tensorflow", "torch")

CPU_FILE = Path("/proc/cpuinfo")

COMPILATION_CACHE = "JAX_COMPILATION_CACHE_DIR"
CACHE_SETTINGS = {
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    "JAX_COMPILATION_CACHE_MAX_SIZE": str(256 * 2**20),
}
"""All that is compiled is kept, up to so many bytes; what was not used for the longest time goes first."""


def choose(*, command: bool = False) -> str:
    """Decide Keras's backend, put it into `KERAS_BACKEND` where nothing has decided yet, and return it.

    Args:
        command: True for our own command line, which does not read `keras.json`.
    """
    backend = preview(command=command)
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = backend
    if backend == "jax" and "jax" not in sys.modules and COMPILATION_CACHE not in os.environ:
        _keep_compiled()
    return backend


def _keep_compiled() -> None:
    """Tell JAX to keep what it compiles, where the disk allows it; a room may share the folder, not a CPU's code."""
    folder = cache_folder() / "jax" / sha256(_cpu().encode())[:12]
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            os.environ[COMPILATION_CACHE] = str(folder)
            for name, value in CACHE_SETTINGS.items():
                os.environ.setdefault(name, value)


def _cpu() -> str:
    """What tells CPUs apart that run different code: their kind, and where Linux tells them, their abilities."""
    kind = f"{platform.machine()} {platform.system()}"
    with suppress(OSError):
        lines = CPU_FILE.read_text(encoding="utf-8", errors="replace").splitlines()
        told = [line for line in lines if line.startswith(("flags", "Features", "model name"))]
        return "\n".join([kind, *sorted(set(told))])
    return kind


def preview(*, command: bool = False) -> str:
    """What `choose` would decide; nothing is changed by asking.

    Args:
        command: as for `choose`.
    """
    if "keras" in sys.modules:
        return str(sys.modules["keras"].backend.backend())
    if chosen := os.environ.get("KERAS_BACKEND"):
        return chosen
    named = None if command else _named_in_keras_json()
    return named if named in BACKENDS and find_spec(named) else "jax"


def _named_in_keras_json() -> str | None:
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        settings = json.loads((home / "keras.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return settings.get("backend") if isinstance(settings, dict) else None
