"""Whether the engine can run here at all; where it cannot, Keras trains."""

import os

from tatamilab.errors import TatamiError
from tatamilab.i18n import _

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
