"""The float64 reference against Keras on JAX, and against finite differences of itself."""

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras import layers
from reference import forward, loss_and_gradients, moved_statistics, right
from reference_activations import ACTIVATIONS
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
    """A model of the zoo with random weights, images, labels and sample weights."""

    def __init__(self, name: str, rng: np.random.Generator, n: int = 5) -> None:
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
def test_forward_is_that_of_keras(name: str, rng: np.random.Generator) -> None:
    case = Case(name, rng)
    values = forward(case.graph, case.weights, case.x)
    assert_close(values[case.graph.output.name], case.model.predict(case.x, verbose=0), 2e-6)


@pytest.mark.parametrize("name", [name for name in ZOO if name not in DROPOUT])
def test_gradients_are_those_of_keras(name: str, rng: np.random.Generator) -> None:
    case = Case(name, rng)
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
    case = Case(name, rng)
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
