"""After a power failure at any moment there is a whole run, one to go on with, or none: never half of one."""

import os
import shutil
from pathlib import Path
from random import Random

import keras
import numpy as np
import pytest
from power import Recorder, lay, states

from tatamilab.errors import BadInput, OutputError
from tatamilab.experiment import RunOptions, Watcher, checkpoint, folder, record, resume, run
from tatamilab.experiment.checkpoint import Saved
from tatamilab.experiment.control_recipe import Recipe
from tatamilab.experiment.control_store import SETTINGS, Store, Trained, recipe_in

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="handles have no names here")


def begin(path: Path, data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        checkpoint.Checkpoint.__init__, "__kwdefaults__", {"of": None, "every_s": 0.0, "keep": False}
    )
    keras.utils.clear_session(free_memory=False)
    run(RunOptions(data=data, model="bpnn", epochs=4, batch_size=8, out=path, lang="en"), Watcher())


@pytest.fixture(scope="module")
def recorded(few_images: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Recorder, Path]:
    """A run from its first file to its last, and its folder."""
    root = tmp_path_factory.mktemp("disk")
    with pytest.MonkeyPatch.context() as patch, Recorder(root) as recorder:
        begin(root / "run", few_images, patch)
    return recorder, root


def whole(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def state_of(path: Path, expected: dict[str, bytes]) -> str:
    """What a run's folder is; fails if it pretends to be what it isn't."""
    if (path / folder.RECORD).exists():
        record.read(path)
        there = whole(path)
        missing = [name for name, content in expected.items() if there.get(name) != content]
        assert not missing, f"there is a record, and these files are missing or damaged: {missing}"
        return "whole"
    if (path / folder.CHECKPOINT).exists():
        saved = Saved.read(path / folder.CHECKPOINT)
        with pytest.raises(OutputError, match="--resume"):
            folder.check(path, force=False)
        return f"epoch {saved.epoch}"
    return "none"


def test_a_run_after_a_power_failure_at_any_moment(recorded: tuple[Recorder, Path], tmp_path: Path) -> None:
    recorder, root = recorded
    expected = whole(root / "run")
    found = set()
    for number, state in enumerate(states(recorder.moments, Random(0))):
        here = tmp_path / str(number)
        lay(state, root, here)
        found.add(state_of(here / "run", expected))
        shutil.rmtree(here, ignore_errors=True)
    assert found == {"none", "epoch 0", "epoch 1", "epoch 2", "epoch 3", "epoch 4", "whole"}


def test_once_a_run_is_over_it_stays(recorded: tuple[Recorder, Path], tmp_path: Path) -> None:
    """At the last moment nothing depends on what was not synced."""
    recorder, root = recorded
    lay(next(states(recorder.moments[-1:], Random(0))), root, tmp_path)
    assert whole(root / "run").items() <= whole(tmp_path / "run").items()


def test_a_program_that_does_not_sync_is_seen(
    few_images: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recorder itself: without syncs, something half-written is taken for whole."""
    root = tmp_path / "disk"
    with Recorder(root) as recorder:
        monkeypatch.setattr(os, "fsync", lambda _handle: None)
        store = Store(root / "controls", Recipe())
        store.save("arm", 0, trained(0))
        monkeypatch.undo()
    half = next(
        state for state in states(recorder.moments, Random(0)) if root / "controls" / SETTINGS in state
    )
    lay(half, root, tmp_path / "after")
    with pytest.raises(BadInput):
        recipe_in(tmp_path / "after" / "controls")


@pytest.mark.slow
def test_it_goes_on_from_what_is_left(recorded: tuple[Recorder, Path], tmp_path: Path) -> None:
    """Each checkpoint that a failure can leave leads to the same bytes."""
    recorder, root = recorded
    same = (folder.HISTORY, folder.INITIAL_MODEL, folder.MODEL, folder.PREDICTIONS)
    expected = whole(root / "run")
    tried = set()
    for number, state in enumerate(states(recorder.moments, Random(0))):
        here = tmp_path / str(number) / "run"
        lay(state, root, here.parent)
        kind = state_of(here, expected)
        if kind.startswith("epoch") and kind not in tried:
            tried.add(kind)
            keras.utils.clear_session(free_memory=False)
            resume(here, Watcher())
            assert {name: whole(here)[name] for name in same} == {name: expected[name] for name in same}
    assert tried == {f"epoch {n}" for n in range(5)}


def trained(seed: int) -> Trained:
    kernels, components = np.full((1, 2, 2, 1, 1), seed, np.float32), np.zeros((4, 2, 2, 1))
    return Trained(seed, 0, 4, np.zeros(1, np.int64), kernels, components)


def test_controls_after_a_power_failure_at_any_moment(tmp_path: Path) -> None:
    root = tmp_path / "disk"
    with Recorder(root) as recorder:
        store = Store(root / "controls", Recipe())
        for seed in range(3):
            store.save("arm", seed, trained(seed))
    counts = set()
    for number, state in enumerate(states(recorder.moments, Random(0))):
        here = tmp_path / str(number)
        lay(state, root, here)
        again = Store(here / "controls", Recipe())
        there = [seed for seed in range(3) if again.has("arm", seed)]
        assert [again.load("arm", seed).correct for seed in there] == there
        counts.add(len(there))
    assert counts == {0, 1, 2, 3}
