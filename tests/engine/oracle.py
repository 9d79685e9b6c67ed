"""Keras as the oracle: one model trained by Keras and by the engine, from the same weights and batches."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from tatamilab.engine.frontend import lower, lower_training
from tatamilab.engine.program import Program
from tatamilab.engine.target import choose
from tatamilab.engine.totals import Totals

Weights = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Trained:
    """What Keras made of a model.

    Args:
        start, weights: by path, before and after.
        predicted: the output for the data before training.
        history: what `fit` reported of each epoch.
        evaluated: what `evaluate` reported after it.
    """

    start: Weights
    weights: Weights
    predicted: np.ndarray
    history: dict[str, list[float]]
    evaluated: dict[str, float]


def weights_of(model: keras.Model) -> Weights:
    """A copy of every weight, by path."""
    return {v.path: np.array(v) for v in model.weights}


def train_keras(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    *,
    epochs: int = 1,
    batch_size: int = 16,
    sample_weight: np.ndarray | None = None,
) -> Trained:
    """Train a compiled model in the order of the data."""
    start, predicted = weights_of(model), model.predict(x, verbose=0)
    fitted = model.fit(
        x, y, sample_weight=sample_weight, batch_size=batch_size, epochs=epochs, shuffle=False, verbose=0
    )
    evaluated = model.evaluate(x, y, sample_weight=sample_weight, verbose=0, return_dict=True)
    return Trained(start, weights_of(model), predicted, fitted.history, evaluated)


def program_of(model: keras.Model, start: Weights, label: tuple[int, ...], **options: Any) -> Program:
    """The engine's program for a compiled model, with the given weights.

    For the widest target it is in checked mode, which takes four times as long to compile.
    """
    target = choose(options.pop("target", None))
    options = {"batch_size": 16, "n_threads": 2, "checked": target == choose()} | options
    program = Program(lower(model), lower_training(model, label), target=target, **options)
    program.set_weights(start)
    return program


def assert_same_weights(program: Program, expected: Weights, *, rtol: float, atol: float) -> None:
    """Every weight of the program is the expected one; the message names the first that is not."""
    got = program.get_weights()
    for path, value in expected.items():
        np.testing.assert_allclose(
            got[path].reshape(value.shape), value, rtol=rtol, atol=atol, err_msg=path, equal_nan=True
        )


def assert_same_numbers(
    totals: Totals, names: list[str], expected: Mapping[str, Any], *, rtol: float
) -> None:
    """Loss and metrics (called `names`) are those that Keras reported of its last epoch, or evaluated."""
    last = {name: value[-1] if isinstance(value, list) else value for name, value in expected.items()}
    got = dict(zip(["loss", *names], [totals.loss, *totals.metrics], strict=True))
    for name, value in got.items():
        np.testing.assert_allclose(value, last[name], rtol=rtol, atol=1e-7, err_msg=name, equal_nan=True)
