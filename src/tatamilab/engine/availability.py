"""Whether the engine can run here at all; where it cannot, Keras trains."""

import os
import re
from pathlib import Path

from tatamilab.errors import TatamiError
from tatamilab.i18n import _

MEMORY_FILE = Path("/proc/meminfo")
DISABLE_VARIABLE = "TATAMI_DISABLE"


class EngineUnavailable(TatamiError):
    """The engine cannot be used on this machine, or was turned off; Keras can."""


def require_engine() -> None:
    """Do nothing where the engine can run.

    Raises:
        EngineUnavailable: it was turned off, LLVM is missing or fails, or the CPU has no vector unit it knows.
    """
    if os.environ.get(DISABLE_VARIABLE) == "1":
        raise EngineUnavailable(_("The native engine is turned off by {name}=1.", name=DISABLE_VARIABLE))
    try:
        from tatamilab.engine.target import runnable

        able = runnable()
    except (ImportError, OSError, RuntimeError) as problem:
        first = str(problem).partition("\n")[0]
        raise EngineUnavailable(
            _("LLVM cannot be loaded: {problem}.", problem=first.rstrip("."))
        ) from problem
    if not able:
        raise EngineUnavailable(
            _("This processor has none of the vector units that the native engine knows.")
        )


def check_memory(n_bytes: int, batch_size: int) -> None:
    """Do nothing where `n_bytes` are free, or where nobody can say how much is.

    Raises:
        EngineUnavailable: the buffers for one batch do not fit into the memory that is free.
    """
    free = free_bytes()
    if free is not None and n_bytes > free:
        raise EngineUnavailable(
            _(
                "The native engine needs {needed} GB for batches of {batch} images, but {free} GB of memory are "
                "free; use a smaller batch size.",
                needed=f"{n_bytes / 1e9:.1f}",
                batch=batch_size,
                free=f"{free / 1e9:.1f}",
            )
        )


def free_bytes() -> int | None:
    """Memory that can be taken without swapping, as Linux counts it; None elsewhere."""
    try:
        found = re.search(r"MemAvailable:\s+(\d+) kB", MEMORY_FILE.read_text())
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None
