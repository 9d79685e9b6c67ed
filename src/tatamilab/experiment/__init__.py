"""One seeded run of the worksheet's experiment, and its folder."""

import importlib
from typing import TYPE_CHECKING, Any

from tatamilab.experiment.options import RunOptions
from tatamilab.experiment.watching import (
    EpochResult,
    Figure,
    Phase,
    StepProgress,
    TrainingPlan,
    Watcher,
)

if TYPE_CHECKING:
    from tatamilab.experiment.checkpoint import Checkpoint
    from tatamilab.experiment.record import RunRecord, Status, read
    from tatamilab.experiment.running import resume, run
    from tatamilab.experiment.showing import Lines, Notebook

__all__ = [
    "Checkpoint",
    "EpochResult",
    "Figure",
    "Lines",
    "Notebook",
    "Phase",
    "RunOptions",
    "RunRecord",
    "Status",
    "StepProgress",
    "TrainingPlan",
    "Watcher",
    "read",
    "resume",
    "run",
]

_LATER = {
    "Checkpoint": "checkpoint",
    "run": "running",
    "resume": "running",
    "read": "record",
    "RunRecord": "record",
    "Status": "record",
    "Lines": "showing",
    "Notebook": "showing",
}


def __getattr__(name: str) -> Any:
    """Import what needs Keras, or much else, when it is first asked for, so that asking for options stays quick."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
