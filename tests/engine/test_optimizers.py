"""Optimizers, clipping, decay, averages and regularizers: twenty steps beside Keras, weights and state alike."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import oracle
import pytest
from keras import layers, optimizers, regularizers

from tatamilab.engine import plan
from tatamilab.engine.kernels.optimizer import slot_kinds
from tatamilab.engine.program import Program

OPTIMIZERS: dict[str, Callable[[], optimizers.Optimizer]] = {
    "sgd": lambda: optimizers.SGD(0.3),
    "momentum": lambda: optimizers.SGD(0.1, momentum=0.9),
    "nesterov": lambda: optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    "adam": lambda: optimizers.Adam(0.02),
    "amsgrad": lambda: optimizers.Adam(0.02, beta_1=0.8, beta_2=0.9, amsgrad=True),
    "adamw": lambda: optimizers.AdamW(0.02, weight_decay=0.1),
    "rmsprop": lambda: optimizers.RMSprop(0.01),
    "rmsprop with all": lambda: optimizers.RMSprop(0.01, rho=0.8, momentum=0.7, centered=True, epsilon=1e-3),
    "adagrad": lambda: optimizers.Adagrad(0.1, initial_accumulator_value=0.2),
    "nadam": lambda: optimizers.Nadam(0.02),
    "decay": lambda: optimizers.SGD(0.1, weight_decay=0.2),
    "clip values": lambda: optimizers.SGD(0.3, clipvalue=0.02),
    "clip norms": lambda: optimizers.Adam(0.02, clipnorm=0.05, weight_decay=0.01),
    "clip global norm": lambda: optimizers.SGD(0.3, global_clipnorm=0.2),
    "average": lambda: optimizers.Adam(0.02, use_ema=True, ema_momentum=0.8),
    "average overwrites": lambda: optimizers.SGD(
        0.3, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=3
    ),
}
SLOT_KINDS = ("average_gradient", "velocity_hat", "average", "momentum", "velocity", "accumulator")
N, BATCH, STEPS = 22, 11, 20


def _model() -> keras.Model:
    """The first kernel fills a piece of the update and a part of the next; no size fills a vector."""
    return keras.Sequential(
        [
            keras.Input((90,)),
            layers.Dense(
                47,
                activation="tanh",
                kernel_regularizer=regularizers.L1L2(1e-4, 1e-3),
                bias_regularizer="l1",
                bias_initializer="normal",
            ),
            layers.Dense(3, kernel_regularizer=regularizers.L2(0.02)),
        ]
    )


def _data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(N, 90)).astype("f"), rng.normal(size=(N, 3)).astype("f")


def _state(optimizer: Any) -> dict[str, list[np.ndarray]]:
    """Keras's slots by kind, in the order of `optimizer.variables`; each has the order of the weights."""
    kinds: dict[str, list[np.ndarray]] = {}
    for variable in optimizer.variables[2:]:
        kind = next((k for k in SLOT_KINDS if variable.path.endswith(f"_{k}")), None)
        if kind is not None:
            kinds.setdefault(kind, []).append(np.asarray(variable))
    return kinds


def _train_both(optimizer: optimizers.Optimizer, **options: Any) -> tuple[Program, keras.Model]:
    """Both after the same steps; the losses of the steps are compared on the way."""
    model, (x, y) = _model(), _data()
    model.compile(optimizer, "mse")
    rate = float(np.asarray(optimizer.learning_rate))
    program = oracle.program_of(model, oracle.weights_of(model), (3,), batch_size=BATCH, **options)
    for _ in range(STEPS // 2):
        theirs = [model.train_on_batch(x[at : at + BATCH], y[at : at + BATCH]) for at in (0, BATCH)]
        totals = program.train(x, y, learning_rate=rate)
        np.testing.assert_allclose(totals.loss, np.mean(theirs), rtol=1e-4)
    return program, model


def _assert_same_state(program: Program, model: keras.Model) -> None:
    for name, theirs in oracle.weights_of(model).items():
        _assert_near(program.get_weights()[name], theirs, 6e-5, name)
    training = program.plan.training
    assert training
    state = _state(model.optimizer)
    assert list(slot_kinds(training.optimizer)) == list(state)
    names = [v.path for v in model.trainable_variables]
    for (kind, arrays), slot in zip(state.items(), program.get_slots(), strict=True):
        for name, theirs in zip(names, arrays, strict=True):
            # 1 − β₂ in float32, as Nadam has it, would move Adam's velocity by 1.3e-5
            _assert_near(slot[name], theirs, 1e-5 if kind == "velocity" else 4e-5, f"{kind} {name}")


def _assert_near(ours: np.ndarray, theirs: np.ndarray, tolerance: float, name: str) -> None:
    """Within a share of the largest: float32 gives 1e-6, Adam's quotient 3e-5 where a gradient is nearly 0."""
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * np.abs(theirs).max(), err_msg=name)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_twenty_steps_are_those_of_keras(name: str) -> None:
    _assert_same_state(*_train_both(OPTIMIZERS[name](), checked=name == "clip norms"))


