"""Numbers at the edge: whatever Keras makes of them, the engine makes of them."""

from collections.abc import Callable, Iterator

import jax
import keras
import numpy as np
import pytest

from tatamilab import acceleration
from tatamilab.acceleration import exchange
from tatamilab.engine.frontend import lower, lower_training
from tatamilab.engine.graph import Graph, Optimizer
from tatamilab.engine.program import Program

N, SIDE, CLASSES = 48, 8, 3
RNG = np.random.default_rng(0)
X = RNG.random((N, SIDE, SIDE, 1), np.float32)
Y = np.arange(N) % CLASSES


@pytest.fixture(autouse=True)
def _quick_xla() -> Iterator[None]:
    """XLA compiles in half the time; what it computes stays."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


Images = Callable[[], np.ndarray]


def with_one(value: float) -> Images:
    def made() -> np.ndarray:
        x = X.copy()
        x[5, 3, 4, 0] = value
        return x

    return made


IMAGES: dict[str, Images] = {
    "not a number": with_one(np.nan),
    "infinite": with_one(np.inf),
    "minus infinite": with_one(-np.inf),
    "a denormal": with_one(1e-42),
    "denormals": lambda: X * np.float32(1e-40),
    "all black": lambda: np.zeros_like(X),
    "all the same": lambda: np.full_like(X, 0.7),
    "far from 0": lambda: X + np.float32(1000),
}


BEYOND = {"infinite", "minus infinite", "denormals"}
"""Images of which the two make different numbers: sums overflow, or XLA takes denormals for 0."""


def network(*, norm: bool = False) -> keras.Model:
    layers = keras.layers
    middle = [layers.BatchNormalization()] if norm else []
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            *middle,
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(6, activation="relu"),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def fitted(
    native: bool, x: np.ndarray, y: np.ndarray, batch: int, rate: float, norm: bool
) -> list[np.ndarray]:
    """What two epochs come to: losses, accuracies, weights, predictions.

    By plain descent: Adam would make a step of full size of a gradient that is rounding and nothing else.
    """
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(1)
    model = network(norm=norm)
    model.compile(keras.optimizers.SGD(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    with acceleration.accelerated() if native else acceleration.suspended():
        history = model.fit(x, y, batch_size=batch, epochs=2, shuffle=False, verbose=0).history
        score = model.evaluate(x, y, batch_size=batch, verbose=0)
        predicted = model.predict(x, batch_size=batch, verbose=0)
        if native:
            assert acceleration.reason(model) is None
    return [
        np.array(history["loss"]),
        np.array(history["accuracy"]),
        np.array(score),
        *model.get_weights(),
        predicted,
    ]


def compare(x: np.ndarray, y: np.ndarray, *, batch: int = 16, rate: float = 0.05, norm: bool = False) -> None:
    ours, theirs = (fitted(native, x, y, batch, rate, norm) for native in (True, False))
    np.testing.assert_allclose(
        ours[1], theirs[1], atol=1.5 / len(x)
    )  # an image on the edge may fall either way
    np.testing.assert_allclose(ours[2][1], theirs[2][1], atol=1.5 / len(x))
    for mine, other in zip(
        [ours[0], ours[2][:1], *ours[3:]], [theirs[0], theirs[2][:1], *theirs[3:]], strict=True
    ):
        finite = np.isfinite(other)
        np.testing.assert_array_equal(np.isfinite(mine), finite)
        np.testing.assert_array_equal(np.isnan(mine), np.isnan(other))
        scale = float(np.abs(other[finite]).max(initial=0))
        np.testing.assert_allclose(mine[finite], other[finite], rtol=2e-3, atol=1e-5 * max(1.0, scale))


def lost_alike(x: np.ndarray, *, rate: float = 0.05, norm: bool = False) -> None:
    """The losses and scores are numbers where Keras's are."""
    ours, theirs = (fitted(native, x, Y, 16, rate, norm) for native in (True, False))
    for mine, other in zip(ours[:3], theirs[:3], strict=True):
        np.testing.assert_array_equal(np.isfinite(mine), np.isfinite(other))


@pytest.mark.parametrize("images", ["not a number", "all black"])
def test_odd_images(images: str) -> None:
    compare(IMAGES[images](), Y)


@pytest.mark.slow
@pytest.mark.parametrize("images", sorted(IMAGES.keys() - BEYOND))
def test_every_odd_image(images: str) -> None:
    compare(IMAGES[images](), Y)


