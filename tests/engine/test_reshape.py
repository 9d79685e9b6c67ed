"""Reshape: whoever reads the value reads it by its new axes, forwards and backwards."""

from collections.abc import Callable

import keras
import numpy as np
import oracle
import pytest
from keras import layers


def flat_images() -> keras.Model:
    """As in many a lesson: rows of 64 numbers become images."""
    return keras.Sequential(
        [
            keras.Input((64,)),
            layers.Reshape((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def other_axes() -> keras.Model:
    """Between layers that are trained; the same rank, more of them, and fewer; two readers; a padded reader."""
    x = inputs = keras.Input((6, 4, 2))
    x = layers.Conv2D(6, 3, padding="same", activation="relu")(x)
    x = layers.Reshape((4, 6, 6))(x)
    y = layers.Conv2D(6, 3, padding="same")(x)
    x = layers.Add()([x, y])
    x = layers.Reshape((12, 12))(x)
    x = layers.Softmax()(x)
    x = layers.Reshape((4, 4, 9))(x)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(5, 2)(x))
    x = layers.Reshape((1, 1, 5))(layers.Dense(5)(x))
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.Flatten()(x)))


@pytest.mark.parametrize("build", [flat_images, pytest.param(other_axes, marks=pytest.mark.slow)])
def test_training_is_that_of_keras(build: Callable[[], keras.Model], rng: np.random.Generator) -> None:
    model = build()
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = rng.standard_normal((37, *model.input_shape[1:])).astype(np.float32), rng.integers(0, 3, 37)
    trained = oracle.train_keras(model, x, y, epochs=3)
    program = oracle.program_of(model, trained.start, ())
    np.testing.assert_allclose(program.predict(x), trained.predicted, rtol=1e-4, atol=1e-6)
    for _ in range(3):
        totals = program.train(x, y, learning_rate=0.1)
    assert totals.loss == pytest.approx(trained.history["loss"][-1], rel=1e-5)
    oracle.assert_same_weights(program, trained.weights, rtol=1e-4, atol=1e-5)
