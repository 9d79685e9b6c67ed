"""Dropout: its masks by their formula, on every target; their statistics; what passes and what doesn't."""

from itertools import combinations

import keras
import numpy as np
import oracle
import pytest
from keras import layers

from tatamilab.engine import graph as g
from tatamilab.engine.kernels.dropout import BITS, GOLDEN, mix, salt, seeds, threshold
from tatamilab.engine.program import Program
from tatamilab.engine.target import choose, runnable

MSE = g.Training(loss=g.Loss(kind="mean_squared_error"), optimizer=g.Optimizer(kind="sgd"))


def kept(step_seed: int, layer: int, rate: float, n: int, elements: int) -> np.ndarray:
    """What stays of n images, by the formula in `kernels/dropout.py`: booleans (n, elements)."""
    stream = mix(np.array([step_seed ^ salt(layer)], np.uint32))
    key = mix(stream + np.arange(n, dtype=np.uint32))[:, None]
    gamma = mix(key ^ np.uint32(GOLDEN)) | np.uint32(1)
    return mix(key + np.arange(elements, dtype=np.uint32) * gamma) >= threshold(rate)


def _network(n: int, shape: tuple[int, ...], rate: float, *, whole_channels: bool = False) -> g.Graph:
    """One-hot images choose a row of weights each: the weights' change shows the gradient of every value."""
    features = int(np.prod(shape))
    return g.Graph(
        nodes=(
            g.Input(name="x", inputs=(), shape=(n,)),
            g.Dense(name="rows", inputs=("x",), shape=(features,), kernel="w", bias=None),
            g.Reshape(name="shaped", inputs=("rows",), shape=shape),
            g.Dropout(name="drop", inputs=("shaped",), shape=shape, rate=rate, whole_channels=whole_channels),
        ),
        parameters=(g.Parameter(name="w", shape=(n, features)),),
    )


def _gradients(program: Program, w: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    """∂loss/∂(the dropout's input) of each image, (n, features), for images whose values there are `w`."""
    program.set_weights({"w": w})
    program.train(np.eye(len(w), dtype="f"), y, learning_rate=1.0, seed=seed)
    return w - program.get_weights()["w"]


@pytest.mark.parametrize("target", runnable())
@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize(
    ("shape", "whole_channels"), [((37,), False), ((3, 2, 11), False), ((3, 2, 11), True)]
)
def test_the_same_is_dropped_forward_and_backward_on_every_target_and_team(
    target: str, n_threads: int, shape: tuple[int, ...], whole_channels: bool, rng: np.random.Generator
) -> None:
    n, rate = 37, 0.3
    graph = _network(n, shape, rate, whole_channels=whole_channels)
    program = Program(
        graph, MSE, batch_size=n, target=choose(target), n_threads=n_threads, checked=target == runnable()[0]
    )
    w = rng.normal(size=graph.parameters[0].shape).astype("f")
    y = rng.normal(size=(n, *shape)).astype("f")
    place = 2 + (len(shape) > 1)  # a reshape to several axes stands before it
    mask = kept(int(seeds(5, 0, 1)[0]), place, rate, n, shape[-1] if whole_channels else w.shape[1])
    mask = np.broadcast_to(mask[:, None, None], y.shape) if whole_channels else mask.reshape(y.shape)
    output = np.where(mask, w.reshape(y.shape) / np.float32(1 - rate), 0)
    expected = np.where(mask, 2 * (output - y) / (1 - rate), 0) / y.size
    got = _gradients(program, w, y, seed=5).reshape(y.shape)
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=2e-7)
    assert not got[~mask].any()
    assert got[mask].all()


