"""Batch normalisation: against Keras, and a float64 reference; moving statistics, precision, bits, stages."""

from collections.abc import Callable
from functools import cache
from typing import Any

import keras
import numpy as np
import oracle
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from tatamilab.engine import graph as g
from tatamilab.engine.memory import buffers
from tatamilab.engine.operations import training_stages
from tatamilab.engine.program import Program
from tatamilab.engine.target import choose, runnable

Layers = list[layers.Layer]


def _norm(**options: Any) -> layers.BatchNormalization:
    """With weights that leave nothing out: moving statistics and γ, β that are neither 0 nor 1."""
    uniform = keras.initializers.RandomUniform(0.5, 2.0)
    return layers.BatchNormalization(
        beta_initializer="random_normal",
        gamma_initializer=uniform,
        moving_mean_initializer="random_normal",
        moving_variance_initializer=uniform,
        **options,
    )


def _conv(filters: int, size: int = 3, **options: Any) -> layers.Conv2D:
    return layers.Conv2D(filters, size, use_bias=False, **options)


def _model(shape: tuple[int, ...], stack: Layers) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *stack, layers.Flatten(), layers.Dense(5)])


def _residual() -> keras.Model:
    """Normalised values, one behind a ReLU, that several layers read."""
    images = keras.Input((6, 6, 3))
    x = layers.ReLU()(_norm(center=False)(_conv(4, padding="same")(images)))
    y = _norm(scale=False)(_conv(4, padding="same")(x))
    x = layers.ReLU()(layers.Add()([x, y]))
    return keras.Model(images, layers.Dense(5)(layers.GlobalAveragePooling2D()(x)))


def _frozen() -> keras.Model:
    frozen = _norm()
    frozen.trainable = False
    pooled = [_conv(6), frozen, layers.MaxPooling2D()]
    return _model((9, 9, 2), [*pooled, _conv(4, 2), _norm(momentum=0.5), layers.ReLU()])


MODELS: dict[str, Callable[[], keras.Model]] = {
    "features": lambda: _model((7,), [layers.Dense(12, use_bias=False), _norm(), layers.ReLU()]),
    "inputs": lambda: _model((4, 3, 2), [_norm(scale=False)]),
    "usual stack": lambda: _model(
        (13, 11, 3),
        [
            *(_conv(8, padding="same"), _norm(), layers.ReLU(), layers.MaxPooling2D()),
            *(_conv(10), _norm(epsilon=0.1, momentum=0.9), layers.ReLU(), layers.MaxPooling2D()),
            *(
                layers.Flatten(),
                layers.Dropout(0.0),
                layers.Dense(20, use_bias=False),
                _norm(),
                layers.ReLU(),
            ),
        ],
    ),
    "behind the pool": lambda: _model(
        (12, 12, 1),
        [
            *(layers.Conv2D(8, 5, activation="relu"), layers.MaxPooling2D(), _norm()),
            *(layers.Flatten(), _norm(scale=False, center=False)),
        ],
    ),
    "residual": _residual,
    "frozen": _frozen,
}


