"""Softmax where its values are wanted: y[c] = exp(x[c] − max x) / Σ_k exp(x[k] − max x), over the last axis.

d_x[c] = y[c] · (d_y[c] − Σ_k d_y[k] · y[k]);  for the logarithm  d_x[c] = d_y[c] − exp(y[c]) · Σ_k d_y[k]
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit import math
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import Index, View
from tatamilab.engine.graph import Softmax
from tatamilab.engine.kernels.context import Context


def _rows(k: Kernel, shape: tuple[int, ...]) -> Iterator[tuple[Index, Index]]:
    """Every place before the last axis, as one index, and every group of images."""
    with k.each(int(np.prod(shape[:-1], dtype=int)), name="row") as row, k.each(k.groups, name="g") as g:
        yield row, g


def _over(k: Kernel, n: int, start: Any, f: Any) -> Any:
    acc = np.array([start], object)
    with k.each(n, carry=acc, name="c") as c:
        acc[0] = f(c, acc[0])
    return acc[0]


def forward(k: Kernel, c: Context, block: Block) -> None:
    """y = softmax(x), or its logarithm."""
    node = block.node
    assert isinstance(node, Softmax)
    flat = (node.size // node.shape[-1], node.shape[-1])
    x, y = c.value(block.inputs[0], flat), c.value(block.name, flat)
    for at in _rows(k, node.shape):
        _forward_row(k, node, x, y, *at)


def _forward_row(k: Kernel, node: Softmax, x: View, y: View, row: Index, g: Index) -> None:
    n = node.shape[-1]
    top = _over(k, n, x[row, 0, g], lambda ch, best: k.maximum(best, x[row, ch, g]))
    total = _over(k, n, k.constant(0.0), lambda ch, s: s + math.exp(k, x[row, ch, g] - top))
    if node.log:
        offset = top + math.log(k, total)
        with k.each(n, name="c") as ch:
            y[row, ch, g] = x[row, ch, g] - offset
    else:
        with k.each(n, name="c") as ch:
            y[row, ch, g] = math.exp(k, x[row, ch, g] - top) / total


def input_gradient(k: Kernel, c: Context, block: Block) -> None:
    """See the module's equations."""
    node = block.node
    assert isinstance(node, Softmax)
    for at in _rows(k, node.shape):
        _input_gradient_row(k, c, block, node, *at)


def _input_gradient_row(k: Kernel, c: Context, block: Block, node: Softmax, row: Index, g: Index) -> None:
    n, flat = node.shape[-1], (node.size // node.shape[-1], node.shape[-1])
    y, dy = c.value(block.name, flat), c.gradient(block.name, flat)

    def term(ch: Any, s: Any) -> Any:
        return s + dy[row, ch, g] * (k.constant(1.0) if node.log else y[row, ch, g])

    total = _over(k, n, k.constant(0.0), term)
    with k.each(n, name="c") as ch:
        if node.log:
            dx = dy[row, ch, g] - (math.exp(k, y[row, ch, g]) * total).value()
        else:
            dx = (y[row, ch, g] * (dy[row, ch, g] - total)).value()
        c.store_gradient(block.name, block.inputs[0], (row, ch, g), dx, flat)
