"""Losses, metrics and optimizers of compiled models that the front end can lower."""

from typing import Any

import keras
import pytest
from keras import layers

from tatamilab.engine import graph as g
from tatamilab.engine.frontend import lower_training


def compiled(units: int = 10, **arguments: Any) -> keras.Model:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(units)])
    model.compile(**{"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", **arguments})
    return model


def test_the_worksheets_training() -> None:
    training = lower_training(compiled(optimizer="adam", metrics=["accuracy"]))
    assert training == g.Training(
        loss=g.Loss(kind="sparse_categorical_crossentropy"),
        optimizer=g.Optimizer(kind="adam"),
        metrics=(g.Metric(kind="sparse_accuracy", name="accuracy"),),
    )


LOSSES = keras.losses


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("mse", g.Loss(kind="mean_squared_error")),
        ("mean_absolute_error", g.Loss(kind="mean_absolute_error")),
        ("BinaryCrossentropy", g.Loss(kind="binary_crossentropy")),
        (["categorical_crossentropy"], g.Loss(kind="categorical_crossentropy")),
        ({"dense": "mae"}, g.Loss(kind="mean_absolute_error")),
        (LOSSES.categorical_crossentropy, g.Loss(kind="categorical_crossentropy")),
        (
            LOSSES.SparseCategoricalCrossentropy(from_logits=True),
            g.Loss(kind="sparse_categorical_crossentropy", from_logits=True),
        ),
        (
            LOSSES.CategoricalCrossentropy(label_smoothing=0.1),
            g.Loss(kind="categorical_crossentropy", label_smoothing=0.1),
        ),
        (
            LOSSES.BinaryCrossentropy(from_logits=True, label_smoothing=0.2),
            g.Loss(kind="binary_crossentropy", from_logits=True, label_smoothing=0.2),
        ),
        (LOSSES.MeanSquaredError(), g.Loss(kind="mean_squared_error")),
    ],
)
def test_losses(loss: Any, expected: g.Loss) -> None:
    assert lower_training(compiled(loss=loss)).loss == expected


@pytest.mark.parametrize(
    ("units", "label_shape", "loss", "accuracy"),
    [
        (10, (), "sparse_categorical_crossentropy", "sparse_accuracy"),
        (10, (1,), "sparse_categorical_crossentropy", "sparse_accuracy"),
        (10, (10,), "categorical_crossentropy", "categorical_accuracy"),
        (1, (), "binary_crossentropy", "binary_accuracy"),
        (1, (1,), "binary_crossentropy", "binary_accuracy"),
    ],
)
def test_the_labels_decide_what_accuracy_and_crossentropy_mean(
    units: int, label_shape: tuple[int, ...], loss: str, accuracy: str
) -> None:
    model = compiled(units, loss="crossentropy", metrics=["acc"])
    training = lower_training(model, label_shape)
    assert training.loss.kind == loss
    assert [(m.kind, m.name) for m in training.metrics] == [(accuracy, "acc")]

    without = lower_training(compiled(units, loss=loss, metrics=["acc"]))
    assert without.metrics == training.metrics


def test_metrics_have_the_names_that_keras_reports() -> None:
    metrics = [
        "accuracy",
        "accuracy",
        "sparse_categorical_accuracy",
        keras.metrics.SparseCategoricalAccuracy(name="right"),
        [keras.metrics.SparseTopKCategoricalAccuracy(3, name="top3")],
        keras.metrics.BinaryAccuracy(threshold=0.3),
    ]
    found = lower_training(compiled(metrics=metrics)).metrics
    assert found == (
        g.Metric(kind="sparse_accuracy", name="accuracy"),
        g.Metric(kind="sparse_accuracy", name="accuracy_1"),
        g.Metric(kind="sparse_accuracy", name="sparse_categorical_accuracy"),
        g.Metric(kind="sparse_accuracy", name="right"),
        g.Metric(kind="sparse_top_k", name="top3", k=3),
        g.Metric(kind="binary_accuracy", name="binary_accuracy", threshold=pytest.approx(0.3)),
    )


OPTIMIZERS = keras.optimizers


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ("sgd", g.Optimizer(kind="sgd")),
        (
            OPTIMIZERS.SGD(momentum=0.9, nesterov=True),
            g.Optimizer(kind="sgd", momentum=0.9, nesterov=True),
        ),
        (
            OPTIMIZERS.Adam(beta_1=0.8, epsilon=1e-4, amsgrad=True, clipnorm=1.0),
            g.Optimizer(kind="adam", beta_1=0.8, epsilon=1e-4, amsgrad=True, clipnorm=1.0),
        ),
        ("adamw", g.Optimizer(kind="adamw", weight_decay=0.004)),
        (
            OPTIMIZERS.RMSprop(rho=0.8, momentum=0.1, centered=True, clipvalue=0.5),
            g.Optimizer(kind="rmsprop", rho=0.8, momentum=0.1, centered=True, clipvalue=0.5),
        ),
        (
            OPTIMIZERS.Adagrad(initial_accumulator_value=0.2, global_clipnorm=2.0),
            g.Optimizer(kind="adagrad", initial_accumulator=0.2, global_clipnorm=2.0),
        ),
        (
            OPTIMIZERS.Nadam(weight_decay=0.01, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=5),
            g.Optimizer(kind="nadam", weight_decay=0.01, ema_momentum=0.9, ema_overwrite_frequency=5),
        ),
        (
            OPTIMIZERS.SGD(OPTIMIZERS.schedules.ExponentialDecay(0.1, 10, 0.9), clipnorm=0, weight_decay=0),
            g.Optimizer(kind="sgd"),
        ),
    ],
)
def test_optimizers(optimizer: Any, expected: g.Optimizer) -> None:
    assert lower_training(compiled(optimizer=optimizer)).optimizer == expected
