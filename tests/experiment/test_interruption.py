"""Ctrl-C: the first ends after the step in hand and keeps what is finished, the second ends at once."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from shared_run import Notes

from tatamilab.experiment import RunOptions, Status, StepProgress, read, run
from tatamilab.experiment.interruption import interruptible


def test_the_first_asks_and_the_second_raises() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible() as interruption:
        assert not interruption.asked
        signal.raise_signal(signal.SIGINT)
        assert interruption.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible() as interruption:
            signal.raise_signal(signal.SIGINT)
        assert not interruption.asked
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_can_run_too() -> None:
    asked = []

    def work() -> None:
        with interruptible() as interruption:
            asked.append(interruption.asked)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert asked == [False]


class _InterruptAfter(Notes):
    def __init__(self, epoch: int, step: int) -> None:
        super().__init__()
        self._at = (epoch, step)

    def step_finished(self, progress: StepProgress) -> None:
        super().step_finished(progress)
        if (progress.epoch, progress.step) == self._at:
            signal.raise_signal(signal.SIGINT)


@pytest.mark.slow
def test_training_ends_after_the_step_in_hand(tmp_path: Path, few_images: str) -> None:
    notes = _InterruptAfter(2, 2)
    options = RunOptions(
        data=few_images,
        batch_size=16,
        epochs=50,
        model="bpnn",
        out=tmp_path / "out",
        lang="ja",
        backend="keras",
    )
    record = run(options, notes)
    assert record.status is Status.INTERRUPTED
    assert record.training.stopped_at[0] == 2
    assert record.training.stopped_at[1] in (2, 3)
    assert record.training.epochs_begun == 2
    assert len(notes.steps) == 4 + record.training.stopped_at[1]
    assert record.trained is not None
    assert read(record.folder) == record
    page = (record.folder / "index.html").read_text()
    assert "この実験は中断されました。学習はエポック 2 のステップ" in page
    assert (
        "このステップで学習を止めます。ここまでの結果は残ります。"
        "もう一度 Ctrl-C を押すと、すぐに終了します。" in notes.texts
    )


def test_the_engine_ends_after_the_step_in_hand(tmp_path: Path, few_images: str) -> None:
    notes = _InterruptAfter(2, 4)  # the last step of an epoch is always told
    options = RunOptions(data=few_images, batch_size=16, epochs=50, model="bpnn", out=tmp_path / "out")
    record = run(options, notes)
    assert (record.status, record.training.trainer) == (Status.INTERRUPTED, "tatamilab")
    assert record.training.stopped_at == (notes.steps[-1].epoch, notes.steps[-1].step)
    assert record.training.stopped_at[0] == record.training.epochs_begun == 3
    assert record.trained is not None


def test_a_second_ctrl_c_leaves_nothing(tmp_path: Path, few_images: str) -> None:
    class Twice(Notes):
        def step_finished(self, progress: StepProgress) -> None:
            signal.raise_signal(signal.SIGINT)

        def message(self, text: str) -> None:
            if text.startswith("Stopping"):
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(RunOptions(data=few_images, epochs=2, model="bpnn", out=tmp_path / "out"), Twice())
    assert not (tmp_path / "out").exists()


def _start(*words: object) -> subprocess.Popen[str]:
    """A process of its own, in which Ctrl-C works even if it doesn't for us, as in a background job."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored signals are inherited
    try:
        return subprocess.Popen(
            [Path(sys.executable).with_name("tatami"), *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_a_real_ctrl_c_in_a_real_process(tmp_path: Path, few_images: str) -> None:
    out = tmp_path / "out"
    run_words = (
        "run",
        "--data",
        few_images,
        "--model",
        "bpnn",
        "--epochs",
        5000,
        "--out",
        out,
        "--lang",
        "en",
    )
    with _start(*run_words) as process:
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Epoch    1/5000"):
                process.send_signal(signal.SIGINT)
        complaint = process.stderr.read()
        assert process.wait(timeout=300) == 130
    assert complaint == ""
    assert said[-1].startswith("Interrupted in epoch ")
    assert json.loads((out / "run.json").read_text())["status"] == "interrupted"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_ctrl_c_before_training_keeps_nothing(tmp_path: Path) -> None:
    with _start("run", "--out", tmp_path / "out", "--lang", "ja") as process:
        process.stdout.readline()  # the data is loaded
        process.send_signal(signal.SIGINT)
        _rest, complaint = process.communicate(timeout=300)
    assert process.returncode == 130
    assert complaint == "中断しました。何も保存していません。\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")
def test_ctrl_c_under_the_live_display(tmp_path: Path, few_images: str) -> None:
    import pty

    ours, theirs = pty.openpty()
    words = ("run", "--data", few_images, "--model", "bpnn", "--epochs", "5000", "--out", tmp_path / "out")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("tatami"), *map(str, words)],
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color"},
        )
    finally:
        signal.signal(signal.SIGINT, before)
    os.close(theirs)
    shown = _read_until(ours, b"Epoch    3/5000")
    process.send_signal(signal.SIGINT)
    shown += _read_until(ours, None)
    assert process.wait(timeout=300) == 130
    assert b"images/s" in shown
    assert shown.rindex(b"\x1b[?25h") > shown.rindex(b"\x1b[?25l")
    assert read(tmp_path / "out").status is Status.INTERRUPTED


def _read_until(handle: int, words: bytes | None) -> bytes:
    """What a terminal shows until `words`, or until it closes; fails if it falls silent for five minutes."""
    shown = b""
    while words is None or words not in shown:
        assert select.select([handle], [], [], 300)[0], shown[-500:]
        try:
            piece = os.read(handle, 65_536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not piece:
            break
        shown += piece
    return shown
