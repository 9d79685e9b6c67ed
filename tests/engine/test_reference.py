"""The float64 reference against Keras on JAX, and against finite differences of itself."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras import layers
from reference import forward, loss_and_gradients, moved_statistics, right
from reference_activations import ACTIVATIONS
from reference_nodes import EQUATIONS, Batch
from zoo import ZOO

from tatamilab.engine import graph as g
from tatamilab.engine.frontend import lower, lower_training, weights_of

DROPOUT = ("vgg",)
LOSSES = {
    "worksheet": "sparse_categorical_crossentropy",
    "bpnn": keras.losses.CategoricalCrossentropy(label_smoothing=0.2),
    "lenet": "categorical_crossentropy",
    "vgg": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "vgg without dropout": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "separable": "sparse_categorical_crossentropy",
    "residual": keras.losses.CategoricalCrossentropy(from_logits=True),
    "strided": "mean_absolute_error",
    "frozen": "sparse_categorical_crossentropy",
    "nested": "mean_squared_error",
    "penalized": keras.losses.BinaryCrossentropy(label_smoothing=0.1),
    "normalized features": "binary_crossentropy",
}


class Case:
    """A model of the zoo with random weights, images, labels and sample weights; read it, don't change it."""

    def __init__(self, name: str, n: int = 5) -> None:
        rng = np.random.default_rng(0)
        self.model = ZOO[name]()
        self.model.compile("sgd", LOSSES[name])
        self.graph = lower(self.model)
        self.training = lower_training(self.model)
        randomize(self.model, rng)
        self.weights = weights_of(self.model, self.graph)
        scale = 255 if "vgg" in name else 1
        self.x = (scale * rng.random((n, *self.graph.input.shape))).astype(np.float32)
        self.sample_weight = rng.random(n).astype(np.float32)
        classes = self.graph.output.shape[-1]
        if self.training.loss.kind.startswith("sparse"):
            self.y: Any = rng.integers(0, classes, n)
        else:
            self.y = rng.random((n, classes)).astype(np.float32)
        self.masks = {
            node.name: rng.random((n, 1, 1, node.shape[-1]) if node.whole_channels else (n, *node.shape))
            < 0.7
            for node in self.graph.nodes
            if isinstance(node, g.Dropout)
        }


@cache
def the_case(name: str) -> Case:
    """Building a Keras model takes longer than what is done with it."""
    return Case(name)


def randomize(model: keras.Model, rng: np.random.Generator) -> None:
    """Random weights everywhere, so that no bias is 0 and no moving statistic is trivial."""
    for variable in model.weights:
        noise = 0.3 * rng.standard_normal(variable.shape)
        variable.assign(np.abs(noise) + 0.5 if "variance" in variable.name else variable.numpy() + noise)


def keras_loss_and_gradients(case: Case) -> tuple[float, list[np.ndarray], np.ndarray, list[np.ndarray]]:
    """The loss, its gradients by trainable variables and images, and the other variables after the step."""
    model = case.model

    def loss(trainable: list[Any], x: Any) -> Any:
        y_pred, others, penalties = model.stateless_call(
            trainable, [v.value for v in model.non_trainable_variables], x, training=True, return_losses=True
        )
        given = keras.losses.get(model.loss)
        if isinstance(given, keras.losses.Loss):
            data = given(case.y, y_pred, case.sample_weight)
        else:
            data = jnp.mean(given(case.y, y_pred) * case.sample_weight)
        return data + sum(penalties), others

    grad = jax.jit(jax.value_and_grad(loss, argnums=(0, 1), has_aux=True))
    (value, others), (d_weights, d_x) = grad([v.value for v in model.trainable_variables], case.x)
    return float(value), [np.asarray(d) for d in d_weights], np.asarray(d_x), [np.asarray(v) for v in others]


def largest(*arrays: np.ndarray) -> float:
    return max(float(np.max(np.abs(array), initial=0)) for array in arrays)


def assert_close(ours: np.ndarray, theirs: np.ndarray, tolerance: float, least: float = 0.0) -> None:
    """The largest difference, in units of the largest element (or of `least`, where all should be 0)."""
    assert largest(ours - theirs) <= tolerance * max(largest(theirs), least)


@pytest.mark.parametrize("name", ZOO)
def test_forward_is_that_of_keras(name: str) -> None:
    case = the_case(name)
    values = forward(case.graph, case.weights, case.x)
    assert_close(values[case.graph.output.name], case.model.predict(case.x, verbose=0), 2e-6)


@pytest.mark.parametrize(
    "name",
    [
        name if name in ("lenet", "residual") else pytest.param(name, marks=pytest.mark.slow)
        for name in ZOO
        if name not in DROPOUT
    ],
)
def test_gradients_are_those_of_keras(name: str) -> None:
    case = the_case(name)
    loss, gradients = loss_and_gradients(
        case.graph, case.training, case.weights, case.x, case.y, sample_weight=case.sample_weight
    )
    keras_loss, d_weights, d_x, others = keras_loss_and_gradients(case)
    assert loss == pytest.approx(keras_loss, rel=2e-6)
    trainable = [p.name for p in case.graph.parameters if p.trainable]
    assert list(gradients) == [*trainable, "input"]
    for parameter, theirs in zip(trainable, d_weights, strict=True):
        assert_close(gradients[parameter], theirs, 2e-5, least=0.1 * largest(*d_weights))
    assert_close(gradients["input"], d_x, 2e-5)

    values = forward(case.graph, case.weights, case.x, training=True)
    after = dict(zip([v.path for v in case.model.non_trainable_variables], others, strict=True))
    for parameter, ours in moved_statistics(case.graph, case.weights, values).items():
        assert_close(ours, after[parameter], 2e-6)


