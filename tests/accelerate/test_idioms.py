"""A hundred idioms of Keras, each run both ways; the page that lists them is up to date."""

from pathlib import Path
from typing import Any

import idioms
import keras
import numpy as np
import pytest
from keras import layers
from twins import compare

NAMES = list(idioms.IDIOMS)
OFTEN = NAMES[37::29]

GENERATOR = np.random.default_rng(0)
X = GENERATOR.uniform(size=(60, 8, 8, 1)).astype(np.float32)
Y = GENERATOR.integers(0, 4, 60)


def compiled(model: keras.Model, **options: Any) -> keras.Model:
    model.compile(
        **{"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **options}
    )
    return model


def networks() -> dict[str, Any]:
    """What the lines of an idiom find."""
    flat = X.reshape(60, 64)

    def between(*middle: Any) -> keras.Model:
        head = layers.Dense(4, activation="softmax")
        return compiled(keras.Sequential([keras.Input((8, 8, 1)), *middle, head]))

    def mlp(**options: Any) -> keras.Model:
        hidden, head = layers.Dense(6, "relu"), layers.Dense(4, "softmax")
        return compiled(keras.Sequential([keras.Input((64,)), hidden, head]), **options)

    def cnn() -> keras.Model:
        return between(layers.Conv2D(3, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten())

    def train(model: keras.Model, x: np.ndarray, options: dict[str, Any]) -> Any:
        return model.fit(x, Y, **{"epochs": 2, "verbose": 0, **options}).history

    return {
        "keras": keras,
        "layers": layers,
        "np": np,
        "x": X,
        "y": Y,
        "flat": flat,
        "onehot": np.eye(4)[Y],
        "target": flat.mean(axis=1, keepdims=True),
        "binary": Y % 2,
        "N": between,
        "C": compiled,
        "cnn": cnn,
        "mlp": mlp,
        "fit": lambda model, **options: train(model, X, options),
        "F": lambda model, **options: train(model, flat, options),
    }


def run_both_ways(name: str, tmp_path: Path) -> None:
    folders = iter((tmp_path / "plain", tmp_path / "native"))

    def act(_model: keras.Model) -> Any:
        (folder := next(folders)).mkdir()
        names = {**networks(), "tmp": folder}
        exec(idioms.IDIOMS[name], names)
        return names["result"]

    def unused() -> keras.Model:
        return keras.Sequential([keras.Input((1,)), layers.Dense(1)])

    compare(unused, act, rtol=1e-3, atol=1e-4)


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`:UserWarning")
@pytest.mark.parametrize("name", OFTEN)
def test_idiom(name: str, tmp_path: Path) -> None:
    run_both_ways(name, tmp_path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`:UserWarning")
@pytest.mark.parametrize("name", [name for name in NAMES if name not in OFTEN])
def test_every_idiom(name: str, tmp_path: Path) -> None:
    run_both_ways(name, tmp_path)


def test_there_are_a_hundred() -> None:
    assert len(NAMES) == 100


def test_the_page() -> None:
    assert idioms.PAGE.read_text(encoding="utf-8") == idioms.page(), "python tests/accelerate/idioms.py"
