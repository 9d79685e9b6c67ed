"""Every activation and its derivative, against Keras on JAX: curves, kinks, infinities, NaN."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, get_args

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from llvmlite import ir

from tatamilab.engine.buffers import Buffer
from tatamilab.engine.emit.kernel import Build, Kernel
from tatamilab.engine.emit.math import erfc
from tatamilab.engine.emit.values import Value
from tatamilab.engine.frontend import lower, lower_training
from tatamilab.engine.frontend.activations import KINDS
from tatamilab.engine.graph import Activation, ActivationKind
from tatamilab.engine.jit import Loaded, compiled
from tatamilab.engine.kernels.activations import CURVES, activate
from tatamilab.engine.program import Program
from tatamilab.engine.schedule import BY_REGISTERS
from tatamilab.engine.target import choose, runnable

BY_KIND: dict[ActivationKind, tuple[Callable[[Any], Any], float]] = {
    kind: (function, alpha) for function, (kind, alpha) in KINDS.items()
} | {"threshold": (lambda x: keras.activations.threshold(x, 0.7, 0.0), 0.7)}
KINDS_IN_ORDER: tuple[ActivationKind, ...] = tuple(CURVES)
SPECIAL = [
    0.0,
    -0.0,
    np.inf,
    -np.inf,
    np.nan,
    1e4,
    -1e4,
    *(s * v for s in (1, -1) for v in (0.5, 0.7, 1, 3, 6)),
]
NEAR_KINKS = [
    np.nextafter(np.float32(v), np.float32(d)) for v in (-3, -1, -0.5, 0.7, 1, 3, 6) for d in (-9, 9)
]

Body = Callable[[Kernel, Value], Sequence[Value]]


@cache
def points() -> np.ndarray:
    """Kinks and their neighbours, the special numbers, and a sweep of both signs over ten powers of ten."""
    sizes = np.logspace(-6, 4, 400)
    x = np.concatenate([SPECIAL, NEAR_KINKS, np.linspace(-12, 12, 481), sizes, -sizes]).astype(np.float32)
    return np.concatenate([x, np.zeros(-len(x) % 16, np.float32)])


def compute(target: str, bodies: Sequence[Body], n_outputs: int) -> np.ndarray:
    """What `bodies(kernel, x)` give for every point, as native code: float32 (outputs, points)."""
    x = points()
    out = np.zeros((n_outputs, len(x)), np.float32)
    buffers = {b.name: b for b in (Buffer(name="x", shape=x.shape), Buffer(name="out", shape=out.shape))}
    build = Build(
        module=ir.Module("curves"),
        target=choose(target),
        schedule=BY_REGISTERS[choose(target).registers],
        buffers=buffers,
        slots={"x": 0, "out": 1},
        max_chunks=1,
    )
    build.module.triple = build.target.triple
    k = Kernel(build, "curves", exported=True)
    view, result = k.view("x", element="vector"), k.view("out", element="vector")
    with k.each(len(x), step=k.lanes) as at:
        values = [value for body in bodies for value in body(k, view[at,])]
        for row, value in enumerate(values):
            result[row, at] = value
    k.finish()
    code = Loaded(compiled(str(build.module), build.target), build.target)
    table = np.array([x.ctypes.data, out.ctypes.data], np.int64)
    code.function("curves")(table.ctypes.data, 0)
    return out


@cache
def curves(target: str) -> np.ndarray:
    """(kinds, value or slope, points)."""

    def body(kind: ActivationKind) -> Body:
        node = Activation(name="a", inputs=("x",), shape=(1,), kind=kind, alpha=BY_KIND[kind][1])
        return lambda k, x: activate(k, node, x)

    n = len(KINDS_IN_ORDER)
    flat = compute(target, [body(kind) for kind in KINDS_IN_ORDER], 2 * n)
    return flat.reshape(n, 2, -1)


@pytest.mark.parametrize("target", runnable())
@pytest.mark.parametrize("kind", KINDS_IN_ORDER)
def test_value_and_derivative_are_those_of_keras(kind: ActivationKind, target: str) -> None:
    function, _ = BY_KIND[kind]
    ours, slope = curves(target)[KINDS_IN_ORDER.index(kind)]
    x = jnp.asarray(points())
    np.testing.assert_allclose(ours, function(x), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(slope, jax.vmap(jax.grad(function))(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("target", runnable())
def test_erfc_is_good_to_rounding(target: str) -> None:
    from scipy import special

    (ours,) = compute(target, [lambda k, x: [erfc(k, x)]], 1)
    x = points()
    finite = np.isfinite(x)
    exact = special.erfc(x[finite].astype(np.float64))
    np.testing.assert_allclose(ours[finite], exact, rtol=5e-7, atol=1e-7)
    np.testing.assert_array_equal(ours[~finite], special.erfc(x[~finite]))


def test_every_kind_has_a_curve() -> None:
    assert set(CURVES) == set(get_args(ActivationKind)) == set(BY_KIND)


def test_gradient_passes_through_activations_of_a_network() -> None:
    """Several kinds in one network, each between trained layers: one step of SGD is Keras's."""
    images = keras.Input((6,))
    x = images
    for activation in ("gelu", "mish", "tanh", "softsign", "elu", "sparse_sigmoid"):
        x = keras.layers.Dense(6, activation=activation, name=activation)(x)
    model = keras.Model(images, keras.layers.Dense(2)(x))
    model.compile(keras.optimizers.SGD(1.0), "mse")
    rng = np.random.default_rng(0)
    x_train, y_train = rng.normal(size=(20, 6)).astype("f"), rng.normal(size=(20, 2)).astype("f")
    program = Program(lower(model), lower_training(model, (2,)), n_threads=2, checked=True)
    program.set_weights({v.path: np.asarray(v) for v in model.weights})
    program.train(x_train, y_train, learning_rate=1.0)
    model.train_on_batch(x_train, y_train)
    for variable in model.weights:
        np.testing.assert_allclose(
            program.get_weights()[variable.path], variable, rtol=1e-5, atol=1e-6, err_msg=variable.path
        )
