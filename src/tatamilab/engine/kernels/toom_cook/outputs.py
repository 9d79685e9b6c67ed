"""From the products at the points to outputs: A, bias, ReLU, pool."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import F32, I1, I64, Tile
from tatamilab.engine.graph import Conv2D
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.padding import padded_input
from tatamilab.engine.kernels.toom_cook.transforms import Shape, transforms
from tatamilab.engine.kernels.windows import store_best
from tatamilab.engine.memory import presence_name
from tatamilab.engine.schedule import divisor


@dataclass(frozen=True)
class Place:
    """What one body computes: r rows from r·i on, column tiles, filters. Tiles have the axes (row, J, o)."""

    group: Any
    i: Any
    j: Tile
    filters: Tile
    row: np.ndarray


def outputs(
    k: Kernel, c: Context, block: Block, s: Shape, at: Place, products: Callable[[int, Tile | None], Tile]
) -> list[Tile]:
    """The m neighbouring outputs of each column tile: y[q] = b + Σ_t A[q,t] · products(t).

    `products(t, start)` adds the products of point t to a tile, or to nothing.
    """
    assert isinstance(block.node, Conv2D)
    zero = k.zeros(at.row.size, at.j.size, at.filters.size)
    bias = c.weight(block.node.bias)[at.filters,] if block.node.bias else zero
    y = [np.broadcast_to(bias, zero.shape) for _ in range(s.m)]
    matrix = transforms(s.m, s.taps).outputs
    for pair in transforms(s.m, s.taps).pairs:
        k.cut()
        column = matrix[:, pair[0]]
        if len(pair) == 1 and np.count_nonzero(column) == 1 and column.max() == 1:
            q = int(column.argmax())  # the points 0 and ∞ give to one output only
            y[q] = products(pair[0], y[q])
            continue
        parts = [products(t, None) for t in pair]
        if len(pair) == 2:
            parts = [parts[0] + parts[1], parts[0] - parts[1]]
        for q in range(s.m):
            factor, part = float(column[q]), parts[q % len(parts)]
            y[q] = y[q] + (part if factor == 1 else part * k.constant(factor))
    k.cut()
    return y


def _bias_is_zero(k: Kernel, c: Context, block: Block, filters: Any) -> ir.Value:
    """Whether some of these filters have no bias, or a bias of exactly 0."""
    assert isinstance(block.node, Conv2D)
    if block.node.bias is None:
        return I1(1)
    bias = c.weight(block.node.bias, element="scalar")
    found: ir.Value = I1(0)
    for o in filters:
        found = k.ir.or_(found, k.ir.fcmp_ordered("==", bias[o,].v, F32(0.0)))
    return found


def find_presence(k: Kernel, c: Context, block: Block, s: Shape) -> None:
    """presence[y, j] = Σ_{v,c} |x[y, j + v, c]|, if any bias is 0: which patches are empty."""
    assert isinstance(block.node, Conv2D)
    (top, _), (left, _) = block.node.padding
    x, presence = padded_input(c, block), k.view(presence_name(block.name))

    def tile(g: Tile, y: Tile, j: Tile) -> None:
        def term(v: Any, ch: Any) -> Any:
            return k.map(lambda a: k.call("llvm.fabs", a), x[y - top, j + (v - left), ch, g])

        over = {"v": s.taps, "c": s.depth}
        presence[y, j, g] = k.sum(over, k.zeros(*np.broadcast(g, y, j).shape), term)

    with k.when(_bias_is_zero(k, c, block, range(s.filters))):
        extents = {"g": k.groups, "y": s.rows + s.height - 1, "j": s.columns}
        k.tiles(extents, {"j": divisor(s.columns, 8)}, tile)


def _settle(k: Kernel, c: Context, block: Block, s: Shape, y: list[Tile], at: Place) -> list[Tile]:
    """Outputs of empty patches are the bias exactly, where it is 0."""
    presence = k.view(presence_name(block.name))
    rows = at.row + np.array(at.i * at.row.size, object)

    def revised() -> list[Tile]:
        out = []
        for q in range(s.m):
            there = k.zeros(*y[q].shape)
            for u in range(s.height):
                there = there + presence[rows + u, at.j * s.m + q, at.group]
            out.append(k.where(k.compare("==", there, 0.0), k.constant(0.0), y[q]))
        return out

    return k.revise(_bias_is_zero(k, c, block, at.filters.ravel()), y, revised)


def _store(k: Kernel, c: Context, block: Block, s: Shape, y: list[Tile], at: Place) -> None:
    out = c.value(block.name)
    rows = at.row + np.array(at.i * at.row.size, object)
    for number, j in enumerate(at.j.ravel()):

        def write(count: int, number: int = number, j: Any = j) -> None:
            for q in range(count):
                value = y[q][:, number : number + 1]
                index = (rows, j * s.m + q, at.filters, at.group)
                out[index] = k.relu(value) if block.relu else value

        _within_columns(k, s, j, write)


def _within_columns(k: Kernel, s: Shape, j: Any, write: Callable[[int], None]) -> None:
    """Write all m columns of a tile, or those of the last tile that are inside the row."""
    inside = s.columns - s.m * (s.tiles - 1)
    if inside == s.m or s.tiles == 1:
        write(inside)
        return
    last = k.ir.icmp_signed("==", k.number(j), I64(s.tiles - 1))
    with k.ir.if_else(last) as (yes, no):
        with yes:
            write(inside)
        with no:
            write(s.m)


def _store_pooled(k: Kernel, c: Context, block: Block, s: Shape, y: list[Tile], at: Place) -> None:
    """The largest of each 2×2, the first of equals; in training also which it was."""
    for number, j in enumerate(at.j.ravel()):

        def write(count: int, number: int = number, j: Any = j) -> None:
            for q in range(count // 2):
                sides = y[2 * q][:, number], y[2 * q + 1][:, number]
                store_best(k, c, block, sides, (at.i, j * (s.m // 2) + q, at.filters.ravel(), at.group))

        _within_columns(k, s, j, write)


def finish(k: Kernel, c: Context, block: Block, s: Shape, y: list[Tile], at: Place) -> None:
    """ReLU and pool if they follow, and store."""
    if c.training and block.relu:
        y = _settle(k, c, block, s, y, at)
    store = _store_pooled if block.pool else _store
    store(k, c, block, s, y, at)
