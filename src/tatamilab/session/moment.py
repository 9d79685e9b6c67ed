"""What a run is at one moment: to be shown, and to be kept."""

from dataclasses import dataclass
from enum import StrEnum

from tatamilab.engine.loop import State
from tatamilab.session.curve import Point


class Phase(StrEnum):
    """What a run is doing."""

    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    DIVERGED = "diverged"


@dataclass(frozen=True)
class Moment:
    """All that is to be shown of a run at one moment; immutable, so that any thread may read it.

    Attributes:
        phase: what the run is doing.
        epoch: epochs that are over.
        step: steps of the current epoch that are done, of `n_steps`.
        epochs: how many there are to be.
        points: of the training images.
        validation: after each epoch, of the images held back.
        images_per_s: of the latest slice; 0 before the first.
        learning_rate: of the steps to come.
        seed: of weights and order.
        frames: steps at which the film has a picture.
        shown: index of the picture that is looked at; None for the latest weights.
        n_steps_seen: steps before the weights that are looked at; the film has no picture of every step.
        batch_size: images of a step, from the next epoch on.
        n_sharing: trainings that share this machine now.
        place: in the line of those who wait for a share of it, from 1; 0 for one that has it.
        problem: why the training stopped by itself; empty if it did not.
    """

    phase: Phase
    epoch: int
    step: int
    n_steps: int
    epochs: int
    points: tuple[Point, ...]
    validation: tuple[Point, ...]
    images_per_s: float
    learning_rate: float
    seed: int
    frames: tuple[int, ...]
    shown: int | None
    n_steps_seen: int
    batch_size: int
    n_sharing: int
    place: int
    problem: str


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        id: of the training.
        phase: what the run was doing.
        points: of the training images.
        validation: after each epoch.
        images_per_s: of the latest slice.
        batch_size: from the next epoch on.
    """

    id: str
    phase: Phase
    points: tuple[Point, ...]
    validation: tuple[Point, ...]
    images_per_s: float
    batch_size: int

    @property
    def epoch(self) -> float:
        """Epochs that are over: 1.5 is the middle of the second."""
        return self.points[-1].epoch if self.points else 0.0


@dataclass(frozen=True, eq=False)
class Kept:
    """A run at rest: all that it takes to go on with the same bits to follow.

    Attributes:
        progress: how far it had come.
        state: the loop's.
    """

    progress: Progress
    state: State
