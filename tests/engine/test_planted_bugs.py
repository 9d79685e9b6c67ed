"""Bugs planted in the kernels, one after another: each must be seen by the comparison that is there to see it.

A bug is a change of a kernel's source, read like a line of a diff. When a kernel is rewritten so that the line
is gone, the bug says so: plant it anew.
"""

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
import test_activity
import test_dropout
import test_inside
import test_optimizers
import test_reshape
from differences import Expected, differences
from networks import SGD, Network, random_weights

from tatamilab.engine import cache, plan
from tatamilab.engine import graph as g
from tatamilab.engine.kernels import (
    activity,
    conv,
    data,
    dense,
    dropout,
    elementwise,
    loss,
    normalization,
    optimizer,
    pool,
    update,
    wide,
    windows,
)
from tatamilab.engine.kernels.toom_cook import few_channels, many_channels, nested, points
from tatamilab.engine.program import Program
from tatamilab.engine.target import runnable

LOGITS = g.Loss(kind="sparse_categorical_crossentropy", from_logits=True)


@dataclass(frozen=True)
class Case:
    """A network beside its reference: `n` images in batches, so that the last is smaller."""

    network: Callable[[], Network]
    n: int = 33
    batch_size: int = 48
    loss: g.Loss = LOGITS
    tied: bool = False

    def differences(self) -> dict[str, float]:
        """Errors over what is allowed, by name."""
        graph, rng = self.network().graph, np.random.default_rng(0)
        training = g.Training(loss=self.loss, optimizer=SGD)
        weights = random_weights(graph, rng)
        x = rng.normal(size=(self.n, *graph.input.shape)).astype(np.float32)
        if self.tied:
            x = _with_ties(x, weights)
        y: Any = rng.integers(0, graph.output.size, self.n)
        if self.loss.kind == "mean_squared_error":
            y = rng.normal(size=(self.n, graph.output.size)).astype(np.float32)
        expected = Expected(graph, training, weights, x, y, self.batch_size)
        program = Program(graph, training, batch_size=self.batch_size, n_threads=1)
        return differences(program, weights, x, y, expected)


