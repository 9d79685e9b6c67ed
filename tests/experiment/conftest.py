"""One real run, shared by the tests that look at what it leaves."""

from pathlib import Path

import numpy as np
import pytest
from shared_run import OPTIONS, Finished, Notes

from tatamilab.data import load
from tatamilab.experiment import RunOptions, run


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A real run of the worksheet's network on 600 images, two epochs, in Japanese."""
    notes = Notes()
    out = tmp_path_factory.mktemp("run") / "out"
    return Finished(run(RunOptions(out=out, **OPTIONS), notes), notes)


@pytest.fixture(scope="session")
def few_images(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of an .npz with a few of MNIST's zeros and ones, for runs that must be short."""
    mnist = load("mnist", data_size=400)
    train, test = mnist.y_train < 2, mnist.y_test < 2
    path: Path = tmp_path_factory.mktemp("few") / "few.npz"
    np.savez(
        path,
        x_train=mnist.x_train[train][:64],
        y_train=mnist.y_train[train][:64],
        x_test=mnist.x_test[test][:100],
        y_test=mnist.y_test[test][:100],
    )
    return str(path)
