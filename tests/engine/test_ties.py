"""Where derivatives jump, and where numbers end: ReLU at exactly 0, equal elements of a pool, NaN; beside Keras."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import oracle
import pytest
from keras import layers

from tatamilab.data import load
from tatamilab.engine.kernels.toom_cook import outputs

Layers = list[layers.Layer]


def _integers(*shape: int) -> np.ndarray:
    """Small whole numbers, whose sums and products are exact, so that equal means equal; many are 0."""
    return np.random.default_rng(0).integers(-2, 3, shape).astype(np.float32)


def _whole(shape: tuple[int, ...], dtype: object = None) -> np.ndarray:
    return _integers(*shape)


def _conv(filters: int, size: int | tuple[int, int], **options: object) -> layers.Conv2D:
    return layers.Conv2D(filters, size, kernel_initializer=_whole, bias_initializer=_whole, **options)


STACKS: dict[str, Callable[[], Layers]] = {
    "relu of dense": lambda: [layers.Flatten(), layers.Dense(9, "relu", kernel_initializer=_whole)],
    "relu of a direct convolution": lambda: [_conv(3, 2, activation="relu")],
    "relu alone": lambda: [_conv(3, 2, activation="linear"), layers.Activation("relu")],
    "relu of a sum": lambda: [layers.Add(), layers.ReLU()],
    "overlapping max-pool": lambda: [_conv(3, 2), layers.MaxPooling2D(3, strides=2, padding="same")],
    "max-pool apart": lambda: [_conv(3, 2, strides=2), layers.MaxPooling2D(2)],
    "global max-pool": lambda: [_conv(3, 2), layers.GlobalMaxPooling2D()],
}


def _model(stack: Layers, shape: tuple[int, int, int]) -> keras.Model:
    images = keras.Input(shape)
    x: object = images
    for layer in stack:
        x = layer([x, _conv(shape[-1], 1)(x)] if isinstance(layer, layers.Add) else x)
    x = layers.Dense(3, kernel_initializer=_whole)(layers.Flatten()(x))
    return keras.Model(images, x)


@pytest.mark.parametrize("name", STACKS)
def test_zeros_and_ties_go_where_keras_sends_them(name: str) -> None:
    model = _model(STACKS[name](), (9, 9, 2))
    model.compile(keras.optimizers.SGD(2.0**-10), "mse")
    x, y = _integers(16, 9, 9, 2), _integers(16, 3)
    theirs = oracle.train_keras(model, x, y)
    program = oracle.program_of(model, theirs.start, (3,), checked=False)
    program.train(x, y, learning_rate=2.0**-10)
    oracle.assert_same_weights(program, theirs.weights, rtol=1e-5, atol=1e-5)


def _error_of_bias() -> float:
    """Of a convolution's bias after the first step: before it every bias is 0, and images have empty margins."""
    data = load("mnist", data_size=64).normalised()
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(10, "softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(1.0), "sparse_categorical_crossentropy")
    theirs = oracle.train_keras(model, data.x_train, data.y_train, batch_size=64)
    program = oracle.program_of(model, theirs.start, (), batch_size=64, checked=False)
    program.train(data.x_train, data.y_train, learning_rate=1.0)
    path = next(p for p in theirs.weights if "conv2d" in p and p.endswith("bias"))
    return float(np.abs(program.get_weights()[path] - theirs.weights[path]).max())


def test_empty_patches_behind_a_bias_of_0_are_exactly_0() -> None:
    assert _error_of_bias() < 1e-6


def test_without_settling_rounding_errors_count_as_light(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TATAMI_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(outputs, "_settle", lambda k, c, block, s, y, at: y)
    assert _error_of_bias() > 1e-4


NAN_STACKS: dict[str, Callable[[], Layers]] = {
    "relu": lambda: [layers.Conv2D(4, 3, activation="relu")],
    "fused pool": lambda: [layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(2)],
    "pool": lambda: [layers.MaxPooling2D(3, strides=2), layers.AveragePooling2D(2)],
    "normalisation": lambda: [layers.Conv2D(3, 2, strides=2), layers.BatchNormalization(), layers.ReLU()],
}


@pytest.mark.parametrize("name", NAN_STACKS)
def test_nan_flows_on(name: str) -> None:
    """One pixel of one image is NaN: what it reaches is NaN, other images are as ever; then all weights are."""
    model = keras.Sequential(
        [keras.Input((9, 9, 1)), *NAN_STACKS[name](), layers.Flatten(), layers.Dense(3, "softmax")]
    )
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
    rng = np.random.default_rng(0)
    x, y = rng.random((16, 9, 9, 1), np.float32), rng.integers(0, 3, 16)
    x[5, 4, 4, 0] = np.nan
    theirs = oracle.train_keras(model, x, y)
    program = oracle.program_of(model, theirs.start, (), checked=False)
    found = program.predict(x)
    assert np.isnan(found[5]).all()
    np.testing.assert_allclose(found, theirs.predicted, rtol=1e-5, atol=1e-6)
    assert np.isnan(program.train(x, y, learning_rate=0.1).loss)
    for path, value in theirs.weights.items():
        assert np.isnan(program.get_weights()[path]).any() == np.isnan(value).any(), path