def _with_ties(x: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:
    """Rows come in equal pairs, and only a kernel's first row counts: both rows of a 2×2 window are equal."""
    weights["conv1/kernel"][1:] = 0
    return np.repeat(x[:, ::2], 2, axis=1)[:, : x.shape[1]]


CASES = {
    "dense": Case(lambda: Network(21).dense(6).activation("relu").dense(3)),
    "smaller last batch": Case(lambda: Network(5).dense(3), n=17, batch_size=16),
    "numbers": Case(lambda: Network(5).dense(3), loss=g.Loss(kind="mean_squared_error")),
    "owned dense": Case(lambda: Network(3).dense(67).activation("tanh").dense(35, bias=False)),
    "strided": Case(lambda: Network(7, 7, 2).conv(3, (3, 3), strides=(2, 2)).conv(2, (2, 2)).flat().dense(3)),
    "few channels": Case(
        lambda: Network(9, 9, 1).conv(4, (3, 3)).activation("relu").pool("max").flat().dense(3)
    ),
    "ties of few channels": Case(
        lambda: Network(10, 10, 1).conv(4, (3, 3)).activation("relu").pool("max").flat().dense(3), tied=True
    ),
    "many channels": Case(
        lambda: (
            Network(5, 8, 5)
            .conv(8, (3, 3), same=True)
            .activation("relu")
            .conv(8, (3, 3))
            .activation("tanh")
            .flat()
            .dense(3)
        )
    ),
    "row tiles": Case(
        lambda: (
            Network(6, 9, 5)
            .conv(8, (3, 3), same=True)
            .activation("relu")
            .conv(8, (3, 3))
            .activation("relu")
            .pool("max")
            .flat()
            .dense(3)
        )
    ),
    "ties": Case(
        lambda: Network(6, 6, 1).conv(2, (1, 1)).pool("max", (2, 2), (1, 1)).flat().dense(3), tied=True
    ),
    "average": Case(
        lambda: Network(7, 5, 2).conv(2, (1, 1)).pool("average", (3, 2), same=True).flat().dense(3)
    ),
    "normalised": Case(
        lambda: Network(4, 4, 3).conv(3, (2, 2)).batch_norm().activation("relu").flat().dense(3)
    ),
}


def _as_the_reference(name: str, seen_in: str) -> None:
    """`seen_in` names what must be within its tolerance; an empty name means everything."""
    found = CASES[name].differences()
    worst = found[seen_in] if seen_in else max(found.values())
    assert worst <= 1, (seen_in, found)


def _as_keras(name: str, seen_in: str) -> None:
    test_optimizers._assert_same_state(*test_optimizers._train_both(test_optimizers.OPTIMIZERS[name]()))


def _masks_by_formula(name: str, seen_in: str) -> None:
    test_dropout.test_the_same_is_dropped_forward_and_backward_on_every_target_and_team(
        runnable()[-1], 1, (37,), False, np.random.default_rng(0)
    )


def _accuracy_is_a_share_of_the_images(name: str, seen_in: str) -> None:
    """Of 17 images, so that 15 places past the end repeat the last, which is right."""
    rng = np.random.default_rng(0)
    graph = Network(5).dense(3).graph
    metric = g.Metric(kind="sparse_accuracy", name="accuracy")
    program = Program(graph, g.Training(loss=LOGITS, optimizer=SGD, metrics=(metric,)), n_threads=1)
    program.set_weights(random_weights(graph, rng))
    x, y = rng.normal(size=(17, 5)).astype(np.float32), rng.integers(0, 3, 17)
    predicted = program.predict(x).argmax(1)
    y[16] = predicted[16]
    assert program.evaluate(x, y).metrics == pytest.approx(((predicted == y).mean(),))


def _activities_as_keras(name: str, seen_in: str) -> None:
    test_activity.test_training_is_that_of_keras(name, np.random.default_rng(0))


def _gradient_as_jax(name: str, seen_in: str) -> None:
    test_inside.test_the_input_gradient_is_that_of_jax(name)


def _reshaped_as_keras(name: str, seen_in: str) -> None:
    test_reshape.test_training_is_that_of_keras(test_reshape.other_axes, np.random.default_rng(0))


COMPARISONS = (
    dict.fromkeys(CASES, _as_the_reference)
    | dict.fromkeys(("adam", "nesterov"), _as_keras)
    | dict.fromkeys(test_activity.CASES, _activities_as_keras)
    | {
        "dropout masks": _masks_by_formula,
        "accuracy": _accuracy_is_a_share_of_the_images,
        "worksheet": _gradient_as_jax,
        "other axes": _reshaped_as_keras,
    }
)


@dataclass(frozen=True)
class Bug:
    """A line of a kernel that is wrong.

    Args:
        what: in words.
        where: the function.
        right: a piece of its source that occurs once.
        wrong: what stands there instead.
        comparison: which one must see it.
        seen_in: the output, the loss or the weight it must see it in.
        quick: whether it is planted in every run of the tests.
    """

    what: str
    where: Any
    right: str
    wrong: str
    comparison: str
    seen_in: str = ""
    quick: bool = False


quickly = partial(Bug, quick=True)

BUGS = [
    # dense, wide, and the sums over a batch
    quickly("no bias", dense.forward, "c.weight(node.bias)[o] if node.bias else", "", "dense", "output"),
    Bug(
        "a unit short",
        dense.input_gradient,
        '{"o": units}, acc',
        '{"o": units - 1}, acc',
        "dense",
        "dense1/kernel",
    ),
    Bug(
        "only the first chunk",
        dense.owned_gradient,
        "k.each(k.chunks, ",
        "k.each(1, ",
        "owned dense",
        "dense3/kernel",
    ),
    Bug(
        "remainder of features forgotten",
        wide.forward,
        "    if left:",
        "    if False:",
        "owned dense",
        "loss",
    ),
    Bug(
        "a unit short",
        wide.input_gradient,
        '{"o": units}, acc',
        '{"o": units - 1}, acc',
        "owned dense",
        "dense1/kernel",
    ),
    # convolutions
    quickly("kernel transposed", conv.forward, "w[u, v, ch, o]", "w[v, u, ch, o]", "strided", "output"),
    Bug(
        "a column short",
        conv._kernel_gradient,
        '"j": columns}',
        '"j": columns - 1}',
        "strided",
        "conv1/kernel",
    ),
    Bug(
        "kernel transposed",
        conv._input_gradient_of,
        "w[u, v, ch, o]",
        "w[v, u, ch, o]",
        "strided",
        "conv1/kernel",
    ),
    Bug(
        "the upper row twice",
        few_channels._sum_over_image,
        "x * bottom[",
        "x * top[",
        "few channels",
        "conv1/kernel",
    ),
    Bug(
        "left for right",
        windows.won,
        "[k.where(right, zero, g), k.where(right, g, zero)]",
        "[k.where(right, g, zero), k.where(right, zero, g)]",
        "few channels",
        "conv1/kernel",
    ),
    Bug(
        "last tie wins",
        windows.store_best,
        'low = k.compare(">"',
        'low = k.compare(">="',
        "ties of few channels",
        "conv1/kernel",
    ),
    quickly(
        "a channel short",
        many_channels._products,
        '{"c": s.depth,',
        '{"c": s.depth - 1,',
        "many channels",
        "output",
    ),
    Bug(
        "overlap of tiles lost",
        points.store_row,
        "else columns[x] + part",
        "else part",
        "many channels",
        "conv1/kernel",
    ),
    Bug(
        "a row short",
        many_channels.weight_gradient,
        '"i": s.rows, "J"',
        '"i": s.rows - 1, "J"',
        "many channels",
        "conv1/kernel",
    ),
    Bug(
        "a row point forgotten",
        nested._products,
        '"s": _row_points(shape),',
        '"s": _row_points(shape) - 1,',
        "row tiles",
        "output",
    ),
    Bug(
        "only the first row",
        nested.transform_gradient,
        "for a in range(ROWS)]",
        "for a in (0, 0)]",
        "row tiles",
        "conv1/kernel",
    ),
    quickly(
        "a row tile short",
        nested.weight_gradient,
        '"I": shape.rows // ROWS, "J"',
        '"I": shape.rows // ROWS - 1, "J"',
        "row tiles",
        "conv1/kernel",
    ),
    Bug(
        "overlap of row tiles lost",
        nested._from_points,
        "pair(i, True, True, ch, g)",
        "pair(i, True, False, ch, g)",
        "row tiles",
        "conv1/kernel",
    ),
    # pools
    Bug(
        "every tie wins",
        pool.input_gradient,
        "share = k.where(won, k.constant(0.0), share)",
        "pass",
        "ties",
        "conv1/kernel",
    ),
    Bug(
        "padding counted",
        pool.forward,
        "len(places)",
        "(pool.window[0] * pool.window[1])",
        "average",
        "output",
    ),
    # copies
    Bug(
        "given twice",
        elementwise.reshape_gradient,
        "dy[at], (size,)",
        "dy[at] + dy[at], (size,)",
        "other axes",
    ),
    # normalisation
    Bug("images past the end counted", normalization.moments, " * inside[1, g]", "", "normalised", "loss"),
    Bug(
        "every chunk thought full",
        normalization._images_of_chunk,
        '"<", left',
        '">", left',
        "normalised",
        "norm2/variance",
    ),
    Bug(
        "momentum the other way",
        normalization._coefficients,
        "new * (1.0 - node.momentum)",
        "new * node.momentum",
        "normalised",
        "norm2/mean",
    ),
    Bug(
        "γ's sum for β's",
        normalization._backward_coefficients,
        "share * d_beta",
        "share * d_gamma",
        "normalised",
        "conv1/kernel",
    ),
    # dropout
    quickly(
        "no mask on the way back",
        dropout.input_gradient,
        "_scaled(k, kept, dy[at], node.rate)",
        "dy[at]",
        "dropout masks",
    ),
    Bug("not scaled", dropout._scaled, "(v * (1 / (1 - rate))).value()", "v", "dropout masks"),
    # loss
    Bug(
        "mean over a full batch",
        loss.evaluate,
        "images_in_batch(k)",
        "I64(c.plan.batch_size)",
        "smaller last batch",
        "dense1/bias",
    ),
    Bug("half the derivative", loss._of_output, "(d * 2.0).value()", "d", "numbers", "dense1/bias"),
    # optimizers
    Bug("β₂ for β₁", optimizer.Rule._moments, "(g - m) * share_1", "(g - m) * share_2", "adam"),
    Bug("no look ahead", optimizer.Rule._sgd, "if o.nesterov", "if False", "nesterov"),
    # images and labels
    quickly(
        "last feature not copied",
        data.gather,
        "_contiguous(c):\n                blocks = run // k.lanes",
        "_contiguous(c):\n                run = run - 1\n                blocks = run // k.lanes",
        "dense",
        "output",
    ),
    Bug("every image the first", data._scatter, "I32(lane)", "I32(0)", "dense", "output"),
    Bug(
        "places past the end weigh",
        data.gather_targets,
        "k.ir.select(inside, w, F32(0.0))",
        "w",
        "dense",
        "dense3/bias",
    ),
    Bug(
        "places past the end count",
        data.gather_targets,
        "k.ir.select(inside, F32(1.0), F32(0.0))",
        "F32(1.0)",
        "accuracy",
    ),
    Bug(
        "the output's features",
        data.scatter_gradient,
        "c.plan.graph.input.size",
        "c.plan.graph.output.size",
        "worksheet",
    ),
    # regularizers of activities
    Bug("places past the end count", activity.penalty, "k.where(one, of_image, 0.0)", "of_image", "features"),
    Bug("half the slope", activity.input_gradient, "v * (2 * node.l2)", "v * node.l2", "features"),
    # the update
    quickly(
        "only the first chunk",
        update._small_gradient,
        "k.each(k.chunks, ",
        "k.each(1, ",
        "dense",
        "dense1/bias",
    ),
    Bug("over another weight", update._owned_gradient, " + placed.at", "", "owned dense", "dense3/kernel"),
]


@pytest.fixture(autouse=True)
def _everything_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """No code comes from the cache, or goes there; small dense layers are computed as the largest are."""
    monkeypatch.setattr(cache, "read", lambda name: None)
    monkeypatch.setattr(cache, "write", lambda name, code: None)
    monkeypatch.setattr(plan, "OWNED_FROM", 2000)
    monkeypatch.setattr(plan, "WIDE_FROM", 2000)


def plant(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the function the code of its changed source, wherever it is referred to."""
    source = textwrap.dedent(inspect.getsource(bug.where))
    assert source.count(bug.right) == 1, f"{bug.where.__qualname__} no longer has, once: {bug.right}"
    names = dict(bug.where.__globals__)
    exec(compile(source.replace(bug.right, bug.wrong), "planted", "exec"), names)
    monkeypatch.setattr(bug.where, "__code__", names[bug.where.__name__].__code__)


def _named(bug: Bug) -> Any:
    name = f"{bug.where.__module__.rpartition('kernels.')[2]}.{bug.where.__name__}: {bug.what}"
    return pytest.param(bug, id=name, marks=() if bug.quick else pytest.mark.slow)


@pytest.mark.parametrize("bug", [_named(bug) for bug in BUGS])
def test_a_bug_is_seen(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(bug, monkeypatch)
    with pytest.raises(AssertionError):
        COMPARISONS[bug.comparison](bug.comparison, bug.seen_in)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_without_bugs_all_is_well(name: str) -> None:
    COMPARISONS[name](name, "")
