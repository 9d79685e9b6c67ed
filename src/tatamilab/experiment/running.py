"""One seeded run, from the data to the page: the worksheet's cells 1-0 to 1-14 in their order."""

from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tatamilab import i18n
from tatamilab.experiment import folder, page, saving
from tatamilab.experiment.cut_off import check_same, checkpoint_of, cut_off, description, kept_if_worth_it
from tatamilab.experiment.drawing import Drawer, first_filters
from tatamilab.experiment.interruption import Interruption, interruptible
from tatamilab.experiment.options import RunOptions
from tatamilab.experiment.preparation import Prepared, prepare
from tatamilab.experiment.record import RunRecord, Status, TrainingRecord
from tatamilab.experiment.recording import record_of
from tatamilab.experiment.scoring import Score, evaluate
from tatamilab.experiment.showing import watcher_for_here
from tatamilab.experiment.timing import Timings
from tatamilab.experiment.training import StopWhenAsked, TellWatcher, train, who_trained
from tatamilab.experiment.watching import Phase, TrainingPlan, Watcher
from tatamilab.files import write_whole
from tatamilab.i18n import _


def run(options: RunOptions, watcher: Watcher | None = None) -> RunRecord:
    """Run the worksheet's experiment once, and leave its folder.

    From the training on, the first Ctrl-C ends the training after the step in hand: what was learned is
    kept and evaluated, and the record says "interrupted". The second ends at once and leaves nothing.

    Args:
        options: what to run.
        watcher: told of everything that happens; `None` for lines of text, or in a notebook one display that
            keeps itself up to date. `Watcher()` shows nothing.

    Raises:
        BadInput: the data, the model or an option can't be used; nothing is written.
        OutputError: the folder can't be written; nothing half-written is left.
        KeyboardInterrupt: Ctrl-C before the training, or twice; nothing is left.
    """
    watcher = watcher or watcher_for_here()
    with i18n.using(options.lang), closing(watcher):
        timings = Timings(watcher)
        return _conducted(prepare(options, watcher, timings), watcher, timings)


def resume(path: Path, watcher: Watcher | None = None) -> RunRecord:
    """Go on with a run that was cut off from outside, to the numbers that it would have come to.

    Args:
        path: its folder.
        watcher: as in `run`.

    Raises:
        BadInput: the folder holds no run that was cut off; or data, model or versions are not those of then.
        OutputError, KeyboardInterrupt: as in `run`.
    """
    saved = cut_off(path)
    options = RunOptions(**{**saved.of["options"], "out": path, "force": True})
    watcher = watcher or watcher_for_here()
    with i18n.using(options.lang), closing(watcher):
        timings = Timings(watcher)
        prepared = prepare(options, watcher, timings)
        check_same(path, saved.of, description(prepared))
        watcher.message(
            _("Going on after epoch {epoch} of {epochs}.", epoch=saved.epoch, epochs=options.epochs)
        )
        return _conducted(prepared, watcher, timings)


def _conducted(prepared: Prepared, watcher: Watcher, timings: Timings) -> RunRecord:
    with (
        folder.staged(prepared.path) as hidden,
        folder.speaking_of(prepared.path),
        kept_if_worth_it(prepared),
    ):
        experiment = _Experiment(prepared, hidden, watcher, timings)
        with prepared.trainer.at_work():
            failure = experiment.conduct()
    (prepared.path / folder.CHECKPOINT).unlink(missing_ok=True)
    if failure is not None:
        raise failure
    watcher.run_finished(experiment.record)
    return experiment.record


