"""What several of these tests use; the readers under test lie with the tools, whose folder is put on the path."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))


@pytest.fixture(scope="session")
def few_images(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A data set in a file, small enough for a training of a moment: 60 images to learn from, 50 to test."""
    from tatamilab.data import load

    mnist = load("mnist", data_size=60)
    path = tmp_path_factory.mktemp("few") / "few.npz"
    few = {"x_train": mnist.x_train, "y_train": mnist.y_train % 2, "x_test": mnist.x_test[:50]}
    np.savez(path, y_test=mnist.y_test[:50] % 2, **few)  # type: ignore[arg-type]
    return str(path)
