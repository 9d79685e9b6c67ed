"""Convolutions, computed directly.

    y[i,j,o]     = b[o] + Σ_{u,v,c} x[s·i + d·u − p, s·j + d·v − p, c] · w[u,v,c,o]
    d_x[y,x,c]   = Σ_{u,v,o} d_y[(y + p − d·u)/s, (x + p − d·v)/s, o] · w[u,v,c,o]   where s divides
    d_w[u,v,c,o] = Σ_{n,i,j} x[s·i + d·u − p, s·j + d·v − p, c] · d_y[i,j,o]

A correlation, as in Keras: the kernel is not flipped. Padding is the zero margin of the buffers.
"""

from typing import Any

import numpy as np

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import Index, Tile, View
from tatamilab.engine.graph import Conv2D, DepthwiseConv2D
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.dense import bias_gradient
from tatamilab.engine.kernels.padding import padded_gradient, padded_input
from tatamilab.engine.schedule import fit


def _node(block: Block) -> Conv2D:
    assert isinstance(block.node, Conv2D)
    return block.node


def under(node: Conv2D | DepthwiseConv2D, axis: int, i: Any, u: Any) -> Any:
    """Row (or column) of the input under output row i and kernel row u."""
    return i * node.strides[axis] + (u * node.dilation[axis] - node.padding[axis][0])


def forward(k: Kernel, c: Context, block: Block) -> None:
    """y[i,j,o] = b[o] + Σ_{u,v,c} x[s·i + d·u − p, s·j + d·v − p, c] · w[u,v,c,o]."""
    node = _node(block)
    height, width, depth, filters = c.plan.graph.parameter(node.kernel).shape
    rows, columns, _ = node.shape
    x, w, y = padded_input(c, block, fill=True), c.weight(node.kernel), c.value(block.name)
    for group in range(node.groups):
        per_group = filters // node.groups

        def tile(g: Tile, i: Tile, j: Tile, o: Tile, group: int = group, per_group: int = per_group) -> None:
            o = o + group * per_group
            start: Any = c.weight(node.bias)[o] if node.bias else k.constant(0.0)
            start = np.broadcast_to(start, np.broadcast(g, i, j, o).shape)

            def term(u: Any, v: Any, ch: Any) -> Any:
                at = (under(node, 0, i, u), under(node, 1, j, v), ch + group * depth, g)
                return x[at] * w[u, v, ch, o]

            unroll = {"v": width} if depth == 1 else {"c": 4}
            acc = k.sum({"u": height, "v": width, "c": depth}, start, term, unroll=unroll)
            y[i, j, o, g] = k.relu(acc) if block.relu else acc

        size = k.schedule
        k.tiles(
            {"g": k.groups, "i": rows, "j": columns, "o": per_group},
            {"j": fit(columns, size.wide), "o": fit(per_group, size.deep)},
            tile,
        )


def input_gradient(k: Kernel, c: Context, block: Block) -> None:
    """d_x[y,x,c] = Σ_{u,v,o} d_y[(y + p − d·u)/s, (x + p − d·v)/s, o] · w[u,v,c,o].

    Input rows of one residue modulo the stride meet the same kernel rows: each residue is a loop of its own.
    """
    node = _node(block)
    shape = c.plan.producer(block.inputs[0]).shape
    dy = padded_gradient(c, block)
    row_classes, column_classes = (residues(node, axis, shape[axis], c) for axis in (0, 1))
    for rows in row_classes:
        for columns in column_classes:
            _input_gradient_of(k, c, block, dy, rows, columns)


Residue = tuple[int, int, list[tuple[int, int]]]
"""First input row, how many (a stride apart), and the (kernel row u, output row of the first) that they meet."""


def residues(node: Conv2D | DepthwiseConv2D, axis: int, extent: int, c: Context) -> list[Residue]:
    """The residues of input rows (or columns) modulo the stride."""
    stride, dilation, before = node.strides[axis], node.dilation[axis], node.padding[axis][0]
    size = c.plan.graph.parameter(node.kernel).shape[axis]
    out = []
    for first in range(min(stride, extent)):
        meets = [
            (u, (first + before - dilation * u) // stride)
            for u in range(size)
            if (first + before - dilation * u) % stride == 0
        ]
        out.append((first, -(-(extent - first) // stride), meets))
    return out


def _input_gradient_of(
    k: Kernel, c: Context, block: Block, dy: View, rows: Residue, columns: Residue
) -> None:
    node = _node(block)
    _, _, depth, filters = c.plan.graph.parameter(node.kernel).shape
    shape = c.plan.producer(block.inputs[0]).shape
    w = c.weight(node.kernel)
    per_group = filters // node.groups
    size = k.schedule
    for group in range(node.groups):

        def tile(g: Tile, a: Tile, b: Tile, ch: Tile, group: int = group) -> None:
            acc = k.zeros(*np.broadcast(g, a, b, ch).shape)
            for u, i in rows[2]:
                for v, j in columns[2]:

                    def term(o: Any, u: int = u, v: int = v, i: int = i, j: int = j) -> Any:
                        o = o + group * per_group
                        return dy[a + i, b + j, o, g] * w[u, v, ch, o]

                    acc = k.sum({"o": per_group}, acc, term, unroll={"o": 4})
            at = (a * node.strides[0] + rows[0], b * node.strides[1] + columns[0], ch + group * depth, g)
            c.store_gradient(block.name, block.inputs[0], at, acc, shape)

        k.tiles(
            {"g": k.groups, "a": rows[1], "b": columns[1], "c": depth},
            {"b": fit(columns[1], size.wide), "c": fit(depth, size.deep)},
            tile,
        )


def weight_gradient(k: Kernel, c: Context, block: Block) -> None:
    """This chunk's share of d_w[u,v,c,o] = Σ_{n,i,j} x[…] · d_y[i,j,o], and of d_b[o] = Σ_{n,i,j} d_y[i,j,o]."""
    node = _node(block)
    rows, columns, filters = node.shape
    if c.wants(node.kernel):
        _kernel_gradient(k, c, block)
    if node.bias and c.wants(node.bias):
        bias_gradient(k, c, node.bias, c.gradient(block.name), filters, {"i": rows, "j": columns})


def _kernel_gradient(k: Kernel, c: Context, block: Block) -> None:
    node = _node(block)
    height, width, depth, filters = c.plan.graph.parameter(node.kernel).shape
    rows, columns, _ = node.shape
    x, dy, dw = padded_input(c, block), c.gradient(block.name), c.partial(node.kernel)
    per_group = filters // node.groups
    size = k.schedule
    deep = {"v": fit(width, size.wide + 1)} if depth == 1 else {"c": fit(depth, size.wide)}
    for group in range(node.groups):

        def tile(u: Tile, v: Tile, ch: Tile, o: Tile, group: int = group) -> None:
            out = o + group * per_group
            acc = k.zeros(*np.broadcast(u, v, ch, o).shape)

            def term(g: Any, i: Index, j: Any) -> Any:
                at = (under(node, 0, i, u), under(node, 1, j, v), ch + group * depth, g)
                return x[at] * dy[i, j, out, g]

            acc = k.sum({"g": k.groups, "i": rows, "j": columns}, acc, term)
            k.store_sums(dw, (u, v, ch, out), acc)

        k.tiles(
            {"u": height, "v": width, "c": depth, "o": per_group},
            {**deep, "o": fit(per_group, size.deep)},
            tile,
        )
