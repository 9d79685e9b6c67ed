"""Facts about this computer and this installation, for `tatami doctor` and the record of a run.

What is named here is imported when it is first asked for: the engine needs one fact, and at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tatamilab.machine.caches import Cache
    from tatamilab.machine.inventory import Machine, facts, read_machine

__all__ = ["Cache", "Machine", "facts", "read_machine"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "caches" if name == "Cache" else "inventory"
    return getattr(import_module(f"{__name__}.{home}"), name)
