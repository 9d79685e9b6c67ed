"""A disk that fills up: one sentence, nothing half-written, and what was done before is still there."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from fuzz.of_lessons import notebook_seed
from tatamilab import cli
from tatamilab.errors import OutputError
from tatamilab.experiment import RunOptions, Watcher, checkpoint, folder, preparation, resume, run
from tatamilab.session import Setup, Shelf
from tatamilab.session.moment import Kept, Phase, Progress
from tatamilab.store import RunRow, RunStatus, StudyStore

Disk = Callable[[int], Path]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Mounts a file system of so many bytes, or changes its size."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = False

    def sized(n_bytes: int) -> Path:
        nonlocal mounted
        options = f"size={n_bytes}" + (",remount" if mounted else "")
        command = ["mount", "-t", "tmpfs", "-o", options, "tatamilab", str(place)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.skip("there is no mount on this system")
        if done.returncode:
            pytest.skip(f"no file system may be mounted here: {done.stderr.strip()}")
        mounted = True
        return place

    yield sized
    if mounted:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def options(out: Path, data: str) -> RunOptions:
    return RunOptions(data=data, model="bpnn", epochs=3, batch_size=8, out=out, lang="en")


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [4, 100, 900, 1300])
def test_a_run(
    kilobytes: int, disk: Disk, few_images: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Full at its beginning, at its checkpoint, while it draws, while it is moved up; with room it ends the same."""
    monkeypatch.setattr(preparation.folder, "check_space", lambda _path, _bytes: None)
    monkeypatch.setattr(
        checkpoint.Checkpoint.__init__, "__kwdefaults__", {"of": None, "every_s": 0.0, "keep": False}
    )
    path = disk(kilobytes * 1024) / "run"
    keras.utils.clear_session(free_memory=False)
    with pytest.raises(OutputError, match=r"^The disk that holds .* is full; free some space, .*\.$"):
        run(options(path, few_images), Watcher())
    left = sorted(p.name for p in path.iterdir()) if path.exists() else []
    assert left in ([], [folder.CHECKPOINT])
    disk(2**26)
    keras.utils.clear_session(free_memory=False)
    record = resume(path, Watcher()) if left else run(options(path, few_images), Watcher())
    keras.utils.clear_session(free_memory=False)
    expected = run(options(tmp_path / "expected", few_images), Watcher())
    for name in (folder.HISTORY, folder.MODEL, folder.PREDICTIONS):
        assert (record.folder / name).read_bytes() == (expected.folder / name).read_bytes()


def test_a_study(disk: Disk) -> None:
    """Runs are kept until the disk is full; then it is said, and those before are there and stay."""
    address = f"sqlite:///{disk(400 * 1024) / 'store.db'}"
    labels = np.random.default_rng(0).integers(0, 10, 10_000, np.uint8)
    kept: list[str] = []

    def fill(store: StudyStore) -> None:
        for number in range(100):
            store.save(RunRow(f"{number:03}", {}, RunStatus.FINISHED, test_accuracy=0.5), labels, labels)
            kept.append(f"{number:03}")

    with StudyStore(address) as store, pytest.raises(OutputError, match=r"cannot be used: .*full\.$"):
        fill(store)
    assert kept
    disk(2**24)
    with StudyStore(address) as store:
        assert [row.key for row in store.rows()] == kept
        store.save(RunRow("last", {}, RunStatus.FINISHED), labels, labels)
        assert store.labels(["last"])["last"][0].tolist() == labels.tolist()


def test_a_report(disk: Disk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notebook = tmp_path / "mine.ipynb"
    notebook.write_bytes(notebook_seed())
    page = disk(8 * 1024) / "report.html"
    page.write_text("the older one")
    with pytest.raises(SystemExit) as ended:
        cli.main(["--lang", "en", "report", str(notebook), "--out", str(page), "--force"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"{page} could not be written: No space left on device.\n"
    assert page.read_text() == "the older one"
    assert [p.name for p in page.parent.iterdir()] == ["report.html"]


def test_what_the_laboratory_keeps(disk: Disk) -> None:
    from tatamilab.engine.loop import State

    def kept(epochs: float, n_bytes: int) -> Kept:
        progress = Progress("0123abcd", Phase.PAUSED, (), (), 1.0, 8)
        weights = {"kernel": np.full(n_bytes // 4, epochs, np.float32)}
        return Kept(progress, State(weights, [], 0, 0, 0, {}, 1, 0.001, 60, 8))

    shelf = Shelf(disk(200 * 1024))
    shelf.keep(Setup(), kept(1, 80_000))
    with pytest.raises(OutputError, match=r"could not be kept in .*: No space left on device"):
        shelf.keep(Setup(), kept(2, 180_000))
    assert shelf.take("0123abcd")[1].state.weights["kernel"].tolist() == [1.0] * 20_000
