"""What a program tells of its inside: intermediate values and gradients, against Keras and JAX."""

from collections.abc import Callable

import jax
import keras
import numpy as np
import pytest
from lab_graph import TRAINING, dense_graph
from zoo import ZOO

from tatamilab.engine import cuts
from tatamilab.engine.frontend import lower, weights_of
from tatamilab.engine.program import Program

N = 19  # a chunk of 16 and some


def built(name: str) -> tuple[keras.Model, Program, np.ndarray]:
    """A model with weights that are no defaults, its program, and images."""
    model = ZOO[name]()
    rng = np.random.default_rng(1)
    model.set_weights([np.abs(w + 0.1 * rng.standard_normal(w.shape)) for w in model.get_weights()])
    graph = lower(model)
    program = Program(graph, n_threads=2)
    program.set_weights(weights_of(model, graph))
    return model, program, rng.standard_normal((N, *graph.input.shape)).astype(np.float32)


def keras_gradient(model: keras.Model, x: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """∂Σ direction·output/∂x by JAX."""
    trained, others = (
        [v.value for v in vs] for vs in (model.trainable_variables, model.non_trainable_variables)
    )

    def combined(images: jax.Array) -> jax.Array:
        output, _ = model.stateless_call(trained, others, images, training=False)
        return (output * direction).sum()

    return np.asarray(jax.grad(combined)(x))


@pytest.mark.parametrize(
    "name",
    [name if name in ("bpnn", "residual") else pytest.param(name, marks=pytest.mark.slow) for name in ZOO],
)
def test_the_input_gradient_is_that_of_jax(name: str) -> None:
    model, program, x = built(name)
    shape = program.plan.graph.output.shape
    direction = np.random.default_rng(2).standard_normal((N, *shape)).astype(np.float32)
    expected = keras_gradient(model, x, direction)
    got = program.gradient(x, direction)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("name", ["vgg", "residual"])
def test_every_layers_output_is_that_of_keras(name: str) -> None:
    model, program, x = built(name)
    known = cuts.values(program.plan.graph)
    for layer in model.layers:
        if layer.name in known:
            part = keras.Model(model.inputs[0], layer.output)
            expected = np.asarray(part(x, training=False))
            got = program.activation(x, layer.name)
            np.testing.assert_allclose(
                got, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max(), err_msg=layer.name
            )


def test_the_value_before_an_activation_is_linear_in_the_weights() -> None:
    model, program, x = built("lenet")
    kernel, bias = model.layers[0].get_weights()
    linear = program.activation(x, f"{model.layers[0].name}/linear")
    np.testing.assert_allclose(
        program.activation(x, model.layers[0].name), np.tanh(linear), rtol=1e-5, atol=1e-6
    )
    corner = np.tensordot(x[:, :3, :3, 0], kernel[2:, 2:, 0], ((1, 2), (0, 1))) + bias
    np.testing.assert_allclose(linear[:, 0, 0], corner, rtol=1e-4, atol=1e-5)


def test_a_gradient_by_an_intermediate_value_chains_with_that_by_the_input() -> None:
    """∂(y·d)/∂x = ∂(v·g)/∂x with g = ∂(y·d)/∂v: the chain rule, through every layer of a network without branches."""
    _, program, x = built("vgg")
    direction = np.random.default_rng(3).standard_normal(5).astype(np.float32)
    whole = program.gradient(x, direction)
    for value in list(cuts.values(program.plan.graph))[1:-1]:
        inner = program.gradient(program.activation(x, value), direction, by=value)
        chained = program.gradient(x, inner, of=value)
        np.testing.assert_allclose(chained, whole, rtol=1e-4, atol=1e-5 * np.abs(whole).max(), err_msg=value)


def test_they_follow_the_weights() -> None:
    _, program, x = built("lenet")
    before = program.activation(x, "conv2d"), program.gradient(x, np.eye(10, dtype=np.float32)[0])
    program.set_weights({name: 2 * value for name, value in program.get_weights().items()})
    after = program.activation(x, "conv2d"), program.gradient(x, np.eye(10, dtype=np.float32)[0])
    assert all(np.abs(a - b).max() > 0.01 * np.abs(b).max() for a, b in zip(after, before, strict=True))


def test_what_does_not_exist_is_named(refused: Callable[..., None]) -> None:
    program = Program(dense_graph(), TRAINING, batch_size=32)
    x = np.zeros((1, 8), np.float32)
    refused(
        lambda: program.activation(x, "conv"),
        en="The network has no value 'conv'; it has x, dense, softmax.",
        ja="ネットワークに値 'conv' はありません。あるのは x, dense, softmax です。",
    )


def test_a_value_with_a_way_around_it_is_refused(refused: Callable[..., None]) -> None:
    _, program, x = built("residual")
    inside = next(name for name in cuts.values(program.plan.graph) if name.startswith("conv2d_1"))
    value = program.activation(x, inside)
    output = program.plan.graph.output.name
    refused(
        lambda: program.gradient(value, np.zeros(program.plan.graph.output.shape), by=inside),
        en=f"{output!r} depends on more of the network than {inside!r}.",
        ja=f"{output!r} は {inside!r} 以外の部分にも依存しています。",
    )
