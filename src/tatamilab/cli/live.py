"""A run in a terminal: what is over as lines, and below them a display that keeps itself up to date."""

import time
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live as RichLive
from rich.progress_bar import ProgressBar
from rich.status import Status
from rich.table import Table
from rich.text import Text

from tatamilab.experiment.showing import epoch_line, spark_line, where_everything_is
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
    from tatamilab.experiment import RunRecord

UPDATES_A_SECOND = 8


class Live(Watcher):
    """Shows epoch, step, images a second, loss, accuracy, time left and the validation accuracy so far."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
        self._display: RichLive | None = None
        self._training: _Training | None = None

    def phase_started(self, phase: Phase) -> None:
        """Show what is under way."""
        if phase is Phase.TRAINING:
            self._console.print(f"\n{phase.words}", style="bold")
            return
        self._status = self._console.status(phase.words)
        self._status.start()

    def phase_finished(self, phase: Phase, elapsed_s: float) -> None:
        """Take it down again."""
        if self._status is not None:
            self._status.stop()
            self._status = None
        self._stop_display()

    def message(self, text: str) -> None:
        """Print it above the display."""
        self._console.print(Text(text))

    def training_started(self, plan: TrainingPlan) -> None:
        """Put the display up."""
        self._training = _Training(plan)
        self._display = RichLive(
            get_renderable=self._training.render,
            console=self._console,
            refresh_per_second=UPDATES_A_SECOND,
            transient=True,
        )
        self._display.start()

    def step_finished(self, progress: StepProgress) -> None:
        """Move the display on."""
        assert self._training is not None
        self._training.move_to(progress)

    def epoch_finished(self, result: EpochResult) -> None:
        """Print the epoch's line above the display."""
        assert self._training is not None
        self._training.val_accuracies.append(result.val_accuracy)
        self.message(epoch_line(result, self._training.plan.epochs))

    def figure_drawn(self, figure: Figure) -> None:
        """Say so."""
        self.message(_("Figure drawn: {title}", title=figure.title))

    def run_finished(self, record: "RunRecord") -> None:
        """Say where everything is."""
        self._console.print()
        self.message(where_everything_is(record))

    def close(self) -> None:
        """Give the terminal back, however the run ended."""
        self._stop_display()
        if self._status is not None:
            self._status.stop()

    def _stop_display(self) -> None:
        if self._display is not None:
            self._display.stop()
            self._display = None


class _Training:
    """What the display shows of the training. Its clock starts after the first step, which compiles."""

    def __init__(self, plan: TrainingPlan) -> None:
        self.plan = plan
        self.val_accuracies: list[float] = []
        self._step: StepProgress | None = None
        self._first: tuple[float, int, int] | None = None

    def move_to(self, step: StepProgress) -> None:
        """Show `step`."""
        if self._first is None:
            self._first = (time.monotonic(), *self._done(step))
        self._step = step

    def render(self) -> Group | Text:
        """The display as it is now."""
        step = self._step
        if step is None or self._first is None:
            return Text(_("Compiling the first step…"))
        started, first_steps, first_images = self._first
        elapsed_s = max(time.monotonic() - started, 1e-6)
        steps, images = self._done(step)
        all_steps = self.plan.epochs * self.plan.steps
        left_s = elapsed_s * (all_steps - steps) / max(steps - first_steps, 1)
        top = Table.grid(padding=(0, 2))
        top.add_row(
            Text(self._where(step)),
            ProgressBar(total=all_steps, completed=steps, width=24),
            Text(_("{left} left", left=_minutes(left_s))),
        )
        numbers = _(
            "{rate:,.0f} images/s, loss {loss:.4f}, accuracy {accuracy:.2%}",
            rate=(images - first_images) / elapsed_s,
            loss=step.loss,
            accuracy=step.accuracy,
        )
        return Group(top, Text(numbers), Text(self._validation()))

    def _done(self, step: StepProgress) -> tuple[int, int]:
        """Steps and images up to `step`; an epoch's last step may hold fewer images."""
        plan, epochs = self.plan, step.epoch - 1
        images = epochs * plan.n_train + min(step.step * plan.batch_size, plan.n_train)
        return epochs * plan.steps + step.step, images

    def _where(self, step: StepProgress) -> str:
        return _(
            "Epoch {epoch}/{epochs}, step {step}/{steps}",
            epoch=step.epoch,
            epochs=self.plan.epochs,
            step=step.step,
            steps=self.plan.steps,
        )

    def _validation(self) -> str:
        if not self.val_accuracies:
            return ""
        return _(
            "Validation accuracy {line} {last:.2%}",
            line=spark_line(self.val_accuracies),
            last=self.val_accuracies[-1],
        )


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
