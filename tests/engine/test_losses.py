"""Losses, their gradients and the metrics, against Keras: at clips, ties and saturation, with weights and NaN."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import keras
import numpy as np
import oracle
import pytest
from keras import layers, losses, metrics

from tatamilab.engine.frontend import lower
from tatamilab.engine.graph import Loss, Metric, Optimizer, Training, Unsupported
from tatamilab.engine.program import Program
from tatamilab.engine.target import runnable

N, CLASSES = 21, 5
Heads = Sequence[layers.Layer]


@dataclass(frozen=True)
class Case:
    """A loss behind the last layers of a network, whose last value before them is the data itself.

    Args:
        loss: which.
        labels: "numbers" of classes, "shares" of classes that don't sum to 1, "bits", "numbers" or "reals".
        head: layers behind the value.
        data: scales the values, or makes them.
        metrics: beside the loss.
        weighted: with sample weights.
    """

    loss: Callable[[], losses.Loss]
    labels: str
    head: Callable[[], Heads] = list
    data: Callable[[np.random.Generator], np.ndarray] = lambda rng: rng.normal(size=(N, CLASSES))
    metrics: Callable[[], list[Any]] = list
    weighted: bool = False


def _softmax() -> Heads:
    return [layers.Activation("softmax")]


def _edges(rng: np.random.Generator) -> np.ndarray:
    """Probabilities on, next to and beyond where they are clipped, and between."""
    low, high = np.float32(1e-7), np.float32(1 - 1e-7)
    edge = [0, 1, low, high, -0.2, 1.3, np.nextafter(low, 1), np.nextafter(high, 0), 1e-9, 1e-6]
    return rng.choice(np.array([*edge, *rng.uniform(size=10)]), size=(N, CLASSES))


def _dominated(rng: np.random.Generator) -> np.ndarray:
    """Outputs of which one is nearly all: shares of Σy beyond both clips."""
    x = np.full((N, CLASSES), 1e-8)
    x[np.arange(N), rng.integers(CLASSES, size=N)] = 1.0
    x[: N // 2] = rng.uniform(0.1, 1.0, size=(N // 2, CLASSES))
    return x


def _saturated(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(N, CLASSES)) * 30


def _of_numbers() -> list[Any]:
    return ["accuracy", metrics.SparseTopKCategoricalAccuracy(2, name="top2")]


def _of_shares() -> list[Any]:
    return [
        "accuracy",
        metrics.TopKCategoricalAccuracy(3, name="top3"),
        metrics.BinaryAccuracy(threshold=0.3, name="above"),
    ]


def _of_bits() -> list[Any]:
    return [metrics.BinaryAccuracy(name="half"), metrics.BinaryAccuracy(threshold=0.8, name="above")]


sparse, dense, binary = (
    losses.SparseCategoricalCrossentropy,
    losses.CategoricalCrossentropy,
    losses.BinaryCrossentropy,
)
CASES: dict[str, Case] = {
    "sparse": Case(sparse, "numbers", _softmax, metrics=_of_numbers, weighted=True),
    "sparse, saturated": Case(sparse, "numbers", _softmax, _saturated),
    "sparse from logits": Case(lambda: sparse(from_logits=True), "numbers", metrics=_of_numbers),
    "sparse, clipped": Case(sparse, "numbers", data=_dominated),
    "sparse, many classes": Case(
        sparse, "numbers", _softmax, lambda rng: rng.normal(size=(N, 19)), _of_numbers
    ),
    "sparse behind relu": Case(sparse, "numbers", lambda: [layers.ReLU(), layers.Softmax()]),
    "sparse of logarithms": Case(sparse, "numbers", lambda: [layers.Activation("log_softmax")]),
    "logits of a softmax": Case(lambda: sparse(from_logits=True), "numbers", _softmax),
    "dense": Case(lambda: dense(label_smoothing=0.2), "shares", _softmax, metrics=_of_shares, weighted=True),
    "dense from logits": Case(lambda: dense(from_logits=True, label_smoothing=0.1), "shares"),
    "dense, clipped": Case(dense, "shares", data=_dominated, metrics=_of_shares),
    "binary": Case(
        lambda: binary(label_smoothing=0.1),
        "bits",
        lambda: [layers.Activation("sigmoid")],
        metrics=_of_bits,
        weighted=True,
    ),
    "binary from logits": Case(lambda: binary(from_logits=True), "bits", data=_saturated, metrics=_of_bits),
    "binary, clipped": Case(binary, "bits", data=_edges),
    "squares": Case(losses.MeanSquaredError, "reals", weighted=True),
    "squares of an image": Case(
        losses.MeanSquaredError,
        "reals",
        lambda: [layers.Reshape((3, 2, 2))],
        lambda rng: rng.normal(size=(N, 12)),
    ),
    "distances": Case(losses.MeanAbsoluteError, "bits", data=_edges, metrics=_of_bits),
    "distances behind relu": Case(losses.MeanAbsoluteError, "reals", lambda: [layers.ReLU()]),
}


def _labels(kind: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    match kind:
        case "numbers":
            return rng.integers(shape[-1], size=N)
        case "bits":
            return rng.integers(2, size=(N, *shape)).astype("f")
        case "shares":
            return rng.uniform(size=(N, *shape)).astype("f")
        case _:
            return rng.normal(size=(N, *shape)).astype("f")


def _network(width: int, head: Heads) -> keras.Model:
    """The data, times a trained identity, then the head."""
    identity = layers.Dense(width, kernel_initializer="identity")
    return keras.Sequential([keras.Input((width,)), identity, *head])


@dataclass(frozen=True)
class Done:
    """A case, and what Keras made of it in one step of SGD at rate 1."""

    model: keras.Model
    x: np.ndarray
    y: np.ndarray
    sample_weight: np.ndarray | None
    start: oracle.Weights
    weights: oracle.Weights
    reported: dict[str, float]


@cache
def _done(name: str) -> Done:
    case, rng = CASES[name], np.random.default_rng(0)
    x = case.data(rng).astype("f")
    model = _network(x.shape[1], case.head())
    y = _labels(case.labels, model.output_shape[1:], rng)
    weights = rng.uniform(0, 2, size=N).astype("f") if case.weighted else None
    model.compile(keras.optimizers.SGD(1.0), case.loss(), metrics=case.metrics())
    start = oracle.weights_of(model)
    reported = model.train_on_batch(x, y, sample_weight=weights, return_dict=True)
    return Done(model, x, y, weights, start, oracle.weights_of(model), reported)


ON_EVERY_TARGET = ("sparse", "dense, clipped", "binary from logits")
WHERE = [(name, runnable()[0]) for name in CASES]
WHERE += [(name, target) for name in ON_EVERY_TARGET for target in runnable()[1:]]


@pytest.mark.parametrize(("name", "target"), WHERE)
def test_loss_gradient_and_metrics_are_those_of_keras(name: str, target: str) -> None:
    done = _done(name)
    program = oracle.program_of(done.model, done.start, done.y.shape[1:], batch_size=N, target=target)
    training = program.plan.training
    assert training
    names = [metric.name for metric in training.metrics]
    if names:
        evaluated = program.evaluate(done.x, done.y, sample_weight=done.sample_weight)
        oracle.assert_same_numbers(evaluated, names, done.reported, rtol=1e-5)
    totals = program.train(done.x, done.y, sample_weight=done.sample_weight, learning_rate=1.0)
    oracle.assert_same_numbers(totals, names, done.reported, rtol=1e-5)
    oracle.assert_same_weights(program, done.weights, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("name", ["sparse", "dense, clipped", "binary", "distances"])
def test_nan_and_infinity_reach_loss_metrics_and_weights_as_in_keras(name: str) -> None:
    done = _done(name)
    for value in (np.nan, np.inf):
        x = done.x.copy()
        x[3, 1] = value
        model = _network(x.shape[1], CASES[name].head())
        model.compile(keras.optimizers.SGD(1.0), CASES[name].loss(), metrics=CASES[name].metrics())
        program = oracle.program_of(model, oracle.weights_of(model), done.y.shape[1:], batch_size=N)
        training = program.plan.training
        assert training
        reported = model.train_on_batch(x, done.y, return_dict=True)
        totals = program.train(x, done.y, learning_rate=1.0)
        oracle.assert_same_numbers(totals, [m.name for m in training.metrics], reported, rtol=1e-5)
        oracle.assert_same_weights(program, oracle.weights_of(model), rtol=1e-5, atol=2e-6)


def test_all_layers_frozen_still_measures() -> None:
    model = _network(CLASSES, _softmax())
    model.trainable = False
    model.compile(keras.optimizers.SGD(1.0), sparse(), metrics=["accuracy"])
    done = _done("sparse")
    program = oracle.program_of(model, oracle.weights_of(model), (), batch_size=N)
    totals = program.train(done.x, done.y, sample_weight=done.sample_weight, learning_rate=1.0)
    oracle.assert_same_numbers(totals, ["accuracy"], done.reported, rtol=1e-5)
    oracle.assert_same_weights(program, oracle.weights_of(model), rtol=0, atol=0)


def test_a_metric_for_other_labels_than_the_loss_is_left_to_keras() -> None:
    training = Training(
        loss=Loss(kind="sparse_categorical_crossentropy"),
        optimizer=Optimizer(kind="sgd"),
        metrics=(Metric(kind="top_k", name="top_k_categorical_accuracy", k=2),),
    )
    with pytest.raises(Unsupported) as caught:
        Program(lower(_network(CLASSES, _softmax())), training)
    assert str(caught.value) == (
        "metric 'top_k_categorical_accuracy' reads other labels than the loss, which isn't lowered"
    )
