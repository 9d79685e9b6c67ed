"""Depthwise and separable convolutions: outputs and gradients against Keras, on every target."""

from collections.abc import Callable
from functools import cache

import keras
import numpy as np
import oracle
import pytest
from keras import layers

from tatamilab.engine.target import runnable


def _model(*stack: layers.Layer, shape: tuple[int, int, int]) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *stack, layers.Flatten(), layers.Dense(3)])


MODELS: dict[str, Callable[[], keras.Model]] = {
    "padding and strides": lambda: _model(
        layers.DepthwiseConv2D((3, 2), padding="same", bias_initializer="normal"),
        layers.DepthwiseConv2D(3, strides=2, padding="same", activation="relu", bias_initializer="normal"),
        layers.DepthwiseConv2D((2, 3), strides=(1, 2), use_bias=False),
        shape=(10, 9, 3),
    ),
    "multiplier and dilation": lambda: _model(
        layers.DepthwiseConv2D(3, depth_multiplier=3, activation="tanh"),
        layers.DepthwiseConv2D(2, depth_multiplier=2, dilation_rate=(2, 1), padding="same"),
        shape=(7, 6, 2),
    ),
    "as large as the input": lambda: _model(
        layers.DepthwiseConv2D((5, 4), depth_multiplier=5), shape=(5, 4, 1)
    ),
    "separable": lambda: _model(
        layers.SeparableConv2D(5, 3, depth_multiplier=2, strides=2, padding="same", activation="relu"),
        shape=(8, 7, 3),
    ),
}


@cache
def _trained(name: str) -> tuple[keras.Model, np.ndarray, np.ndarray, oracle.Trained]:
    """A model after one step of SGD at rate 1: the change of a weight is its gradient."""
    model = MODELS[name]()
    model.compile(keras.optimizers.SGD(1.0), "mse")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(21, *model.input_shape[1:])).astype("f")
    y = rng.normal(size=(21, 3)).astype("f")
    return model, x, y, oracle.train_keras(model, x, y, batch_size=32)


@pytest.mark.parametrize("target", runnable())
@pytest.mark.parametrize("name", MODELS)
def test_outputs_and_gradients_are_those_of_keras(name: str, target: str) -> None:
    model, x, y, keras_made = _trained(name)
    program = oracle.program_of(model, keras_made.start, (3,), batch_size=32, target=target)
    np.testing.assert_allclose(program.predict(x), keras_made.predicted, rtol=1e-5, atol=1e-6)
    program.train(x, y, learning_rate=1.0)
    oracle.assert_same_weights(program, keras_made.weights, rtol=1e-5, atol=1e-6)


def test_bits_do_not_depend_on_the_threads() -> None:
    model, x, y, keras_made = _trained("multiplier and dilation")
    weights = []
    for n_threads in (1, 2, 3):
        program = oracle.program_of(model, keras_made.start, (3,), batch_size=32, n_threads=n_threads)
        program.train(x, y, learning_rate=1.0)
        weights.append(program.get_weights())
    for other in weights[1:]:
        for path, value in weights[0].items():
            np.testing.assert_array_equal(other[path], value, err_msg=path)