def test_every_step_and_every_seed_drops_anew_and_the_same_seed_the_same(rng: np.random.Generator) -> None:
    n = 32
    graph = _network(n, (40,), 0.5)
    w, y = np.ones((n, 40), np.float32), np.zeros((n, 40), np.float32)

    def masks(seed: int, iterations: int = 0) -> list[np.ndarray]:
        program = Program(graph, MSE, batch_size=n)
        program.set_slots([], iterations)
        return [_gradients(program, w, y, seed) != 0 for _ in range(2)]

    first, second = masks(0)
    assert np.array_equal(masks(0), [first, second])
    assert np.array_equal(masks(0, iterations=1)[0], second)
    for a, b in combinations([first, second, *masks(1), *masks(1 << 32)], 2):
        assert 0.4 < np.mean(a == b) < 0.6


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Between two sets of masks, in standard deviations of what independent ones show."""
    a, b = (m.astype(np.float64) - m.mean() for m in (a, b))
    return float(np.mean(a * b) / (a.std() * b.std()) * np.sqrt(a.size))


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.1, 0.25, 0.5, 0.9])
def test_the_share_that_is_dropped_is_the_rate(rate: float) -> None:
    n, elements, n_steps = 128, 2048, 4
    masks = np.array([kept(int(s), 3, rate, n, elements) for s in seeds(0, 0, n_steps)])
    deviation = np.sqrt(rate * (1 - rate) / masks.size)
    assert abs((1 - masks.mean()) - rate) <= 5 * deviation
    for axis, share in ((1, masks.mean(axis=(0, 2))), (2, masks.mean(axis=(0, 1)))):
        spread = np.sqrt(rate * (1 - rate) / (masks.size / masks.shape[axis]))
        assert np.all(np.abs(share - (1 - rate)) <= 6 * spread)


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_neighbours_are_not_alike(rate: float) -> None:
    n, elements = 256, 2048
    step, next_step = (kept(int(s), 1, rate, n, elements) for s in seeds(7, 0, 2))
    other_layer = kept(int(seeds(7, 0, 1)[0]), 2, rate, n, elements)
    other_seed = kept(int(seeds(8, 0, 1)[0]), 1, rate, n, elements)
    for distance in (1, 2, 3, 8, 16, 32, 64):
        assert abs(_correlation(step[distance:], step[:-distance])) < 5
        assert abs(_correlation(step[:, distance:], step[:, :-distance])) < 5
    for other in (next_step, other_layer, other_seed):
        assert abs(_correlation(step, other)) < 5
        assert abs(_correlation(step[1:], other[:-1])) < 5


def test_mix_is_a_bijection_that_flips_half_of_the_bits() -> None:
    x = np.arange(1 << 16, dtype=np.uint32)
    assert len(np.unique(mix(x << np.uint32(8)))) == len(x)
    for bit in range(32):
        flipped = np.unpackbits((mix(x) ^ mix(x ^ np.uint32(1 << bit))).view(np.uint8)).mean()
        assert abs(flipped - 0.5) < 0.01


def test_thresholds_are_32_bit_numbers() -> None:
    assert [threshold(rate) for rate in (0.0, 0.5, 1 - 2**-40)] == [0, 1 << 31, BITS]


def test_nothing_is_dropped_in_prediction_and_evaluation(rng: np.random.Generator) -> None:
    images = [keras.Input((4, 3, 5)), layers.SpatialDropout2D(0.5), layers.Dropout(0.5), layers.Flatten()]
    model = keras.Sequential([*images, layers.Dense(3)])
    model.compile("sgd", "mse")
    x, y = rng.normal(size=(21, 4, 3, 5)).astype("f"), rng.normal(size=(21, 3)).astype("f")
    program = oracle.program_of(model, oracle.weights_of(model), (3,))
    np.testing.assert_allclose(program.predict(x), model.predict(x, verbose=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(program.evaluate(x, y).loss, model.evaluate(x, y, verbose=0), rtol=1e-5)


def test_what_is_dropped_may_be_too_large_to_scale() -> None:
    """A mask of zeros and twos that is multiplied with would make ∞·0 of it."""
    program = Program(_network(16, (20,), 0.5), MSE, batch_size=16)
    mask = kept(int(seeds(0, 0, 1)[0]), 2, 0.5, 16, 20)
    program.set_weights({"w": np.where(mask, 1, 3e38)})
    totals = program.train(np.eye(16, dtype="f"), np.zeros((16, 20), np.float32), learning_rate=0.0)
    np.testing.assert_allclose(totals.loss, 4 * mask.mean(), rtol=1e-6)
