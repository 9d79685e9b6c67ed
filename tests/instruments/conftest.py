"""Models, predictions and pictures for the tests of the figures.

Figures are compared with `baseline/NAME.png`: pixel for pixel with the matplotlib minor that drew these,
with any other by a tolerance. After a wanted change draw them anew, look at each, and commit:

    TATAMI_NEW_BASELINES=1 uv run pytest tests/instruments
"""

import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.testing.compare import compare_images

from tatamilab import backend
from tatamilab.data import Dataset, load

if TYPE_CHECKING:
    import keras

BASELINES = Path(__file__).parent / "baseline"
PINNED_MINOR = "3.11"
TOLERANCE = 6.0  # RMS of 255, for the text of another FreeType
DPI = 60

SamePicture = Callable[[Figure, str], None]


@pytest.fixture
def same_picture(tmp_path: Path) -> SamePicture:
    """Check that a figure looks like its baseline."""

    def check(fig: Figure, name: str) -> None:
        expected, drawn = BASELINES / f"{name}.png", tmp_path / f"{name}.png"
        if os.environ.get("TATAMI_NEW_BASELINES"):
            BASELINES.mkdir(exist_ok=True)
            fig.savefig(expected, dpi=DPI, metadata={"Software": None})
        fig.savefig(drawn, dpi=DPI, metadata={"Software": None})
        exact = matplotlib.__version__.startswith(PINNED_MINOR + ".")
        difference = compare_images(str(expected), str(drawn), tol=0 if exact else TOLERANCE)
        assert difference is None, difference

    return check


@pytest.fixture(autouse=True)
def _nothing_global() -> Iterator[None]:
    """No figure may leave matplotlib's settings other than it found them."""
    before = dict(matplotlib.rcParams)
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert dict(matplotlib.rcParams) == before


@pytest.fixture(scope="session")
def digits() -> Dataset:
    """All of MNIST."""
    return load("mnist")


@pytest.fixture(scope="session")
def predicted(digits: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Predictions and probabilities for the test images of a classifier that needs no training: the nearest
    class mean. It is often wrong, and the same on every machine up to rounding."""
    x = digits.x_train.reshape(len(digits.x_train), -1).astype(np.float64) / 255
    means = np.stack([x[digits.y_train == label].mean(axis=0) for label in range(10)])
    tests = digits.x_test.reshape(len(digits.x_test), -1).astype(np.float64) / 255
    scores = tests @ means.T - 0.5 * (means**2).sum(axis=1)
    weights = np.exp(0.2 * (scores - scores.max(axis=1, keepdims=True)))
    return scores.argmax(axis=1), weights / weights.sum(axis=1, keepdims=True)


@pytest.fixture(scope="session")
def models() -> dict[str, "keras.Model"]:
    """Keras models of several shapes, with weights that are the same on every machine."""
    backend.choose()
    import keras
    from keras import layers

    from tatamilab.models import bpnn, worksheet_cnn

    zeros = {"kernel_initializer": "zeros"}  # quicker than random ones, and replaced below
    image = keras.Input((33, 33, 1))
    y = layers.Conv2D(6, 11, activation="tanh", name="stem", **zeros)(image)
    y = layers.AveragePooling2D(2)(y)
    y = layers.Conv2D(4, 5, name="second", **zeros)(y)
    y = layers.Dense(3, activation="softmax", **zeros)(layers.Flatten()(y))
    functional = keras.Model(image, y, name="chain")
    deep = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(16, 3, padding="same", activation="relu", name="first", **zeros),
            layers.BatchNormalization(),
            layers.Conv2D(24, 7, strides=2, padding="same", activation="relu", name="wide", **zeros),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, activation="softmax", **zeros),
        ],
        name="deep",
    )
    found = {"cnn": worksheet_cnn(), "bpnn": bpnn(), "functional": functional, "deep": deep}
    rng = np.random.default_rng(0)
    for model in found.values():
        drawn = [rng.normal(0, 0.1, weight.shape) for weight in model.weights]
        model.set_weights(
            [
                np.abs(x) if w.name == "moving_variance" else x
                for w, x in zip(model.weights, drawn, strict=True)
            ]
        )
    return found
