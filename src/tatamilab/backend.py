"""Which backend Keras will use, decided before Keras is first imported.

If Keras is already imported, or `KERAS_BACKEND` is set, that choice is obeyed. Otherwise the commands use
JAX; the library uses what `keras.json` names if that is installed, else JAX (Keras writes "tensorflow" there
even where TensorFlow is missing, and a bare `import keras` then fails). `keras.json` is never written by us.
"""

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path

BACKENDS = ("jax", "tensorflow", "torch")


def choose(*, command: bool = False) -> str:
    """Decide Keras's backend, put it into `KERAS_BACKEND` where nothing has decided yet, and return it.

    Args:
        command: True for our own command line, which does not read `keras.json`.
    """
    backend = preview(command=command)
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = backend
    return backend


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
