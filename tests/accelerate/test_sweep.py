"""Networks × optimizers × ways to call, each beside plain Keras; the draws are fixed."""

import itertools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from twins import compare

from tatamilab.data import NormalisedArrays

BODIES: dict[str, Callable[[], list[keras.layers.Layer]]] = {
    "dense": lambda: [layers.Flatten(), layers.Dense(16, "tanh")],
    "convolutional": lambda: [
        layers.Conv2D(4, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
    ],
    "deep": lambda: [
        layers.Conv2D(4, 3, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.AveragePooling2D(2),
        layers.SeparableConv2D(6, 3, activation="gelu"),
        layers.GlobalAveragePooling2D(),
    ],
}
OPTIMIZERS: dict[str, Callable[[], keras.optimizers.Optimizer]] = {
    "adam": lambda: keras.optimizers.Adam(amsgrad=True),
    "adamw": lambda: keras.optimizers.AdamW(0.01, clipnorm=0.7),
    "adagrad": lambda: keras.optimizers.Adagrad(0.05),
    "rmsprop": lambda: keras.optimizers.RMSprop(0.003, momentum=0.5, centered=True, epsilon=1e-3),
    "nadam": lambda: keras.optimizers.Nadam(0.002),
    "sgd": lambda: keras.optimizers.SGD(0.05, clipvalue=0.1),
    "nesterov": lambda: keras.optimizers.SGD(
        keras.optimizers.schedules.CosineDecay(0.1, 12), momentum=0.9, nesterov=True
    ),
}
CALLS: tuple[dict[str, Any], ...] = (
    {"batch_size": 17, "validation_split": 0.3},
    {"batch_size": 500, "shuffle": False},
    {"shuffle": "batch", "class_weight": {0: 2.0, 3: 0.0}},
)


@pytest.mark.slow
@pytest.mark.parametrize(("body", "optimizer"), list(itertools.product(BODIES, OPTIMIZERS)))
def test_beside_keras(body: str, optimizer: str, mnist: NormalisedArrays) -> None:
    x, y = mnist.x_train[:130, ::2, ::2], mnist.y_train[:130]
    number = list(itertools.product(BODIES, OPTIMIZERS)).index((body, optimizer))
    call = CALLS[number % len(CALLS)]

    def build() -> keras.Model:
        model = keras.Sequential([keras.Input((14, 14, 1)), *BODIES[body](), layers.Dense(10, "softmax")])
        model.compile(OPTIMIZERS[optimizer](), "sparse_categorical_crossentropy", metrics=["acc"])
        return model

    def act(model: keras.Model) -> Any:
        logs = [model.fit(x, y, epochs=2, verbose=0, **call) for _ in range(2)]
        return logs, model.evaluate(x, y, verbose=0), model.predict(x[:9], verbose=0)

    compare(build, act, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_many_epochs_stay_together(mnist: NormalisedArrays) -> None:
    x, y = mnist.x_train[:, ::2, ::2], mnist.y_train

    def build() -> keras.Model:
        model = keras.Sequential([keras.Input((14, 14, 1)), *BODIES["dense"](), layers.Dense(10, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def act(model: keras.Model) -> Any:
        log = model.fit(x, y, batch_size=128, epochs=30, validation_split=0.1, verbose=0)
        return np.array(log.history["loss"])

    compare(build, act, rtol=2e-3, atol=2e-4)
