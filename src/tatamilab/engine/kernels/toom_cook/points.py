"""Into the points and back: V of the input, U of the kernel, D of the outputs' gradient, and d_w of dU."""

from collections.abc import Callable
from typing import Any

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import Tile, Value
from tatamilab.engine.graph import Conv2D
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.padding import padded_input
from tatamilab.engine.kernels.toom_cook.transforms import Shape, apply_paired, combine, shape_of, transforms
from tatamilab.engine.kernels.windows import won
from tatamilab.engine.memory import (
    gradient_name,
    gradient_points_name,
    kernel_points_name,
    points_gradient_name,
    points_name,
)


def transform_input(k: Kernel, c: Context, block: Block) -> None:
    """V[y,t,J,c] = Σ_e B[t,e] · x[y, m·J + e, c]."""
    s = shape_of(c, block)
    assert isinstance(block.node, Conv2D)
    (top, _), (left, _) = block.node.padding
    x, points = padded_input(c, block, fill=True), k.view(points_name(block.name))
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


def pooled_points(
    k: Kernel, c: Context, block: Block, s: Shape, points: Any, at: Any, windows: int, row: int
) -> list[Value]:
    """D[r,t] = Σ_q A[q,t] · d_y[r,q] for one row of the windows of a tile, at some of the points."""
    i, j, o, group = at
    dy: list[Value] = []
    for w in range(windows):
        dy += won(k, c, block, (i, j * (s.m // 2) + w, o, group), row)
    return to_points(k, s, points, dy)


def transform_gradient(k: Kernel, c: Context, block: Block) -> None:
    """D[i,t,J,o] = Σ_q A[q,t] · d_y[i, m·J + q, o], behind a pool or not."""
    s = shape_of(c, block)
    out = k.view(gradient_points_name(block.name))
    pairs = transforms(s.m, s.taps).pairs
    whole, left = divmod(s.columns, s.m)

    def store(i: Any, row: int, j: Any, o: Any, g: Any, columns: int) -> None:
        if block.pool:
            d = pooled_points(k, c, block, s, pairs, (i, j, o, g), columns // 2, row)
            at = i * 2 + row
        else:
            dy = k.view(gradient_name(block.name))
            terms = [dy[i, j * s.m + q, o, g] for q in range(columns)]
            d = to_points(k, s, pairs, terms)
            at = i
        for value, t in zip(d, (t for pair in pairs for t in pair), strict=True):
            out[at, t, j, o, g] = value

    rows = s.rows // 2 if block.pool else s.rows
    with k.each(k.groups, name="g") as g, k.each(rows, name="i") as i:
        for row in range(2 if block.pool else 1):
            if whole:
                with k.each(whole, name="J") as j, k.each(s.filters, name="o") as o:
                    store(i, row, j, o, g, s.m)
            if left:
                with k.each(s.filters, name="o") as o:
                    store(i, row, whole, o, g, left)


def to_points(k: Kernel, s: Shape, pairs: Any, dy: list[Value]) -> list[Value]:
    """Σ_q A[q,t] · d_y[q] for the points of `pairs`; columns that are not there count as zeros."""
    dy = [*dy, *[k.constant(0.0)] * (s.m - len(dy))]
    out: list[Any] = []
    for pair in pairs:
        out += apply_paired(k, transforms(s.m, s.taps).outputs.T, pair, dy)
    return [d if isinstance(d, Value) else d.value() for d in out]


def gather_taps(k: Kernel, c: Context, block: Block) -> None:
    """d_w[u,v,c,o] = Σ_t G[t,v] · dU[u,t,c,o], as vectors over (c, o) where they fill them."""
    s = shape_of(c, block)
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


def store_row(
    k: Kernel,
    c: Context,
    block: Block,
    s: Shape,
    at: tuple[Any, Any, Any],
    points: Callable[[int], list[Any]],
) -> None:
    """d_x[m·J + e] = Σ_J Σ_t B[t,e] · points(J)[t] for the row and channel `at`: (y, c, group).

    Neighbouring tiles overlap by taps − 1 columns.
    """
    assert isinstance(block.node, Conv2D)
    y, ch, g = at
    _, (left, _) = block.node.padding
    name = block.inputs[0]
    shape, matrix = c.plan.producer(name).shape, transforms(s.m, s.taps).input
    columns: dict[int, Any] = {}

    def store(x: int, value: Any) -> None:
        value = value if isinstance(value, Value) else value.value()
        c.store_gradient(block.name, name, (y, x, ch, g), value, shape)

    for j in range(s.tiles):
        at_points = points(j)
        for e in range(s.n):
            x = j * s.m + e - left
            if 0 <= x < shape[1]:
                part = combine(k, matrix[:, e], at_points)
                columns[x] = part if x not in columns else columns[x] + part
        for x in [x for x in columns if x < (j + 1) * s.m - left or j == s.tiles - 1]:
            store(x, columns.pop(x))
    for x in range(max(0, s.tiles * s.m + s.taps - 1 - left), shape[1]):
        store(x, k.constant(0.0))


def clear_rows(k: Kernel, c: Context, block: Block, rows: range, ch: Any, g: Any) -> None:
    """d_x = 0 in rows that no output looks at."""
    name = block.inputs[0]
    shape = c.plan.producer(name).shape
    for y in rows:
        with k.each(shape[1], name="x") as x:
            c.store_gradient(block.name, name, (y, x, ch, g), k.constant(0.0), shape)
