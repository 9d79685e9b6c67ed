"""A run that is cut off by `kill -9` goes on to the same bytes; what cannot go on is said."""

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import keras
import pytest

from tatamilab.errors import BadInput, OutputError
from tatamilab.experiment import RunOptions, Watcher, folder, resume, run
from tatamilab.experiment.checkpoint import Checkpoint, Saved
from tatamilab.experiment.cut_off import check_same

SAME = (folder.HISTORY, folder.INITIAL_MODEL, folder.MODEL, folder.PREDICTIONS)
"""Files whose bytes a run decides."""

OFTEN = """
import sys
from pathlib import Path
from tatamilab.experiment import RunOptions, Watcher, checkpoint, folder, resume, run
checkpoint.EVERY_S = 0
path = Path(sys.argv[1])
if (path / folder.CHECKPOINT).exists():
    resume(path, Watcher())
elif not (path / folder.RECORD).exists():
    run(RunOptions(data=sys.argv[2], epochs=60, batch_size=8, out=path, force=True), Watcher())
"""


class Killed(BaseException):
    """Stands for the end of the process: nothing is tidied up."""


@pytest.fixture
def whole(tmp_path: Path, few_images: str) -> Path:
    keras.utils.clear_session(free_memory=False)
    return run(options(tmp_path / "whole", few_images), Watcher()).folder


def options(out: Path, data: str, **how: object) -> RunOptions:
    return RunOptions(data=data, epochs=4, batch_size=8, out=out, lang="en", **how)  # type: ignore[arg-type]


def contents(path: Path) -> dict[str, bytes]:
    return {name: (path / name).read_bytes() for name in SAME}


def cut_off(path: Path, data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of which two epochs are over, as `kill -9` leaves it."""
    save = Checkpoint.on_epoch_end

    def then_die(self: Checkpoint, epoch: int, logs: object = None) -> None:
        self._every_s = 0
        save(self, epoch, logs)  # type: ignore[arg-type]
        if epoch == 1:
            shutil.copytree(path, path.with_name("as killed"))
            raise Killed

    keras.utils.clear_session(free_memory=False)
    with monkeypatch.context() as patched:
        patched.setattr(Checkpoint, "on_epoch_end", then_die)
        with pytest.raises(Killed):
            run(options(path, data), Watcher())
    shutil.rmtree(path, ignore_errors=True)
    path.with_name("as killed").rename(path)


def test_it_goes_on_to_the_same_bytes(
    whole: Path, tmp_path: Path, few_images: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cut"
    cut_off(path, few_images, monkeypatch)
    assert len(list(path.glob(f"{folder.HIDDEN}*"))) == 1
    keras.utils.clear_session(free_memory=False)  # layers are numbered anew in another process
    told: list[str] = []
    watcher = Watcher()
    watcher.message = told.append  # type: ignore[method-assign]
    record = resume(path, watcher)
    assert "Going on after epoch 2 of 4." in told
    assert contents(path) == contents(whole)
    assert record.training is not None
    assert record.training.epochs_begun == 4
    assert sorted(p.name for p in path.iterdir()) == sorted(p.name for p in whole.iterdir())


def test_a_run_that_was_cut_off_is_not_written_over(
    tmp_path: Path, few_images: str, monkeypatch: pytest.MonkeyPatch, refused
) -> None:
    path = tmp_path / "cut"
    cut_off(path, few_images, monkeypatch)
    refused(
        lambda: folder.check(path, force=False),
        en=f"The output folder {path} holds a run that was cut off; go on with it by `tatami run --resume {path}`, "
        "or add --force to begin anew.",
        ja=f"出力フォルダー {path} には途中で途切れた実験があります。`tatami run --resume {path}` で続けるか、"
        "--force を付けて最初からやり直してください。",
        error=OutputError,
    )
    run(options(path, few_images, force=True, seed=1), Watcher())
    refused(
        lambda: resume(path, Watcher()),
        en=f"{path} holds no run that was cut off: `tatami run` begins one, and --resume goes on with it.",
        ja=f"{path} には途中で途切れた実験がありません。"
        "`tatami run` で始めた実験が途切れたとき、--resume で続けられます。",
    )


def test_what_has_changed_is_said(tmp_path: Path, few_images: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cut"
    cut_off(path, few_images, monkeypatch)
    saved = Saved.read(path / folder.CHECKPOINT)
    Saved(**{**vars(saved), "of": {**saved.of, "data": {"x": "another"}}}).write(path / folder.CHECKPOINT)
    before = {p: p.read_bytes() for p in path.rglob("*") if p.is_file()}
    with pytest.raises(BadInput, match="because its data changed"):
        resume(path, Watcher())
    assert {p: p.read_bytes() for p in path.rglob("*") if p.is_file()} == before


def test_the_sentence_that_says_what_has_changed(refused) -> None:
    refused(
        lambda: check_same(Path("there"), {"plan": "a", "data": {}}, {"plan": "b", "data": {}}),
        en="The run in there can't go on to the same numbers, because its plan changed; "
        "begin it anew with `tatami run`.",
        ja="there の実験は、plan が変わったため同じ結果に続けられません。`tatami run` で最初からやり直してください。",
    )


def test_two_processes_do_not_write_one_run(tmp_path: Path, refused) -> None:
    path = tmp_path / "run"
    with folder.staged(path):
        refused(
            lambda: folder.staged(path).__enter__(),
            en=f"Another run is being written to {path}; wait for its end, or choose another with --out.",
            ja=f"{path} には別の実験が書き込み中です。終わるのを待つか、--out で別のフォルダーを指定してください。",
            error=OutputError,
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "n_kills",
    [pytest.param(8, marks=pytest.mark.slow), pytest.param(200, marks=pytest.mark.campaign)],
)
def test_killed_again_and_again(n_kills: int, tmp_path: Path, few_images: str) -> None:
    """A real process, `kill -9` at random moments; begun again each time, until it ends by itself."""
    expected = tmp_path / "expected"
    subprocess.run([sys.executable, "-c", OFTEN, expected, few_images], check=True)
    moments = random.Random(5)
    killed = 0
    for turn in range(10 * n_kills):
        path = tmp_path / f"killed-{killed * 2 // n_kills}"
        process = subprocess.Popen([sys.executable, "-c", OFTEN, path, few_images])
        time.sleep(moments.uniform(0.5, 5.0))
        process.kill()
        killed += process.wait() != 0
        if killed >= n_kills:
            break
        if (path / folder.RECORD).exists() and turn % 2:
            shutil.rmtree(path)
    for path in tmp_path.glob("killed-*"):
        subprocess.run([sys.executable, "-c", OFTEN, path, few_images], check=True)
        assert contents(path) == contents(expected)
