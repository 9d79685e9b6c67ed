"""Depthwise convolutions: each channel c is filtered by itself, m times over; output channel o is c·m + q.

    y[i,j,o]     = b[o] + Σ_{u,v} x[s·i + d·u − p, s·j + d·v − p, c] · w[u,v,c,q]
    d_x[y,x,c]   = Σ_{u,v,q} d_y[(y + p − d·u)/s, (x + p − d·v)/s, o] · w[u,v,c,q]   where s divides
    d_w[u,v,c,q] = Σ_{n,i,j} x[s·i + d·u − p, s·j + d·v − p, c] · d_y[i,j,o]

Strides, dilation and padding are those of `kernels/conv.py`.
"""

from typing import Any

import numpy as np

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import Index, Tile, View
from tatamilab.engine.graph import DepthwiseConv2D
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.conv import Residue, residues, under
from tatamilab.engine.kernels.dense import bias_gradient
from tatamilab.engine.kernels.padding import padded_gradient, padded_input
from tatamilab.engine.schedule import fit


def _node(block: Block) -> DepthwiseConv2D:
    assert isinstance(block.node, DepthwiseConv2D)
    return block.node


def forward(k: Kernel, c: Context, block: Block) -> None:
    """y[i,j,c·m + q] = b[c·m + q] + Σ_{u,v} x[s·i + d·u − p, s·j + d·v − p, c] · w[u,v,c,q]."""
    node = _node(block)
    height, width, channels, multiplier = c.plan.graph.parameter(node.kernel).shape
    rows, columns, _ = node.shape
    x, w, y = padded_input(c, block, fill=True), c.weight(node.kernel), c.value(block.name)

    def tile(g: Tile, i: Tile, j: Tile, ch: Tile, q: Tile) -> None:
        o = ch * multiplier + q
        start: Any = c.weight(node.bias)[o] if node.bias else k.constant(0.0)
        start = np.broadcast_to(start, np.broadcast(g, i, j, o).shape)

        def term(u: Any, v: Any) -> Any:
            return x[under(node, 0, i, u), under(node, 1, j, v), ch, g] * w[u, v, ch, q]

        acc = k.sum({"u": height, "v": width}, start, term, unroll={"v": width})
        y[i, j, o, g] = k.relu(acc) if block.relu else acc

    size = k.schedule
    k.tiles(
        {"g": k.groups, "i": rows, "j": columns, "c": channels, "q": multiplier},
        {"j": fit(columns, size.wide), **_deep(channels, multiplier, size.deep)},
        tile,
    )


def _deep(channels: int, multiplier: int, size: int) -> dict[str, int]:
    """A tile of about `size` outputs of one place."""
    q = fit(multiplier, size)
    return {"c": fit(channels, max(1, size // q)), "q": q}


def input_gradient(k: Kernel, c: Context, block: Block) -> None:
    """d_x[y,x,c] = Σ_{u,v,q} d_y[(y + p − d·u)/s, (x + p − d·v)/s, c·m + q] · w[u,v,c,q]."""
    node = _node(block)
    shape = c.plan.producer(block.inputs[0]).shape
    dy = padded_gradient(c, block)
    row_classes, column_classes = (residues(node, axis, shape[axis], c) for axis in (0, 1))
    for rows in row_classes:
        for columns in column_classes:
            _input_gradient_of(k, c, block, dy, rows, columns)


def _input_gradient_of(
    k: Kernel, c: Context, block: Block, dy: View, rows: Residue, columns: Residue
) -> None:
    node = _node(block)
    _, _, channels, multiplier = c.plan.graph.parameter(node.kernel).shape
    shape = c.plan.producer(block.inputs[0]).shape
    w = c.weight(node.kernel)
    size = k.schedule

    def tile(g: Tile, a: Tile, b: Tile, ch: Tile) -> None:
        acc = k.zeros(*np.broadcast(g, a, b, ch).shape)
        for u, i in rows[2]:
            for v, j in columns[2]:

                def term(q: Any, u: int = u, v: int = v, i: int = i, j: int = j) -> Any:
                    return dy[a + i, b + j, ch * multiplier + q, g] * w[u, v, ch, q]

                acc = k.sum({"q": multiplier}, acc, term, unroll={"q": 4})
        at = (a * node.strides[0] + rows[0], b * node.strides[1] + columns[0], ch, g)
        c.store_gradient(block.name, block.inputs[0], at, acc, shape)

    k.tiles(
        {"g": k.groups, "a": rows[1], "b": columns[1], "c": channels},
        {"b": fit(columns[1], size.wide), "c": fit(channels, size.deep)},
        tile,
    )


def weight_gradient(k: Kernel, c: Context, block: Block) -> None:
    """This chunk's share of d_w[u,v,c,q] = Σ_{n,i,j} x[…,c] · d_y[i,j,c·m + q], and of d_b[o]."""
    node = _node(block)
    rows, columns, outputs = node.shape
    if c.wants(node.kernel):
        _kernel_gradient(k, c, block)
    if node.bias and c.wants(node.bias):
        bias_gradient(k, c, node.bias, c.gradient(block.name), outputs, {"i": rows, "j": columns})


def _kernel_gradient(k: Kernel, c: Context, block: Block) -> None:
    node = _node(block)
    height, width, channels, multiplier = c.plan.graph.parameter(node.kernel).shape
    rows, columns, _ = node.shape
    x, dy, dw = padded_input(c, block), c.gradient(block.name), c.partial(node.kernel)

    def tile(u: Tile, v: Tile, ch: Tile, q: Tile) -> None:
        o = ch * multiplier + q

        def term(g: Any, i: Index, j: Any) -> Any:
            return x[under(node, 0, i, u), under(node, 1, j, v), ch, g] * dy[i, j, o, g]

        acc = k.zeros(*np.broadcast(u, v, ch, q).shape)
        acc = k.sum({"g": k.groups, "i": rows, "j": columns}, acc, term)
        k.store_sums(dw, (u, v, ch, q), acc)

    size = k.schedule
    k.tiles(
        {"u": height, "v": width, "c": channels, "q": multiplier},
        {"v": fit(width, size.wide), **_deep(channels, multiplier, size.deep)},
        tile,
    )
