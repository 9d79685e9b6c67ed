"""Convolutions of stride 1 with fewer multiplications: Toom–Cook along the columns.

m neighbouring outputs of a row of r taps are a product of polynomials, so that n = m + r − 1 multiplications
serve where m·r stood. With x cut into column tiles J of n inputs that advance by m,

    V[y,t,J,c] = Σ_e B[t,e] · x[y, m·J + e, c]                    the input at n points
    U[u,t,c,o] = Σ_v G[t,v] · w[u,v,c,o]                          the kernel at the same points
    y[i, m·J + q, o] = b[o] + Σ_t A[q,t] · Σ_{u,c} V[i+u,t,J,c] · U[u,t,c,o]

and, since the same three matrices transpose into one another, the weight gradient is

    D[i,t,J,o]  = Σ_q A[q,t] · d_y[i, m·J + q, o]
    dU[u,t,c,o] = Σ_{i,J} V[i+u,t,J,c] · D[i,t,J,o],     d_w[u,v,c,o] = Σ_t G[t,v] · dU[u,t,c,o]

A 2×2 max-pool that follows stays in registers; it keeps which of the four won, a bit a lane.

Numerics: with points 0, ±1, ±½, ±2, ∞ the largest error is about 5e-7 of the largest output for 5 taps (directly
1.4e-7), measured in float32 against float64 on random images.

A patch of zeros gives the bias exactly where the equation is computed directly, but a rounding error of the
tile's other pixels here. That matters to one thing: behind a bias of 0 (every bias at the start) ReLU's derivative
at exactly 0 is 0, and an error of 1e-9 would turn it into 1 for half of an image's empty places. So in training,
where a filter's bias is 0, outputs of empty patches are set to it: `settle`.

Sources: Winograd (1980), *Arithmetic Complexity of Computations*; Lavin and Gray (2016), for convolutional
layers; the weight gradient as a transposition: Bläser's bilinear rank argument, here checked numerically.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import F32, I1, I64, Tile, Value
from tatamilab.engine.graph import Conv2D
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.memory import (
    kernel_points_name,
    points_gradient_name,
    points_name,
    presence_name,
    unpooled_name,
    winners_name,
)
from tatamilab.engine.schedule import divisor

POINTS = tuple(Fraction(p) for p in ("0", "1", "-1", "1/2", "-1/2", "2", "-2"))
"""Where the polynomials are evaluated, beside infinity: small powers of two, whose arithmetic is exact."""


@dataclass(frozen=True)
class Transforms:
    """The three matrices for m outputs of r taps; all float32 when emitted.

    Args:
        outputs: A, (m, n).
        kernel: G, (n, r).
        input: B, (n, n); each row is scaled so that its largest entry is ±1, and G's the other way.
    """

    outputs: np.ndarray
    kernel: np.ndarray
    input: np.ndarray

    @property
    def pairs(self) -> list[tuple[int, ...]]:
        """Points ±p side by side, whose even and odd parts are shared; others alone."""
        n = len(self.input)
        out: list[tuple[int, ...]] = [(0,)]
        at = 1
        while at < n - 1:
            out.append((at, at + 1) if at + 1 < n - 1 else (at,))
            at += len(out[-1])
        return [*out, (n - 1,)]


@cache
def transforms(m: int, r: int) -> Transforms:
    """The matrices for m outputs of r taps.

    Example:
        >>> t = transforms(2, 3)
        >>> t.outputs.shape, t.kernel.shape, t.input.shape
        ((2, 4), (4, 3), (4, 4))
    """
    n = m + r - 1
    points = POINTS[: n - 1]

    def evaluate(terms: int) -> np.ndarray:
        rows = [[float(p**e) for e in range(terms)] for p in points]
        return np.array([*rows, [0.0] * (terms - 1) + [1.0]])

    inverse = np.linalg.inv(evaluate(n)).T
    scale = 1 / np.abs(inverse).max(axis=1, keepdims=True)
    inverse = np.where(np.abs(inverse) < 1e-12, 0, inverse)
    return Transforms(outputs=evaluate(m).T, kernel=evaluate(r) / scale, input=inverse * scale)


def combine(k: Kernel, coefficients: np.ndarray, terms: list[Any]) -> Any:
    """Σ coefficient × term without the zeros; ones are not multiplied. None if nothing is left."""
    total: Any = None
    for coefficient, term in zip(coefficients, terms, strict=True):
        factor = float(coefficient)
        if factor == 0:
            continue
        if total is None:
            total = term if factor == 1 else k.map(lambda v, f=factor: (v * f).value(), term)
        elif factor == 1:
            total = total + term
        elif factor == -1:
            total = total - term
        else:
            total = total + k.map(lambda v, f=factor: v * f, term)
    return total


def apply_paired(k: Kernel, matrix: np.ndarray, pair: tuple[int, ...], terms: list[Any]) -> list[Any]:
    """Rows `pair` of matrix · terms. Rows of ±p differ in the signs of the odd terms only, up to one sign."""
    if len(pair) == 1:
        return [combine(k, matrix[pair[0]], terms)]
    plus, minus = matrix[pair[0]], matrix[pair[1]]
    for sign in (1, -1):
        even, odd = (plus + sign * minus) / 2, (plus - sign * minus) / 2
        if not np.any((even != 0) & (odd != 0)):
            a, b = combine(k, even, terms), combine(k, odd, terms)
            return [a + b, a - b if sign == 1 else b - a]
    return [combine(k, matrix[t], terms) for t in pair]


@dataclass(frozen=True)
class Shape:
    """Extents of a convolution that is computed this way."""

    m: int
    taps: int
    height: int
    depth: int
    filters: int
    rows: int
    columns: int

    @property
    def n(self) -> int:
        """Points."""
        return self.m + self.taps - 1

    @property
    def tiles(self) -> int:
        """Column tiles; the last may reach over the edge."""
        return -(-self.columns // self.m)


def shape_of(c: Context, block: Block) -> Shape:
    """The extents, with the rows and columns that a pool drops not counted."""
    node = block.node
    assert isinstance(node, Conv2D)
    height, taps, depth, filters = c.plan.graph.parameter(node.kernel).shape
    rows, columns, _ = node.shape
    if block.pool:
        rows, columns = 2 * block.shape[0], 2 * block.shape[1]
    m = c.plan.column_tile(block)
    assert m is not None
    return Shape(m, taps, height, depth, filters, rows, columns)


# -- forward -------------------------------------------------------------------------------------------------


def transform_input(k: Kernel, c: Context, block: Block) -> None:
    """V[y,t,J,c] = Σ_e B[t,e] · x[y, m·J + e, c]."""
    s = shape_of(c, block)
    assert isinstance(block.node, Conv2D)
    (top, _), (left, _) = block.node.padding
    x, points = c.value(block.inputs[0]), k.view(points_name(block.name))
    matrices = transforms(s.m, s.taps)

    def tile(g: Tile, y: Tile, j: Tile, ch: Tile) -> None:
        inputs = [x[y - top, j * s.m + (e - left), ch, g] for e in range(s.n)]
        for pair in matrices.pairs:
            for t, v in zip(pair, apply_paired(k, matrices.input, pair, inputs), strict=True):
                points[y, t, j, ch, g] = v

    extents = {"g": k.groups, "y": s.rows + s.height - 1, "J": s.tiles, "c": s.depth}
    k.tiles(extents, {}, tile)


def transform_kernel(k: Kernel, c: Context, block: Block) -> None:
    """U[u,t,c,o] = Σ_v G[t,v] · w[u,v,c,o], as vectors over (c, o) where they fill them."""
    s = shape_of(c, block)
    assert isinstance(block.node, Conv2D)
    flat = s.depth * s.filters
    element, step = ("vector", k.lanes) if flat % k.lanes == 0 else ("scalar", 1)
    w = c.weight(block.node.kernel, element=element, shape=(s.height, s.taps, flat))
    out = k.view(kernel_points_name(block.name), shape=(s.height, s.n, flat), element=element)
    matrices = transforms(s.m, s.taps)
    with k.each(s.height, name="u") as u, k.each(flat, step=step, name="co") as at:
        taps = [w[u, v, at] for v in range(s.taps)]
        for pair in matrices.pairs:
            for t, value in zip(pair, apply_paired(k, matrices.kernel, pair, taps), strict=True):
                out[u, t, at] = value


def forward(k: Kernel, c: Context, block: Block) -> None:
    """y = b + Σ_t A · Σ_{u,c} V·U, then ReLU and pool in registers.

    In registers at once: r rows, and two column tiles of one filter, or one of two filters.
    """
    transform_kernel(k, c, block)
    transform_input(k, c, block)
    s = shape_of(c, block)
    if c.training and block.relu:
        _find_presence(k, c, block, s)
    r = 2 if block.pool or s.rows % 2 == 0 else 1
    wide = 2 if k.target.registers == 32 else 1
    across = divisor(s.tiles, wide)
    deep = divisor(s.filters, wide // across)

    def tile(g: Tile, i: Tile, j: Tile, o: Tile) -> None:
        at = Place(
            g.item(), i.item(), j.reshape(1, -1, 1), o.reshape(1, 1, -1), np.arange(r).reshape(-1, 1, 1)
        )
        y = _outputs(k, c, block, s, at)
        if c.training and block.relu:
            y = _settle(k, c, block, s, y, at)
        store = _store_pooled if block.pool else _store
        store(k, c, block, s, y, at)

    extents = {"g": k.groups, "i": s.rows // r, "J": s.tiles, "o": s.filters}
    k.tiles(extents, {"J": across, "o": deep}, tile)


@dataclass(frozen=True)
class Place:
    """What one body computes: r rows from r·i on, column tiles, filters. Tiles have the axes (row, J, o)."""

    group: Any
    i: Any
    j: Tile
    filters: Tile
    row: np.ndarray


def _outputs(k: Kernel, c: Context, block: Block, s: Shape, at: Place) -> list[Tile]:
    """The m neighbouring outputs of each column tile."""
    assert isinstance(block.node, Conv2D)
    v, w = k.view(points_name(block.name)), k.view(kernel_points_name(block.name))
    rows = at.row + np.array(at.i * at.row.size, object)

    def products(t: int, start: Tile) -> Tile:
        def term(ch: Any, u: int) -> Any:
            return v[rows + u, t, at.j, ch, at.group] * w[u, t, ch, at.filters]

        return k.sum({"c": s.depth, "u": s.height}, start, term, unroll={"u": s.height})

    zero = k.zeros(at.row.size, at.j.size, at.filters.size)
    bias = c.weight(block.node.bias)[at.filters,] if block.node.bias else zero
    y = [np.broadcast_to(bias, zero.shape) for _ in range(s.m)]
    matrix = transforms(s.m, s.taps).outputs
    for pair in transforms(s.m, s.taps).pairs:
        k.cut()
        column = matrix[:, pair[0]]
        if len(pair) == 1 and np.count_nonzero(column) == 1 and column.max() == 1:
            q = int(column.argmax())
            y[q] = products(pair[0], y[q])
            continue
        parts = [products(t, zero) for t in pair]
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


def _find_presence(k: Kernel, c: Context, block: Block, s: Shape) -> None:
    """presence[y, j] = Σ_{v,c} |x[y, j + v, c]|, if any bias is 0: which patches are empty."""
    assert isinstance(block.node, Conv2D)
    (top, _), (left, _) = block.node.padding
    x, presence = c.value(block.inputs[0]), k.view(presence_name(block.name))

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
                sides = [y[2 * q + side][:, number] for side in (0, 1)]
                _pool(k, c, block, sides, (at.i, j * (s.m // 2) + q, at.filters.ravel(), at.group))

        _within_columns(k, s, j, write)


def _pool(k: Kernel, c: Context, block: Block, sides: list[Tile], at: tuple[Any, ...]) -> None:
    """One pooled column from the left and the right outputs, tiles (row, o)."""
    left, right = sides
    is_right = k.compare(">", right, left)
    by_column = k.where(is_right, right, left)
    best = k.maximum(by_column[0], by_column[1])
    c.value(block.name)[at] = k.relu(best) if block.relu else best
    if not c.training:
        return
    low = k.compare(">", by_column[1], by_column[0])
    side = k.where(low, is_right[1], is_right[0])
    winners = k.view(winners_name(block.name), element="scalar")
    *place, group = at
    winners[(*place, 0, group)] = k.map(k.pack, low)
    winners[(*place, 1, group)] = k.map(k.pack, side)


# -- gradients -----------------------------------------------------------------------------------------------


def won(k: Kernel, c: Context, block: Block, at: tuple[Any, ...], row: int) -> list[Value]:
    """∂loss/∂(both outputs of row 0 or 1 under one pooled place): its gradient where the place won, else 0."""
    *place, group = at
    g = c.gradient(block.name)[at]
    winners = k.view(winners_name(block.name), element="scalar")
    low, right = (k.unpack(winners[(*place, which, group)]) for which in (0, 1))
    zero = k.constant(0.0)
    g = k.where(low, g, zero) if row else k.where(low, zero, g)
    return [k.where(right, zero, g), k.where(right, g, zero)]


def pooled_weight_gradient(k: Kernel, c: Context, block: Block) -> None:
    """dU[u,t,c,o] behind a 2×2 pool, then this chunk's share of d_w = Gᵀ·dU.

    For one input channel and one filter, all kernel rows and a few points at a time stay in registers while
    the whole image passes.
    """
    s = shape_of(c, block)
    out = k.view(points_gradient_name(block.name), element="scalar")
    size = max(2, (20 if k.target.registers == 32 else 10) // s.height)
    for points in _point_blocks(transforms(s.m, s.taps), size):
        flat = [t for pair in points for t in pair]
        with k.each(s.depth, name="c") as ch, k.each(s.filters, name="o") as o:
            acc = _sum_over_image(k, c, block, s, points, (ch, o))
            for (row, at), a in np.ndenumerate(acc):
                out[row, flat[at], ch, o] = k.sum_lanes(a)
    _gather_taps(k, c, block, s)


def _sum_over_image(k: Kernel, c: Context, block: Block, s: Shape, points: Any, at: Any) -> Tile:
    """Σ_{i,J,r} V[2i + r + u, t, J, c] · D[r, t] for all u and some t: a tile (u, t)."""
    ch, o = at
    v = k.view(points_name(block.name))
    flat = [t for pair in points for t in pair]
    acc = k.zeros(s.height, len(flat))
    for group in range(k.groups):
        with k.each(s.rows // 2, carry=acc, name="i") as i:

            def one_tile(j: Any, windows: int, i: Any = i, group: int = group) -> None:
                top, bottom = (
                    _gradient_points(k, c, block, s, points, (i, j, o, group), windows, r) for r in (0, 1)
                )
                for column, t in enumerate(flat):
                    for y in range(s.height + 1):  # each input row meets both rows of gradients
                        x = v[i * 2 + y, t, j, ch, group]
                        if y < s.height:
                            acc[y, column] = acc[y, column] + x * top[column]
                        if y > 0:
                            acc[y - 1, column] = acc[y - 1, column] + x * bottom[column]

            _tiles_of_windows(k, s, acc, one_tile)
    return acc


def _point_blocks(matrices: Transforms, size: int) -> list[list[tuple[int, ...]]]:
    """The points in blocks of about `size`, pairs kept together."""
    blocks: list[list[tuple[int, ...]]] = [[]]
    for pair in sorted(matrices.pairs, key=len, reverse=True):
        if blocks[-1] and sum(map(len, blocks[-1])) + len(pair) > size:
            blocks.append([])
        blocks[-1].append(pair)
    return blocks


def _tiles_of_windows(k: Kernel, s: Shape, acc: Tile, body: Any) -> None:
    """All column tiles of a pooled row: whole ones in a loop, then the windows left."""
    whole, left = divmod(s.columns, s.m)
    if whole:
        with k.each(whole, carry=acc, name="J") as j:
            body(j, s.m // 2)
    if left:
        body(whole, left // 2)


def _gradient_points(
    k: Kernel, c: Context, block: Block, s: Shape, points: Any, at: Any, windows: int, row: int
) -> list[Value]:
    """D[r,t] = Σ_q A[q,t] · d_y[r,q] for one row of the windows of a tile, at some of the points."""
    i, j, o, group = at
    dy: list[Value] = []
    for w in range(windows):
        dy += won(k, c, block, (i, j * (s.m // 2) + w, o, group), row)
    dy += [k.constant(0.0)] * (s.m - len(dy))
    out: list[Any] = []
    for pair in points:
        out += apply_paired(k, transforms(s.m, s.taps).outputs.T, pair, dy)
    return [d if isinstance(d, Value) else d.value() for d in out]


def _gather_taps(k: Kernel, c: Context, block: Block, s: Shape) -> None:
    """d_w[u,v,c,o] = Σ_t G[t,v] · dU[u,t,c,o], as vectors over (c, o) where they fill them."""
    assert isinstance(block.node, Conv2D)
    flat = s.depth * s.filters
    element, step = ("vector", k.lanes) if flat % k.lanes == 0 else ("scalar", 1)
    d = k.view(points_gradient_name(block.name), shape=(s.height, s.n, flat), element=element)
    dw = c.partial(block.node.kernel, element=element, shape=(s.height, s.taps, flat))
    matrix = transforms(s.m, s.taps).kernel
    with k.each(s.height, name="u") as u, k.each(flat, step=step, name="co") as at:
        terms = [d[u, t, at] for t in range(s.n)]
        for tap in range(s.taps):
            dw[u, tap, at] = combine(k, matrix[:, tap], terms)


def unpool(k: Kernel, c: Context, block: Block) -> None:
    """∂loss/∂(the convolution's own output), zero where nothing won."""
    assert isinstance(block.node, Conv2D)
    dz = k.view(unpooled_name(block.name))
    rows, columns, filters = block.node.shape
    pooled_rows, pooled_columns, _ = block.shape
    size = divisor(filters, 4)
    with (
        k.each(k.groups, name="g") as g,
        k.each(pooled_rows, name="i") as i,
        k.each(pooled_columns, name="j") as j,
        k.each(filters, step=size, name="o") as o,
    ):
        for f in range(size):
            for r in (0, 1):
                for q, value in enumerate(won(k, c, block, (i, j, o + f, g), r)):
                    dz[i * 2 + r, j * 2 + q, o + f, g] = value
    for i in range(2 * pooled_rows, rows):
        with k.each(k.groups, name="g") as g, k.each(columns, name="j") as j, k.each(filters, name="o") as o:
            dz[i, j, o, g] = k.constant(0.0)
    for j in range(2 * pooled_columns, columns):
        with k.each(k.groups, name="g") as g, k.each(rows, name="i") as i, k.each(filters, name="o") as o:
            dz[i, j, o, g] = k.constant(0.0)
