"""Pooling: the largest, or the mean, of each window. Padding never wins and is not counted.

max      y = max over the window;  d_x goes to the first of equal maxima, rows first, as in Keras
average  y = Σ x / (places inside the image);  d_x shares d_y equally
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.graph import GlobalPool2D, Pool2D
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.schedule import divisor

Span = tuple[int, int, int, int]
"""First output row, how many, and the first and last + 1 row of the window that is inside the image."""


def _geometry(c: Context, block: Block) -> tuple[Pool2D, tuple[int, int, int]]:
    """The pool, a global one as one window, and the shape of its input."""
    shape = c.plan.producer(block.inputs[0]).shape
    node = block.node
    if isinstance(node, GlobalPool2D):
        window = shape[:2]
        pool = Pool2D(
            name=node.name,
            inputs=node.inputs,
            shape=(1, 1, shape[2]),
            kind=node.kind,
            window=window,
            strides=window,
        )
        return pool, shape
    assert isinstance(node, Pool2D)
    return node, shape


def _spans(pool: Pool2D, axis: int, extent: int) -> list[Span]:
    out: list[Span] = []
    for i in range(pool.shape[axis]):
        start = i * pool.strides[axis] - pool.padding[axis][0]
        low, high = max(0, -start), min(pool.window[axis], extent - start)
        if out and out[-1][2:] == (low, high):
            first, count, *_ = out[-1]
            out[-1] = (first, count + 1, low, high)
        else:
            out.append((i, 1, low, high))
    return out


def _windows(k: Kernel, pool: Pool2D, shape: tuple[int, int, int]) -> Iterator[Any]:
    """Each tile of outputs, with where its window's places are: ((i, j, ch, g), [(row, column), …])."""
    for first_i, n_i, low_u, high_u in _spans(pool, 0, shape[0]):
        for first_j, n_j, low_v, high_v in _spans(pool, 1, shape[1]):
            with (
                k.each(k.groups, name="g") as g,
                k.each(n_i, name="i") as i,
                k.each(n_j, name="j") as j,
                k.each(shape[2], step=divisor(shape[2], 8), name="c") as channel,
            ):
                ch = np.array([channel + q for q in range(divisor(shape[2], 8))], object)
                row = (i + first_i) * pool.strides[0] - pool.padding[0][0]
                column = (j + first_j) * pool.strides[1] - pool.padding[1][0]
                places = [(row + u, column + v) for u in range(low_u, high_u) for v in range(low_v, high_v)]
                yield (i + first_i, j + first_j, ch, g), places


def forward(k: Kernel, c: Context, block: Block) -> None:
    """y[i,j,c] = max, or mean, of x[s·i + u − p, s·j + v − p, c] over u, v."""
    pool, shape = _geometry(c, block)
    x, y = c.value(block.inputs[0], shape), c.value(block.name, pool.shape)
    for (i, j, ch, g), places in _windows(k, pool, shape):
        best = x[(*places[0], ch, g)]
        for place in places[1:]:
            other = x[(*place, ch, g)]
            best = k.maximum(best, other) if pool.kind == "max" else best + other
        y[i, j, ch, g] = best if pool.kind == "max" else best * k.constant(1 / len(places))


def input_gradient(k: Kernel, c: Context, block: Block) -> None:
    """d_x: to the first of the largest, or shared equally."""
    pool, shape = _geometry(c, block)
    c.clear_gradient(block.name, block.inputs[0], shape)
    x, y = c.value(block.inputs[0], shape), c.value(block.name, pool.shape)
    dy = c.gradient(block.name, pool.shape)
    for (i, j, ch, g), places in _windows(k, pool, shape):
        share = dy[i, j, ch, g]
        if pool.kind == "average":
            share = k.map(lambda v: v.value(), share * k.constant(1 / len(places)))
            for place in places:
                c.add_gradient(block.inputs[0], (*place, ch, g), share, shape)
            continue
        best = y[i, j, ch, g]
        for place in places:
            won = k.compare("==", x[(*place, ch, g)], best)
            c.add_gradient(block.inputs[0], (*place, ch, g), k.where(won, share, 0.0), shape)
            share = k.where(won, k.constant(0.0), share)
