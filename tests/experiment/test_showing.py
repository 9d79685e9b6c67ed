"""Plain lines, one an epoch, and a notebook's display that is updated rather than repeated."""

import io
import sys
import time
import types
from pathlib import Path

import pytest
from shared_run import Finished

from tatamilab import i18n
from tatamilab.experiment import EpochResult, Figure, Lines, Notebook, Phase, StepProgress, TrainingPlan
from tatamilab.experiment.showing import spark_line, watcher_for_here, where_everything_is

PLAN = TrainingPlan(epochs=10, steps=422, batch_size=128, n_train=54_000)
RESULT = EpochResult(3, loss=0.06634, accuracy=0.98055, val_loss=0.0557, val_accuracy=0.9848, elapsed_s=4.25)


@pytest.mark.parametrize(
    ("lang", "line"),
    [
        (
            "en",
            "Epoch  3/10: loss 0.0663, accuracy 98.06%, validation loss 0.0557, validation accuracy 98.48%, "
            "4.2 s\n",
        ),
        (
            "ja",
            "エポック  3/10：誤差 0.0663、正解率 98.06%、検証の誤差 0.0557、検証の正解率 98.48%、4.2 秒\n",
        ),
    ],
)
def test_one_line_an_epoch_and_none_a_step(lang: str, line: str) -> None:
    stream = io.StringIO()
    lines = Lines(stream)
    with i18n.using(lang):
        lines.training_started(PLAN)
        for step in range(1, 423):
            lines.step_finished(StepProgress(3, step, 0.1, 0.97))
        lines.epoch_finished(RESULT)
    assert stream.getvalue() == line


@pytest.mark.slow
def test_where_everything_is(finished: Finished) -> None:
    folder = finished.folder
    with i18n.using("en"):
        assert where_everything_is(finished.record) == (
            f"Everything is in {folder}; open {folder / 'index.html'} to see it."
        )


@pytest.mark.parametrize(("values", "bars"), [([0.5], "▁"), ([0.9, 0.9], "▁▁"), ([0.1, 0.8, 0.45], "▁█▄")])
def test_spark_line(values: list[float], bars: str) -> None:
    assert spark_line(values) == bars


class _Display:
    def __init__(self) -> None:
        self.updates: list[str] = []

    def update(self, thing: object) -> None:
        self.updates.append(repr(thing))


def test_a_notebook_updates_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], finished: Finished
) -> None:
    line, shown = _Display(), []

    def display(thing: object, *, display_id: bool = False) -> _Display | None:
        shown.append(thing)
        return line if display_id else None

    monkeypatch.setattr("IPython.display.display", display)
    clock = iter(range(10_000))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock) / 10 + 100)
    notebook = Notebook()
    with i18n.using("en"):
        notebook.training_started(PLAN)
        for step in range(1, 101):
            notebook.step_finished(StepProgress(1, step, 0.5, 0.8))
        notebook.phase_finished(Phase.TRAINING, 1.0)
        notebook.figure_drawn(
            Figure("network", "", "words", finished.folder / "figures" / "network.png", Path("network.svg"))
        )
    assert 15 <= len(line.updates) <= 25
    assert line.updates[0] == "Epoch 1/10, step 1/422: loss 0.5000, accuracy 80.00%"
    assert line.updates[-1] == ""
    assert shown[1].data[:4] == b"\x89PNG"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("config", "kind"), [({"IPKernelApp": {}}, Notebook), ({"TerminalIPythonApp": {}}, Lines)]
)
def test_the_watcher_fits_the_place(
    config: dict[str, object], kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = types.SimpleNamespace(config=config)
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    assert type(watcher_for_here()) is kind


def test_outside_a_notebook_there_are_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert type(watcher_for_here()) is Lines