@pytest.mark.parametrize("name", ZOO)
def test_gradients_are_slopes(name: str, rng: np.random.Generator) -> None:
    case = the_case(name)
    exact = {key: value.astype(np.float64) for key, value in case.weights.items()}

    def loss(step: float) -> float:
        moved = {key: value + step * direction.get(key, 0) for key, value in exact.items()}
        x = case.x + step * direction["input"]
        return loss_and_gradients(case.graph, case.training, moved, x, case.y, masks=case.masks)[0]

    _, gradients = loss_and_gradients(case.graph, case.training, exact, case.x, case.y, masks=case.masks)
    direction = {key: rng.standard_normal(value.shape) for key, value in gradients.items()}
    slope = sum(np.sum(gradients[key] * direction[key]) for key in gradients)
    step = 1e-7
    assert (loss(step) - loss(-step)) / (2 * step) == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("kind", [kind for kind in ACTIVATIONS if kind != "threshold"])
def test_activation_is_that_of_keras_at_its_kinks_too(kind: str) -> None:
    function = keras.activations.get(kind)
    alpha = {"leaky_relu": 0.2, "elu": 1, "celu": 1, "soft_shrink": 0.5, "hard_shrink": 0.5, "squareplus": 4}
    x = np.concatenate([np.arange(-8, 8.25, 0.25), np.linspace(-9, 9, 37)]).astype(np.float32)
    y, pull = jax.vjp(function, jnp.asarray(x))
    value, derivative = ACTIVATIONS[kind]
    wide = x.astype(np.float64)
    assert_close(value(wide, alpha.get(kind, 0)), np.asarray(y), 1e-6)
    slope = pull(jnp.ones_like(y))[0]
    np.testing.assert_allclose(derivative(wide, alpha.get(kind, 0)), slope, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("layer", [layers.MaxPooling2D(2), layers.MaxPooling2D(3, 1, padding="same")])
def test_of_equal_elements_the_first_wins_the_pool(layer: keras.Layer) -> None:
    model = keras.Sequential([keras.Input((4, 4, 2)), layer])
    pool = lower(model).output
    x = np.zeros((1, 4, 4, 2), np.float32)
    y, pull = jax.vjp(lambda x: model(x), x)
    d_y = np.arange(1, y.size + 1, dtype=np.float32).reshape(y.shape)
    (d_x,), _ = EQUATIONS[g.Pool2D].chain(pool, Batch({}, True, {}), d_y, x)
    np.testing.assert_array_equal(d_x, pull(d_y)[0])


def test_equal_elements_share_the_gradient_of_a_global_pool() -> None:
    model = keras.Sequential([keras.Input((2, 2, 1)), layers.GlobalMaxPooling2D()])
    x = np.array([3, 3, 1, 0], np.float32).reshape(1, 2, 2, 1)
    _, pull = jax.vjp(lambda x: model(x), x)
    (d_x,), _ = EQUATIONS[g.GlobalPool2D].chain(lower(model).output, Batch({}, True, {}), np.ones((1, 1)), x)
    np.testing.assert_array_equal(d_x, pull(np.ones((1, 1), np.float32))[0])
    np.testing.assert_array_equal(d_x.ravel(), [0.5, 0.5, 0, 0])


@pytest.mark.parametrize(
    ("metric", "kind", "k"),
    [
        (keras.metrics.SparseCategoricalAccuracy(), "sparse_accuracy", 1),
        (keras.metrics.CategoricalAccuracy(), "categorical_accuracy", 1),
        (keras.metrics.BinaryAccuracy(threshold=0.4), "binary_accuracy", 1),
        (keras.metrics.SparseTopKCategoricalAccuracy(2), "sparse_top_k", 2),
        (keras.metrics.TopKCategoricalAccuracy(3), "top_k", 3),
    ],
)
def test_metric_counts_as_keras_does(
    metric: keras.Metric, kind: g.MetricKind, k: int, rng: np.random.Generator
) -> None:
    output = rng.random((40, 5)).astype(np.float32)
    labels = rng.integers(0, 5, 40)
    y = labels if kind.startswith("sparse") else np.eye(5)[labels]
    metric.update_state(y, output)
    ours = right(g.Metric(kind=kind, name="m", k=k, threshold=0.4), output, y)
    assert np.mean(ours) == pytest.approx(float(metric.result()))


def test_a_kept_element_of_dropout_grows_by_what_is_dropped(rng: np.random.Generator) -> None:
    graph = lower(keras.Sequential([keras.Input((4,)), layers.Dropout(0.75, name="drop")]))
    x, mask = rng.random((3, 4)), rng.random((3, 4)) < 0.5
    trained = forward(graph, {}, x, training=True, masks={"drop": mask})
    np.testing.assert_allclose(trained["drop"], 4 * x * mask)
    np.testing.assert_array_equal(forward(graph, {}, x)["drop"], x)