def _data(model: keras.Model, n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(2, 1, size=(n, *model.input_shape[1:])).astype("f")
    return x, rng.normal(size=(n, 5)).astype("f")


@cache
def _one_step(name: str) -> tuple[keras.Model, oracle.Trained]:
    """A model after one step of SGD at rate 1: the change of a weight is its gradient."""
    model = MODELS[name]()
    model.compile(keras.optimizers.SGD(1.0), "mse")
    return model, oracle.train_keras(model, *_data(model, 37), batch_size=37)


@pytest.mark.parametrize(
    "target", [runnable()[0], *(pytest.param(name, marks=pytest.mark.slow) for name in runnable()[1:])]
)
@pytest.mark.parametrize("name", MODELS)
def test_outputs_gradients_and_moving_statistics_are_those_of_keras(name: str, target: str) -> None:
    model, keras_made = _one_step(name)
    x, y = _data(model, 37)
    program = oracle.program_of(model, keras_made.start, (5,), batch_size=37, target=target)
    np.testing.assert_allclose(program.predict(x), keras_made.predicted, rtol=1e-5, atol=2e-6)
    program.train(x, y, learning_rate=1.0)
    oracle.assert_same_weights(program, keras_made.weights, rtol=1e-5, atol=5e-6)
    evaluated = program.evaluate(x, y)
    np.testing.assert_allclose(evaluated.loss, keras_made.evaluated["loss"], rtol=1e-4)


@pytest.mark.parametrize("name", ["usual stack", pytest.param("residual", marks=pytest.mark.slow)])
def test_steps_of_adam_with_a_partial_last_batch_are_those_of_keras(name: str) -> None:
    model = MODELS[name]()
    model.compile(keras.optimizers.Adam(1e-3, epsilon=1e-3), "mse")
    x, y = _data(model, 85)
    keras_made = oracle.train_keras(model, x, y, epochs=3, batch_size=40)
    program = oracle.program_of(model, keras_made.start, (5,), batch_size=40)
    for epoch in range(3):
        totals = program.train(x, y, learning_rate=1e-3)
        np.testing.assert_allclose(totals.loss, keras_made.history["loss"][epoch], rtol=2e-5)
    oracle.assert_same_weights(program, keras_made.weights, rtol=1e-4, atol=2e-5)


# -- against float64 -----------------------------------------------------------------------------------------

MSE = g.Training(loss=g.Loss(kind="mean_squared_error"), optimizer=g.Optimizer(kind="sgd"))


def _two_norms(shape: tuple[int, ...], gamma: bool, beta: bool, relu: bool) -> g.Graph:
    """x → normalised, perhaps ReLU → normalised: the gradient passes through the second to the first."""

    def norm(name: str, source: str, *, gamma: bool, beta: bool) -> g.BatchNormalization:
        return g.BatchNormalization(
            name=name, inputs=(source,), shape=shape, epsilon=1e-3, momentum=0.8,
            gamma=f"{name}/gamma" if gamma else None, beta=f"{name}/beta" if beta else None,
            mean=f"{name}/mean", variance=f"{name}/variance",
        )  # fmt: skip

    nodes: list[g.Node] = [
        g.Input(name="x", inputs=(), shape=shape),
        norm("first", "x", gamma=True, beta=True),
    ]
    if relu:
        nodes.append(g.Activation(name="relu", inputs=("first",), shape=shape, kind="relu"))
    nodes.append(norm("second", nodes[-1].name, gamma=gamma, beta=beta))
    parameters = [
        g.Parameter(name=name, shape=shape[-1:], trainable=not name.endswith(("mean", "variance")))
        for node in nodes
        if isinstance(node, g.BatchNormalization)
        for name in (node.gamma, node.beta, node.mean, node.variance)
        if name
    ]
    return g.Graph(nodes=tuple(nodes), parameters=tuple(parameters))


@pytest.mark.slow
@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    shape=st.one_of(
        st.tuples(st.integers(1, 21)), st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 19))
    ),
    n=st.integers(2, 50),
    centre=st.sampled_from([0.0, -3.0, 50.0]),
    gamma=st.booleans(),
    beta=st.booleans(),
    relu=st.booleans(),
    target=st.sampled_from(runnable()),
)
def test_gradients_and_moving_statistics_of_any_shape_are_those_in_float64(
    shape: tuple[int, ...], n: int, centre: float, gamma: bool, beta: bool, relu: bool, target: str
) -> None:
    rng = np.random.default_rng(n)
    graph = _two_norms(shape, gamma, beta, relu)
    weights = {p.name: rng.uniform(0.5, 2, p.shape).astype("f") for p in graph.parameters}
    x, y = rng.normal(centre, 1, size=(n, *shape)).astype("f"), rng.normal(size=(n, *shape)).astype("f")
    share = rng.uniform(0, 2, n).astype("f")
    program = Program(graph, MSE, batch_size=n, checked=True, n_threads=2, target=choose(target))
    program.set_weights(weights)
    totals = program.train(x, y, learning_rate=1.0, sample_weight=share)
    loss, gradients = reference.loss_and_gradients(graph, MSE, weights, x, y, sample_weight=share)
    np.testing.assert_allclose(totals.loss, loss, rtol=1e-4)
    got = program.get_weights()
    for p in graph.parameters:
        if p.trainable:
            gradient = weights[p.name] - got[p.name]
            np.testing.assert_allclose(gradient, gradients[p.name], rtol=1e-3, atol=1e-4, err_msg=p.name)
    values = reference.forward(graph, weights, x, training=True)
    for name, moved in reference.moved_statistics(graph, weights, values).items():
        np.testing.assert_allclose(got[name], moved, rtol=2e-5, atol=2e-6, err_msg=name)


