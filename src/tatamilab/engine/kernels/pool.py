"""Pooling: the largest, or the mean, of each window. Padding never wins and is not counted.

max      y = max over the window;  d_x goes to the first of equal maxima, rows first, as in Keras
average  y = Σ x / (places inside the image);  d_x shares d_y equally
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import Tile
from tatamilab.engine.graph import GlobalPool2D, Pool2D
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.schedule import divisor

Span = tuple[int, int, int, int]
"""First output row, how many, and the first and last + 1 row of the window that is inside the image."""


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


def _windows(k: Kernel, pool: Pool2D, shape: tuple[int, ...]) -> Iterator[Any]:
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
    pool = block.node
    assert isinstance(pool, Pool2D)
    x, y = c.value(block.inputs[0]), c.value(block.name)
    for (i, j, ch, g), places in _windows(k, pool, c.plan.producer(block.inputs[0]).shape):
        best = x[(*places[0], ch, g)]
        for place in places[1:]:
            other = x[(*place, ch, g)]
            best = k.maximum(best, other) if pool.kind == "max" else best + other
        y[i, j, ch, g] = best if pool.kind == "max" else best * k.constant(1 / len(places))


def input_gradient(k: Kernel, c: Context, block: Block) -> None:
    """d_x: to the first of the largest, or shared equally."""
    pool, name = block.node, block.inputs[0]
    assert isinstance(pool, Pool2D)
    shape = c.plan.producer(name).shape
    apart = pool.strides == pool.window and all(shape[a] == pool.window[a] * pool.shape[a] for a in (0, 1))
    if not apart:
        c.clear_gradient(block.name, name, shape)

    def give(at: tuple[Any, ...], tile: Tile) -> None:
        if apart:  # every place is in one window
            c.store_gradient(block.name, name, at, tile, shape)
        else:
            c.add_gradient(name, at, tile, shape)

    x, y, dy = c.value(name, shape), c.value(block.name), c.gradient(block.name)
    for (i, j, ch, g), places in _windows(k, pool, shape):
        share = dy[i, j, ch, g]
        if pool.kind == "average":
            share = k.map(lambda v: v.value(), share * k.constant(1 / len(places)))
            for place in places:
                give((*place, ch, g), share)
            continue
        best = y[i, j, ch, g]
        for place in places:
            won = k.compare("==", x[(*place, ch, g)], best)
            give((*place, ch, g), k.where(won, share, 0.0))
            share = k.where(won, k.constant(0.0), share)


def global_forward(k: Kernel, c: Context, block: Block) -> None:
    """y[c] = max, or mean, of x[i,j,c] over all i, j."""
    rows, columns, channels = c.plan.producer(block.inputs[0]).shape
    node = block.node
    assert isinstance(node, GlobalPool2D)
    x, y = c.value(block.inputs[0]), c.value(block.name, (channels,))

    def tile(ch: Tile, g: Tile) -> None:
        acc = x[0, 0, ch, g] if node.kind == "max" else k.zeros(*np.broadcast(ch, g).shape)
        with k.each(rows, carry=acc, name="i") as i, k.each(columns, carry=acc, name="j") as j:
            other = x[i, j, ch, g]
            acc[...] = k.maximum(acc, other) if node.kind == "max" else acc + other
        y[ch, g] = acc if node.kind == "max" else acc * k.constant(1 / (rows * columns))

    k.tiles({"c": channels, "g": k.groups}, {"c": divisor(channels, 8)}, tile)


def global_input_gradient(k: Kernel, c: Context, block: Block) -> None:
    """d_x: shared equally among all places, or, for the maximum, among all equal maxima, as in Keras."""
    name = block.inputs[0]
    shape = c.plan.producer(name).shape
    rows, columns, channels = shape
    node = block.node
    assert isinstance(node, GlobalPool2D)
    x = c.value(name)
    y, dy = c.value(block.name, (channels,)), c.gradient(block.name, (channels,))

    def tile(ch: Tile, g: Tile) -> None:
        if node.kind == "average":
            share = k.map(lambda v: v.value(), dy[ch, g] * k.constant(1 / (rows * columns)))
        else:
            best, count = y[ch, g], k.zeros(*np.broadcast(ch, g).shape)
            with k.each(rows, carry=count, name="i") as i, k.each(columns, carry=count, name="j") as j:
                count[...] = count + k.where(k.compare("==", x[i, j, ch, g], best), k.constant(1.0), 0.0)
            share = dy[ch, g] / count
        with k.each(rows, name="i") as i, k.each(columns, name="j") as j:
            mine = share
            if node.kind == "max":
                mine = k.where(k.compare("==", x[i, j, ch, g], best), share, 0.0)
            c.store_gradient(block.name, name, (i, j, ch, g), mine, shape)

    k.tiles({"c": channels, "g": k.groups}, {"c": divisor(channels, 4)}, tile)
