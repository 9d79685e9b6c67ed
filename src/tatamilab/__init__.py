"""tatamilab: learn how convolutional networks work, by running them.

Importing this package imports no Keras and decides nothing about its backend.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = [
    "accelerate",
    "accelerated",
    "check",
    "compare",
    "keep",
    "reset_stats",
    "restore",
    "stats",
    "status",
]

_LESSON = ("check", "keep")
"""What worksheets call."""

_EXTENSION = ("load_ipython_extension", "unload_ipython_extension")
"""What `%load_ext tatamilab` and `%unload_ext tatamilab` call."""


def __getattr__(name: str) -> Any:
    """What needs Keras, imported when it is first asked for."""
    if name in _EXTENSION:
        return getattr(import_module("tatamilab.acceleration.extension"), name)
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("tatamilab.lesson" if name in _LESSON else "tatamilab.acceleration"), name)