@pytest.mark.parametrize("shape", [(9,), (5, 4, 9)])
def test_a_mean_far_from_zero_costs_no_digits_of_the_variance(
    shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    """Σx² − (Σx)²/n would lose seven digits here: all there are."""
    graph = _two_norms(shape, gamma=True, beta=True, relu=False)
    x = rng.normal(4000, 1, size=(50, *shape)).astype("f")
    program = Program(graph, MSE, batch_size=50, checked=True)
    program.set_weights({"first/mean": np.zeros(9), "first/variance": np.zeros(9)})
    program.train(x, np.zeros_like(x), learning_rate=0.0)
    got, exact = program.get_weights(), x.reshape(-1, 9).astype(np.float64)
    np.testing.assert_allclose(got["first/mean"], 0.2 * exact.mean(axis=0), rtol=2e-7)
    np.testing.assert_allclose(got["first/variance"], 0.2 * exact.var(axis=0), rtol=1e-5)


def test_equal_images_have_no_variance(rng: np.random.Generator) -> None:
    graph = _two_norms((6,), gamma=True, beta=True, relu=False)
    x = np.tile(rng.normal(size=6), (20, 1)).astype("f")
    program = Program(graph, MSE, batch_size=20)
    program.set_weights({"first/variance": np.ones(6)})
    program.train(x, x, learning_rate=0.0)
    np.testing.assert_array_equal(program.get_weights()["first/variance"], np.full(6, np.float32(0.8)))


# -- steps ---------------------------------------------------------------------------------------------------


def _deep() -> keras.Model:
    """Five layers that need the whole batch: more stages than a cache line has flags."""
    stack: Layers = []
    for filters in (4, 5, 6, 7):
        stack += [_conv(filters, padding="same"), _norm(), layers.ReLU(), layers.SpatialDropout2D(0.1)]
    stack += [layers.MaxPooling2D(), layers.Dropout(0.2), layers.Flatten(), layers.Dense(9), _norm()]
    return _model((6, 6, 2), stack)


@cache
def _deep_program_parts() -> tuple[keras.Model, oracle.Weights]:
    model = _deep()
    model.compile("adam", "mse")
    return model, oracle.weights_of(model)


def _after_three_batches(n_threads: int, *, at_once: bool) -> oracle.Weights:
    model, start = _deep_program_parts()
    program = oracle.program_of(model, start, (5,), batch_size=40, n_threads=n_threads, checked=False)
    x, y = _data(model, 95)
    for first in (0,) if at_once else (0, 40, 80):
        order = np.arange(95 if at_once else min(first + 40, 95))[first:]
        program.train(x, y, order, learning_rate=1e-3, seed=1)
    return program.get_weights()


@pytest.mark.parametrize(("n_threads", "at_once"), [(2, True), (3, True), (8, True), (2, False)])
def test_bits_depend_neither_on_the_threads_nor_on_how_steps_are_called(
    n_threads: int, at_once: bool
) -> None:
    expected = _after_three_batches(1, at_once=True)
    got = _after_three_batches(n_threads, at_once=at_once)
    for path, value in expected.items():
        assert not np.array_equal(value, _deep_program_parts()[1][path]), path
        np.testing.assert_array_equal(got[path], value, err_msg=path)


def test_a_step_is_cut_where_the_whole_batch_is_needed() -> None:
    model, start = _deep_program_parts()
    plan = oracle.program_of(model, start, (5,), batch_size=40, checked=False).plan
    stages = training_stages(plan)
    assert len(stages) == plan.n_stages == 1 + 5 + 5
    assert [stage[0].what for stage in stages[1:]] == ["forward"] * 5 + ["input gradient"] * 5
    assert [stage[-1].what for stage in stages[:5]] == ["moments"] * 5
    assert [stage[-1].what for stage in stages[5:10]] == ["weight gradient"] * 5


def test_memory_is_kept_for_each_chunk_only_where_a_later_stage_reads_it() -> None:
    graph = _two_norms((4,), gamma=True, beta=True, relu=False)
    scopes = {b.name: b.scope for b in buffers(Program(graph, MSE).plan)}
    assert {name: scopes[name] for name in ("x", "first", "d.first", "d.second")} == {
        "x": "chunk",  # gathered before the first barrier, normalised after it
        "first": "chunk",  # normalised, and read again on the way back
        "d.first": "thread",  # given and taken in one stage: nobody wants the gradient of x
        "d.second": "chunk",  # summed before a barrier, passed on after it
    }
    plain = g.Graph(nodes=graph.nodes[:1], parameters=())
    assert all(b.scope != "chunk" for b in buffers(Program(plain).plan))


def test_a_frozen_layer_keeps_its_moving_statistics_and_needs_no_barrier() -> None:
    layer = _norm()
    layer.trainable = False
    model = _model((4, 4, 2), [_conv(3), layer, layers.ReLU()])
    model.compile("sgd", "mse")
    start = oracle.weights_of(model)
    program = oracle.program_of(model, start, (5,), batch_size=20)
    program.train(*_data(model, 20), learning_rate=1.0)
    assert program.plan.n_stages == 1
    got = program.get_weights()
    assert all(np.array_equal(got[v.path], start[v.path]) for v in layer.weights)
    assert not np.array_equal(got[model.layers[0].kernel.path], start[model.layers[0].kernel.path])
