"""What a run tells while it runs, and to whom.

A run knows nothing of terminals, notebooks or JSON: it tells a `Watcher` what happens, and the watcher shows
it. To show a run in a new place, write a `Watcher`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from tatamilab.i18n import _

if TYPE_CHECKING:
    from tatamilab.experiment.record import RunRecord


Far = Callable[[str, int, int], object]
"""Called often while something is under way: what it is, how much of it is done, and of how much."""


class Phase(StrEnum):
    """The parts of a run, in their order; their values name them in `run.json`."""

    DATA = "data"
    MODEL = "model"
    UNTRAINED = "evaluation_untrained"
    TRAINING = "training"
    TRAINED = "evaluation_trained"
    FIGURES = "figures"
    PAGE = "page"

    @property
    def words(self) -> str:
        """What a person calls the phase, in the language in force."""
        return {
            Phase.DATA: _("Data"),
            Phase.MODEL: _("Model"),
            Phase.UNTRAINED: _("Evaluation before training"),
            Phase.TRAINING: _("Training"),
            Phase.TRAINED: _("Evaluation after training"),
            Phase.FIGURES: _("Figures"),
            Phase.PAGE: _("Page"),
        }[self]


@dataclass(frozen=True)
class TrainingPlan:
    """What the training is going to do.

    Attributes:
        epochs: passes over the training images.
        steps: steps an epoch.
        batch_size: images a step; the last step of an epoch may hold fewer.
        n_train: images trained on in each epoch.
    """

    epochs: int
    steps: int
    batch_size: int
    n_train: int


@dataclass(frozen=True)
class StepProgress:
    """Where the training stands after a step.

    Attributes:
        epoch: from 1.
        step: within the epoch, from 1.
        loss: mean over the epoch so far.
        accuracy: mean over the epoch so far, 0–1.
    """

    epoch: int
    step: int
    loss: float
    accuracy: float


@dataclass(frozen=True)
class EpochResult:
    """What an epoch came to.

    Attributes:
        epoch: from 1.
        loss: mean over the training images, while the weights changed.
        accuracy: likewise, 0–1.
        val_loss: over the validation images, at the epoch's end.
        val_accuracy: likewise, 0–1.
        elapsed_s: seconds the epoch took, its validation included.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    elapsed_s: float


@dataclass(frozen=True)
class Figure:
    """A figure of the run.

    Attributes:
        name: its file's name without suffix.
        title: what it is, in the run's language.
        description: what it shows in words, for those who can't see it.
        png: the picture; it moves to the run's folder when the run is over.
        svg: the drawing, likewise.
    """

    name: str
    title: str
    description: str
    png: Path
    svg: Path


class Watcher:
    """Told what a run does. This one ignores it all; override what you want to show."""

    def phase_started(self, phase: Phase) -> None:
        """A phase begins."""

    def phase_finished(self, phase: Phase, elapsed_s: float) -> None:
        """A phase is over."""

    def message(self, text: str) -> None:
        """Something worth reading, in the run's language; may have several lines."""

    def training_started(self, plan: TrainingPlan) -> None:
        """The first step is about to begin."""

    def step_finished(self, progress: StepProgress) -> None:
        """A step is over. Called often: do little here."""

    def epoch_finished(self, result: EpochResult) -> None:
        """An epoch is over."""

    def figure_drawn(self, figure: Figure) -> None:
        """A figure is ready to be shown."""

    def run_finished(self, record: "RunRecord") -> None:
        """The folder is complete."""

    def close(self) -> None:
        """The run is over, however it ended."""
