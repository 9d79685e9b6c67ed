"""Copies of a model that has trained natively: pickled, deep, cloned, and in a forked process."""

import copy
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from twins import compare

GENERATOR = np.random.default_rng(5)
X = GENERATOR.normal(size=(64, 6)).astype(np.float32)
Y = GENERATOR.integers(0, 3, 64)


def small() -> keras.Model:
    model = keras.Sequential([keras.Input((6,)), layers.Dense(5, "tanh"), layers.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def cloned(model: keras.Model) -> keras.Model:
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    clone.compile_from_config(model.get_compile_config())
    return clone


COPIES: dict[str, Callable[[keras.Model], keras.Model]] = {
    "pickled": lambda model: pickle.loads(pickle.dumps(model)),
    "deep": copy.deepcopy,
    "cloned": cloned,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_goes_on_by_itself(kind: str) -> None:
    def act(model: keras.Model) -> Any:
        model.fit(X, Y, verbose=0)
        model.train_on_batch(X, Y)
        twin = COPIES[kind](model)
        before = model.get_weights()
        log = twin.fit(X, Y, epochs=2, verbose=0)
        for now, then in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(now, then)
        return log, twin.predict(X, verbose=0), twin.get_weights(), model.fit(X, Y, verbose=0)

    compare(small, act)


FORK = """
import multiprocessing, os, warnings
os.environ["KERAS_BACKEND"] = "jax"
warnings.simplefilter("ignore")  # JAX says that forking may hang it; what is native doesn't ask it to compute
import keras, numpy as np, tatamilab
keras.utils.set_random_seed(1)
tatamilab.accelerate(strict=True)
model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, "softmax")])
model.compile("sgd", "sparse_categorical_crossentropy")
x, y = np.ones((64, 6), np.float32), np.arange(64) % 3
model.fit(x, y, verbose=0)
kept = model.get_weights()
context = multiprocessing.get_context("fork")
answers = context.Queue()
def child():
    first = model.predict(x, verbose=0)
    log = model.fit(x, y, verbose=0, shuffle=False)
    answers.put((first, log.history["loss"], model.get_weights()))
process = context.Process(target=child, daemon=True)
process.start()
first, loss, weights = answers.get(timeout=300)
np.testing.assert_array_equal(first, model.predict(x, verbose=0))
for ours, theirs in zip(model.get_weights(), kept):
    np.testing.assert_array_equal(ours, theirs)
assert model.fit(x, y, verbose=0, shuffle=False).history["loss"] == loss
for ours, theirs in zip(model.get_weights(), weights):
    np.testing.assert_array_equal(ours, theirs)
print("the same")
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system doesn't fork")
def test_a_forked_process_predicts_and_trains_as_its_parent() -> None:
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=600)
    assert done.stdout == "the same\n", done.stderr[-3000:]
