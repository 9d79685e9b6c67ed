"""Watchers that need no terminal: lines of text, and a notebook's display."""

import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

from tatamilab.experiment import folder
from tatamilab.experiment.watching import (
    EpochResult,
    Figure,
    Phase,
    StepProgress,
    TrainingPlan,
    Watcher,
)
from tatamilab.i18n import _

if TYPE_CHECKING:
    from tatamilab.experiment.record import RunRecord

UPDATE_EVERY_S = 0.5
BLOCKS = "▁▂▃▄▅▆▇█"


def watcher_for_here() -> Watcher:
    """A notebook's watcher inside a notebook, else lines on standard output."""
    return Notebook() if _in_notebook() else Lines()


class Lines(Watcher):
    """Tells a run in plain lines, one an epoch.

    Args:
        stream: where to; `None` for standard output.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._epochs = 0

    def message(self, text: str) -> None:
        """Print it."""
        print(text, file=self._stream, flush=True)

    def phase_started(self, phase: Phase) -> None:
        """Print the phase's name, but not of the short ones that say what they do themselves."""
        if phase in (Phase.UNTRAINED, Phase.TRAINING, Phase.TRAINED):
            self.message(f"\n{phase.words}")

    def training_started(self, plan: TrainingPlan) -> None:
        """Remember how many epochs there are."""
        self._epochs = plan.epochs

    def epoch_finished(self, result: EpochResult) -> None:
        """Print one line."""
        self.message(epoch_line(result, self._epochs))

    def run_finished(self, record: "RunRecord") -> None:
        """Say where everything is."""
        self.message("\n" + where_everything_is(record))


class Notebook(Lines):
    """Tells a run in a notebook: a line an epoch, its figures, and one line that keeps itself up to date."""

    def __init__(self) -> None:
        super().__init__()
        self._line: Any = None
        self._plan: TrainingPlan | None = None
        self._updated = 0.0

    def training_started(self, plan: TrainingPlan) -> None:
        """Make the line."""
        from IPython.display import display

        super().training_started(plan)
        self._plan = plan
        self._line = display(_Plain(""), display_id=True)

    def step_finished(self, progress: StepProgress) -> None:
        """Update the line, twice a second at most."""
        now = time.monotonic()
        if self._plan is not None and now - self._updated >= UPDATE_EVERY_S:
            self._updated = now
            self._line.update(_Plain(step_line(progress, self._plan)))

    def phase_finished(self, phase: Phase, elapsed_s: float) -> None:
        """Empty the line when the training is over."""
        if phase is Phase.TRAINING and self._line is not None:
            self._line.update(_Plain(""))

    def figure_drawn(self, figure: Figure) -> None:
        """Show it."""
        from IPython.display import Image, display

        display(Image(figure.png.read_bytes(), alt=figure.description))


class _Plain:
    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def epoch_line(result: EpochResult, epochs: int) -> str:
    """What an epoch came to, on one line."""
    return _(
        "Epoch {epoch}/{epochs}: loss {loss:.4f}, accuracy {accuracy:.2%}, validation loss {val_loss:.4f}, "
        "validation accuracy {val_accuracy:.2%}, {elapsed_s:.1f} s",
        epoch=f"{result.epoch:>{len(str(epochs))}}",
        epochs=epochs,
        loss=result.loss,
        accuracy=result.accuracy,
        val_loss=result.val_loss,
        val_accuracy=result.val_accuracy,
        elapsed_s=result.elapsed_s,
    )


def step_line(progress: StepProgress, plan: TrainingPlan) -> str:
    """Where the training stands, on one line."""
    return _(
        "Epoch {epoch}/{epochs}, step {step}/{steps}: loss {loss:.4f}, accuracy {accuracy:.2%}",
        epoch=progress.epoch,
        epochs=plan.epochs,
        step=progress.step,
        steps=plan.steps,
        loss=progress.loss,
        accuracy=progress.accuracy,
    )


def where_everything_is(record: "RunRecord") -> str:
    """The last words of a run."""
    page = record.folder / folder.PAGE
    if record.training is not None and record.training.stopped_at is not None:
        epoch, step = record.training.stopped_at
        return _(
            "Interrupted in epoch {epoch} after step {step}; what was learned until then is in {folder}, "
            "and {page} shows it.",
            epoch=epoch,
            step=step,
            folder=record.folder,
            page=page,
        )
    return _("Everything is in {folder}; open {page} to see it.", folder=record.folder, page=page)


def spark_line(values: list[float]) -> str:
    """`values` as a row of bars, from the lowest to the highest of them.

    Example:
        >>> spark_line([0.91, 0.95, 0.97, 0.98])
        '▁▅▇█'
    """
    lowest, highest = min(values), max(values)
    span = highest - lowest or 1.0
    return "".join(BLOCKS[round((value - lowest) / span * (len(BLOCKS) - 1))] for value in values)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and "IPKernelApp" in shell.config