@pytest.mark.slow
@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("images", sorted(BEYOND))
def test_images_beyond_all_bounds(images: str, norm: bool) -> None:
    """The loss is a number where Keras's is; which weights are lost may differ."""
    lost_alike(IMAGES[images](), norm=norm)


@pytest.mark.slow
@pytest.mark.parametrize(("pixel", "norm"), [(1e38, False), (1e18, True)])
def test_how_large_a_pixel_may_be(pixel: float, norm: bool) -> None:
    """Beyond these, Keras's loss may be a number where the engine's is none: docs/limits.md."""
    lost_alike(with_one(pixel)(), norm=norm)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [1.0, 1e20])
def test_a_rate_that_diverges(rate: float) -> None:
    """At 1 the loss grows without end, at 10²⁰ it is no number any more."""
    lost_alike(X, rate=rate)


@pytest.mark.parametrize(
    ("n", "batch"),
    [
        (1, 1),
        pytest.param(1, 32, marks=pytest.mark.slow),
        pytest.param(5, 1, marks=pytest.mark.slow),
        pytest.param(N, 1, marks=pytest.mark.slow),
        pytest.param(N, 1000, marks=pytest.mark.slow),
        pytest.param(17, 16, marks=pytest.mark.slow),
    ],
)
def test_few_images_and_small_batches(n: int, batch: int) -> None:
    compare(X[:n], Y[:n], batch=batch)


@pytest.mark.slow
@pytest.mark.parametrize(
    "labels", [np.zeros(N, np.int64), np.where(np.arange(N) % 2, 2, 0)], ids=["one", "a gap"]
)
def test_a_missing_class(labels: np.ndarray) -> None:
    compare(X, labels)


def program(optimizer: str, *, drops: bool = False) -> tuple[Program, Graph]:
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(1)
    layers = keras.layers
    middle = [layers.Dropout(0.5)] if drops else []
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, activation="relu"),
            *middle,
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    graph = lower(model)
    made = Program(graph, lower_training(model, ()), batch_size=8)
    rng = np.random.default_rng(2)
    made.set_weights({p.name: rng.normal(0, 0.5, p.shape).astype(np.float32) for p in graph.parameters})
    return made, graph


FEATURES = RNG.random((16, 4), np.float32)


def stepped(made: Program, start: dict[str, np.ndarray], iterations: int) -> dict[str, np.ndarray]:
    made.start_over(start)
    made.iterations = iterations
    made.train(FEATURES, Y[:16])
    assert made.iterations == iterations + 2
    return made.get_weights()


@pytest.mark.parametrize("optimizer", ["adam", "nadam", pytest.param("adamw", marks=pytest.mark.slow)])
def test_steps_beyond_32_bits(optimizer: str) -> None:
    """The corrections for the first steps have long been 1: 2³² steps on, the same as a million steps before."""
    made, _graph = program(optimizer)
    start = made.get_weights()
    early, late = stepped(made, start, 2**32 - 1_000_000), stepped(made, start, 2**32 - 1)
    assert not all(np.array_equal(early[name], start[name]) for name in early)
    for name, value in early.items():
        np.testing.assert_allclose(late[name], value, rtol=1e-5, atol=1e-7)
    for value in stepped(made, start, 2**53).values():
        assert np.isfinite(value).all()


def test_nadams_product_beyond_32_bits() -> None:
    """Keras keeps it as a variable, of which only the difference to 1 matters; it is counted no further than that."""
    rule = Optimizer(kind="nadam")
    first = [0.9 * (1 - 0.5 * 0.96**t) for t in (1, 2, 3)]
    assert exchange.momentum_product(rule, 3) == pytest.approx(np.prod(first), rel=1e-6)
    assert exchange.momentum_product(rule, 0) == 1
    assert np.float32(1) - exchange.momentum_product(rule, 2**40) == 1


def test_what_is_dropped_beyond_32_bits() -> None:
    """Dropout does not begin anew after 2³² steps: its seed knows all digits of the step."""
    made, _graph = program("sgd", drops=True)
    start = made.get_weights()
    weights = [stepped(made, start, step) for step in (7, 2**32 + 7, 7)]
    assert all(np.array_equal(weights[0][name], weights[2][name]) for name in start)
    assert not all(np.array_equal(weights[0][name], weights[1][name]) for name in start)
