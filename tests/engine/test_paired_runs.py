"""Ten lab runs beside ten of Keras, each pair from the same weights and in the same order of images.

What Keras reached is stored in `keras_lab_runs.json`; `python tests/engine/test_paired_runs.py` trains it anew.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
import pytest

from tatamilab.data import load
from tatamilab.engine.frontend import lower, lower_training, weights_of
from tatamilab.engine.program import Program
from tatamilab.models import worksheet_cnn

STORED = Path(__file__).with_name("keras_lab_runs.json")
SEEDS = range(10)
EPOCHS, BATCH_SIZE, N_TRAIN = 10, 128, 54_000


def model_of(seed: int) -> keras.Model:
    """The worksheet's network, whose kernels are drawn by NumPy, so that every backend starts from the same."""
    model = worksheet_cnn()
    rng = np.random.default_rng([seed, 0])
    model.set_weights([_glorot(rng, w.shape) if w.ndim > 1 else w for w in model.get_weights()])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _glorot(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    receptive = int(np.prod(shape[:-2]))
    limit = np.sqrt(6 / (receptive * (shape[-2] + shape[-1])))
    return rng.uniform(-limit, limit, shape).astype(np.float32)


def orders(seed: int) -> Iterator[np.ndarray]:
    """The order of the images in each epoch."""
    rng = np.random.default_rng([seed, 1])
    for _ in range(EPOCHS):
        yield rng.permutation(N_TRAIN)


def keras_accuracy(seed: int) -> float:
    """Share of the test images that Keras gets right after the lab run."""
    x, y, x_test, y_test = load("mnist").normalised()
    model = model_of(seed)
    for order in orders(seed):
        model.fit(x[order], y[order], batch_size=BATCH_SIZE, shuffle=False, verbose=0)
    return float(model.evaluate(x_test, y_test, batch_size=1000, verbose=0)[1])


def native_accuracies() -> list[float]:
    """The same by the engine, one program for all."""
    x, y, x_test, y_test = load("mnist").normalised()
    model = model_of(0)
    graph = lower(model)
    program = Program(graph, lower_training(model), batch_size=BATCH_SIZE)
    out = []
    for seed in SEEDS:
        program.start_over(weights_of(model_of(seed), graph))
        data = program.examples(x, y)
        for order in orders(seed):
            program.train(data, order=order)
        out.append(program.evaluate(x_test, y_test).metrics[0])
    return out


@pytest.mark.slow
def test_ten_lab_runs_reach_what_those_of_keras_reach() -> None:
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    differences = 100 * (np.array(native_accuracies()) - [stored[str(seed)] for seed in SEEDS])
    assert abs(differences.mean()) < 0.1, differences
    assert np.abs(differences).max() < 0.6, differences


if __name__ == "__main__":
    found = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    for seed in SEEDS:
        if str(seed) not in found:
            found[str(seed)] = keras_accuracy(seed)
            print(seed, found[str(seed)], flush=True)
            STORED.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
