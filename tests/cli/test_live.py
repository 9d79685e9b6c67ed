"""The live display: what it shows, and that it leaves the terminal as it was."""

import io

import pytest
from rich.console import Console

from tatamilab import i18n
from tatamilab.cli import live
from tatamilab.experiment import EpochResult, Phase, StepProgress, TrainingPlan

PLAN = TrainingPlan(epochs=10, steps=422, batch_size=128, n_train=54_000)


def _text(renderable: object) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(renderable)
    return console.file.getvalue()


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> live._Training:
    now = [0.0]
    monkeypatch.setattr(live.time, "monotonic", lambda: now[0])
    shown = live._Training(PLAN)
    shown.move_to(StepProgress(1, 1, 2.3, 0.1))
    now[0] = 10.0
    return shown


def test_everything_is_shown(training: live._Training) -> None:
    training.move_to(StepProgress(2, 211, 0.1234, 0.9612))
    training.val_accuracies = [0.9, 0.95, 0.98]
    with i18n.using("en"):
        text = _text(training.render())
    assert "Epoch 2/10, step 211/422" in text
    assert "0:57 left" in text  # 632 of 4219 steps in 10 s
    assert "8,088 images/s, loss 0.1234, accuracy 96.12%" in text
    assert "Validation accuracy ▁▅█ 98.00%" in text


def test_the_last_step_of_an_epoch_holds_fewer_images(training: live._Training) -> None:
    training.move_to(StepProgress(1, 422, 0.1, 0.9))
    with i18n.using("en"):
        assert "5,387 images/s" in _text(training.render())


def test_japanese_fits_eighty_columns(training: live._Training) -> None:
    training.move_to(StepProgress(10, 422, 0.1234, 0.9612))
    training.val_accuracies = [0.98] * 10
    with i18n.using("ja"):
        text = _text(training.render())
    assert "残り 0:00" in text
    assert text.count("\n") == 3


def test_before_the_first_step() -> None:
    with i18n.using("ja"):
        assert _text(live._Training(PLAN).render()) == "最初のステップをコンパイルしています…\n"


def test_a_terminal_gets_its_cursor_back() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    watcher = live.Live(console)
    watcher.phase_started(Phase.TRAINING)
    watcher.training_started(PLAN)
    watcher.step_finished(StepProgress(1, 1, 2.3, 0.1))
    watcher.epoch_finished(EpochResult(1, 0.3, 0.9, 0.1, 0.97, 4.0))
    watcher.close()
    written = console.file.getvalue()
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")
    assert "97.00%" in written