@pytest.mark.parametrize(
    "name",
    ["clip norms", *(pytest.param(name, marks=pytest.mark.slow) for name in ("adam", "clip global norm"))],
)
def test_large_kernels_are_updated_alike(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(plan, "OWNED_FROM", 1000)
    monkeypatch.setenv("TATAMI_CACHE_DIR", str(tmp_path))
    program, model = _train_both(OPTIMIZERS[name]())
    assert any(placed.owned for placed in program.plan.placed.values())
    _assert_same_state(program, model)


def test_the_slope_of_an_l1_penalty_at_zero_is_that_of_keras() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, "relu", kernel_regularizer="l1")])
    model.compile(optimizers.SGD(1.0), "mse")
    start = {name: 0 * value for name, value in oracle.weights_of(model).items()}
    model.set_weights(list(start.values()))
    program = oracle.program_of(model, start, (2,), batch_size=4)
    x, y = np.ones((4, 3), "f"), np.ones((4, 2), "f")
    model.train_on_batch(x, y)
    program.train(x, y, learning_rate=1.0)
    assert oracle.weights_of(model)[model.weights[0].path].any()
    oracle.assert_same_weights(program, oracle.weights_of(model), rtol=1e-6, atol=0)


def test_evaluation_counts_the_penalties() -> None:
    model, (x, y) = _model(), _data()
    model.compile("sgd", "mse")
    program = oracle.program_of(model, oracle.weights_of(model), (3,), batch_size=BATCH)
    np.testing.assert_allclose(program.evaluate(x, y).loss, model.evaluate(x, y, verbose=0), rtol=1e-5)
    without = oracle.program_of(model, {k: 0 * v for k, v in oracle.weights_of(model).items()}, (3,))
    np.testing.assert_allclose(without.evaluate(x, y).loss, np.mean(y**2), rtol=1e-5)


def test_an_infinite_gradient_makes_a_global_norm_spoil_every_weight_as_in_keras() -> None:
    model, (x, y) = _model(), _data()
    model.compile(optimizers.SGD(0.1, global_clipnorm=0.2), "mse")
    program = oracle.program_of(model, oracle.weights_of(model), (3,), batch_size=N)
    y[2, 1] = np.inf
    model.train_on_batch(x, y)
    program.train(x, y, learning_rate=0.1)
    assert all(np.isnan(value).all() for value in oracle.weights_of(model).values())
    assert all(np.isnan(value).all() for value in program.get_weights().values())
    y[2, 1] = 0.0
    program.set_weights({name: np.zeros_like(value) for name, value in program.get_weights().items()})
    assert np.isfinite(program.train(x, y, learning_rate=0.1).loss)
    assert all(np.isfinite(value).all() for value in program.get_weights().values())


@pytest.mark.parametrize("name", ["clip norms", "clip global norm"])
def test_bits_of_clipped_steps_do_not_depend_on_the_threads(name: str) -> None:
    model, (x, y) = _model(), _data()
    model.compile(OPTIMIZERS[name](), "mse")
    results = []
    for n_threads in (1, 2, 3):
        program = oracle.program_of(model, oracle.weights_of(model), (3,), batch_size=N, n_threads=n_threads)
        program.train(x, y, learning_rate=0.1)
        results.append(program.get_weights())
    for other in results[1:]:
        for path, value in results[0].items():
            np.testing.assert_array_equal(other[path], value, err_msg=path)