class _Experiment:
    """A prepared run on its way; its attributes are what it has come to so far."""

    def __init__(self, prepared: Prepared, hidden: Path, watcher: Watcher, timings: Timings) -> None:
        self.prepared = prepared
        self.training: TrainingRecord | None = None
        self.untrained: Score | None = None
        self.trained: Score | None = None
        self.history: dict[str, list[float]] = {}
        self._hidden = hidden
        self._watcher = watcher
        self._timings = timings
        self._drawer = Drawer(hidden, watcher)
        self._probabilities: NDArray[np.float32]
        self._filters_before = first_filters(prepared.model)

    def conduct(self) -> Exception | None:
        """Run all phases; return what went wrong on the way, unless it was the disk, which is raised."""
        try:
            self._begin()
            with interruptible() as interruption:
                self._train(interruption)
                self._evaluate_trained()
                self._draw()
                self._finish(Status.INTERRUPTED if interruption.asked else Status.FINISHED)
        except OSError:
            raise
        except Exception as error:
            self._write_record(Status.FAILED, f"{type(error).__name__}: {error}")
            return error
        return None

    def _begin(self) -> None:
        prepared = self.prepared
        with self._timings.phase(Phase.FIGURES):
            self._drawer.network(prepared.model)
            self._drawer.filters_before(prepared.model)
        with self._timings.phase(Phase.UNTRAINED):
            saving.save_model(prepared.model, self._hidden / folder.INITIAL_MODEL)
            self.untrained, _probabilities = self._evaluate()
            self._watcher.message(_before(self.untrained))

    def _evaluate(self) -> tuple[Score, NDArray[np.float32]]:
        prepared = self.prepared
        arrays = prepared.arrays
        return evaluate(prepared.model, arrays.x_test, arrays.y_test, prepared.options.batch_size)

    def _train(self, interruption: Interruption) -> None:
        prepared, options = self.prepared, self.prepared.options
        stop = StopWhenAsked(interruption, self._watcher)
        plan = TrainingPlan(options.epochs, prepared.steps, options.batch_size, prepared.split.n_train)
        with self._timings.phase(Phase.TRAINING):
            self._watcher.training_started(plan)
            history = train(
                prepared.model,
                prepared.arrays.x_train,
                prepared.arrays.y_train,
                options=options,
                callbacks=[stop, TellWatcher(self._watcher), checkpoint_of(prepared)],
            )
        self.history = {name: [float(value) for value in values] for name, values in history.history.items()}
        trainer = who_trained(prepared.model, prepared.trainer)
        self.training = TrainingRecord(
            trainer=trainer.name,
            reason=trainer.reason,
            steps_per_epoch=prepared.steps,
            epochs_begun=len(history.epoch),
            stopped_at=stop.at,
            plan=trainer.plan,
        )
        saving.save_history(self.history, self._hidden / folder.HISTORY)
        saving.save_model(prepared.model, self._hidden / folder.MODEL)

    def _evaluate_trained(self) -> None:
        with self._timings.phase(Phase.TRAINED):
            self.trained, self._probabilities = self._evaluate()
            saving.save_predictions(
                self._probabilities, self.prepared.arrays.y_test, self._hidden / folder.PREDICTIONS
            )
        assert self.untrained is not None
        self._watcher.message(_before(self.untrained) + "\n" + _after(self.trained))

    def _draw(self) -> None:
        prepared = self.prepared
        with self._timings.phase(Phase.FIGURES):
            self._drawer.learning_curves(self.history)
            self._drawer.filters(prepared.model, self._filters_before)
            self._drawer.predictions(prepared.dataset, self._probabilities, seed=prepared.options.seed)

    def _finish(self, status: Status) -> None:
        with self._timings.phase(Phase.PAGE):
            draft = self._record_of(status)
            write_whole(self._hidden / folder.PAGE, page.render(draft, self.history, self._drawer.drawn))
        self._write_record(status)

    def _write_record(self, status: Status, error: str | None = None) -> None:
        self.record = self._record_of(status, error)
        write_whole(self._hidden / folder.RECORD, self.record.to_json())

    def _record_of(self, status: Status, error: str | None = None) -> RunRecord:
        return record_of(
            self.prepared,
            status,
            error=error,
            training=self.training,
            untrained=self.untrained,
            trained=self.trained,
            timings_s=dict(self._timings.elapsed_s),
        )


def _before(score: Score) -> str:
    return _("Before training: loss {loss}, accuracy {accuracy}", **_in_words(score))


def _after(score: Score) -> str:
    return _(
        "After training: loss {loss}, accuracy {accuracy} ({correct:,} of {n:,}; 95% interval {low:.2%} to "
        "{high:.2%}, which covers the choice of test images only: another training moves the score too)",
        **_in_words(score),
        correct=score.correct,
        n=score.n,
        low=score.low,
        high=score.high,
    )


def _in_words(score: Score) -> dict[str, str]:
    loss = _("not a number") if score.loss is None else f"{score.loss:.4f}"
    return {"loss": loss, "accuracy": f"{score.accuracy:.2%}"}
