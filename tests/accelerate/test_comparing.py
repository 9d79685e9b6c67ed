"""Both ways from the same weights, without touching the model."""

import random

import keras
import numpy as np
import pytest
from keras import layers

import tatamilab
from tatamilab import i18n
from tatamilab.engine.graph import Unsupported

X = np.linspace(-1, 1, 160, dtype=np.float32).reshape(40, 4)
Y = np.arange(40) % 3


def test_says_how_far_apart_and_leaves_all_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(8, "relu"), layers.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    before = model.get_weights(), np.random.get_state()[1:3], random.getstate()
    comparison = tatamilab.compare(model, X, Y, epochs=3, batch_size=8)
    for now, then in zip(model.get_weights(), before[0], strict=True):
        np.testing.assert_array_equal(now, then)
    np.testing.assert_array_equal(np.random.get_state()[1], before[1][0])
    assert random.getstate() == before[2]
    assert max(comparison.largest_differences.values()) < 1e-5
    assert not np.array_equal(comparison.native.weights[0], before[0][0])
    assert len(comparison.keras.history["loss"]) == 3
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("native ")
    assert [line.partition(":")[0] for line in said[1:]] == ["weights", "accuracy", "loss"]


def test_the_differences_have_the_same_names_in_every_language(capsys: pytest.CaptureFixture[str]) -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    model.compile("sgd", "mse")
    with i18n.using("ja"):
        comparison = tatamilab.compare(model, X, X[:, :3])
    assert list(comparison.largest_differences) == ["weights", "loss"]
    assert "重み" in capsys.readouterr().out


def test_says_why_not() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.LayerNormalization(name="norm"), layers.Dense(3)])
    model.compile("adam", "mse")
    with pytest.raises(Unsupported, match="layer 'norm'"):
        tatamilab.compare(model, X, X[:, :3])
