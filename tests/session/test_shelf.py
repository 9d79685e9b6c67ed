"""Runs at rest: with the same bits to follow, whole or not there, and as files to take away."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tatamilab.errors import BadInput
from tatamilab.session import Blueprint, LiveRun, Phase, Sample, Setup, Shelf, exporting
from tatamilab.session.sample import mnist

SETUP = Setup(Blueprint.parse("c2k5_p2_d6"), images=600, epochs=3)


@pytest.fixture
def make() -> Iterator[Callable[[], LiveRun]]:
    runs: list[LiveRun] = []

    def made() -> LiveRun:
        runs.append(LiveRun(SETUP.network.build, Sample.of(mnist(), images=600), epochs=3))
        return runs[-1]

    yield made
    for run in runs:
        run.close()


def trained(run: LiveRun, *steps: str) -> LiveRun:
    for what in steps:
        run.step(what)  # type: ignore[arg-type]
        run.wait()
    return run


def test_a_run_goes_on_with_the_same_bits(make: Callable[[], LiveRun], tmp_path: Path) -> None:
    through, first, again = make(), make(), make()
    through.start()
    through.wait()
    trained(first, "epoch", "batch")
    shelf = Shelf(tmp_path)
    shelf.keep(SETUP, first.kept())
    setup, kept = shelf.take(first.id)
    assert setup == SETUP
    again.restore(kept)
    assert again.moment().phase is Phase.PAUSED
    assert again.moment().validation == first.moment().validation
    again.start()
    assert again.wait() is Phase.FINISHED
    for name, array in through.weights().items():
        np.testing.assert_array_equal(array, again.weights()[name])
    assert again.moment().validation == through.moment().validation


def test_another_batch_size_holds_from_the_next_epoch_on(make: Callable[[], LiveRun]) -> None:
    run = trained(make(), "batch")
    run.batch_size = 270
    assert run.moment().n_steps == 5
    trained(run, "epoch")
    assert (run.moment().n_steps, run.moment().epoch, run.moment().step) == (2, 1, 0)
    trained(run, "epoch")
    assert run.moment().epoch == 2
    with pytest.raises(BadInput, match="A batch has 1 to 1,024 images, got 0"):
        run.batch_size = 0


def test_what_is_damaged_is_not_there(make: Callable[[], LiveRun], tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    run = trained(make(), "batch")
    shelf.keep(SETUP, run.kept())
    assert [one.progress.id for one in shelf.entries()] == [run.id]
    assert shelf.newest(SETUP) is not None
    assert shelf.newest(SETUP.with_seed(5)) is None
    about = tmp_path / run.id / "run.json"
    whole = about.read_text(encoding="utf-8")
    for damaged in ("", "[]", whole[:50], whole.replace('"format": 1', '"format": 9')):
        about.write_text(damaged, encoding="utf-8")
        assert shelf.entries() == []
        with pytest.raises(BadInput, match="There is no run"):
            shelf.take(run.id)
    for id in ("../..", "", "x" * 100):
        with pytest.raises(BadInput, match="There is no run"):
            shelf.delete([id])
    shelf.delete([run.id, "00000000"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_what_is_taken_away_works(make: Callable[[], LiveRun], tmp_path: Path) -> None:
    import keras

    run = trained(make(), "epoch")
    with zipfile.ZipFile(io.BytesIO(exporting.folder(SETUP, run.kept()))) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    path = tmp_path / "model.keras"
    path.write_bytes(files["model.keras"])
    x = run.sample.x[:20]
    theirs = keras.models.load_model(path).predict(x, verbose=0)
    np.testing.assert_allclose(theirs, run.network.predict(x), atol=1e-5)
    compile(files["train.py"], "train.py", "exec")
    assert b"keras.layers.Conv2D(2, 5, activation='relu')" in files["train.py"]
    cells = json.loads(files["train.ipynb"])["cells"]
    assert "".join("".join(cell["source"]) for cell in cells[1:]).count("model.fit") == 1
    assert files["validation.csv"].decode().splitlines()[0] == "epoch,images,loss,accuracy"
