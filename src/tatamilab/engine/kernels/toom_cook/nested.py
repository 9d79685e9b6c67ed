"""Many input channels, cut into tiles of rows as well: Toom–Cook along both axes.

Two output rows of a kernel of three rows are 4 products where 6 stood. With B′, G′, A′ the matrices of the rows, row
tiles I of two output rows, and what `points.py` makes along the columns (V₁, U₁, D₁),

    V[I,s,t,J,c]  = Σ_a B′[s,a] · V₁[2I + a,t,J,c]            U[s,t,c,o] = Σ_u G′[s,u] · U₁[u,t,c,o]
    M[s,t,J,o]    = Σ_c V[I,s,t,J,c] · U[s,t,c,o]             rows 2I + a:  Σ_s A′[a,s] · M[s,t,J,o]
    D[I,s,t,J,o]  = Σ_a A′[a,s] · D₁[2I + a,t,J,o]
    dU[s,t,c,o]   = Σ_{n,I,J} V[I,s,t,J,c] · D[I,s,t,J,o]     dU₁[u] = Σ_s G′[s,u] · dU[s]
    dV[I,s,t,J,c] = Σ_o D[I,s,t,J,o] · U[s,t,c,o]             rows 2I + a += Σ_s B′[s,a] · dV[I,s]

Source: Lavin and Gray (2016), section 4, F(m×n, r×r) by nesting F(m, r) and F(n, r).
"""

from typing import Any

import numpy as np

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import Tile, Value
from tatamilab.engine.graph import Conv2D
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.padding import padded_input
from tatamilab.engine.kernels.toom_cook.outputs import Place, find_presence, finish, outputs
from tatamilab.engine.kernels.toom_cook.points import clear_rows, pooled_points, store_row, to_points
from tatamilab.engine.kernels.toom_cook.transforms import (
    Shape,
    Transforms,
    apply,
    combine,
    shape_of,
    transforms,
)
from tatamilab.engine.memory import (
    gradient_name,
    gradient_points_name,
    kernel_points_name,
    points_gradient_name,
    points_name,
    products_name,
)
from tatamilab.engine.schedule import divisor, fit

ROWS = 2
"""Output rows of a tile; `schedule.row_tile` takes this way only where they divide the rows."""

SCRATCH = 0
"""The products of every group of images go through the same place."""


def _of_rows(shape: Shape) -> Transforms:
    return transforms(ROWS, shape.height)


def _of_columns(shape: Shape) -> Transforms:
    return transforms(shape.m, shape.taps)


def _row_points(shape: Shape) -> int:
    """Points along the rows: as many as input rows that a tile looks at."""
    return ROWS + shape.height - 1


def forward(k: Kernel, c: Context, block: Block) -> None:
    """y = b + Σ_t A · (Σ_s A′ · M), then ReLU and pool, two rows at a time."""
    transform_kernel(k, c, block)  # weights change with every step, and this thread's chunks with them
    transform_input(k, c, block)
    shape = shape_of(c, block)
    if c.training and block.relu:
        find_presence(k, c, block, shape)
    with k.each(k.groups, name="g") as g, k.each(shape.rows // ROWS, name="I") as i:
        _products(k, block, shape, i, g)
        _outputs(k, c, block, shape, i, g)


def transform_input(k: Kernel, c: Context, block: Block) -> None:
    """V[I,s,t,J,c] = Σ_a Σ_e B′[s,a] · B[t,e] · x[2I + a, m·J + e, c], x with its padding."""
    shape = shape_of(c, block)
    assert isinstance(block.node, Conv2D)
    (top, _), (left, _) = block.node.padding
    x, points = padded_input(c, block, fill=True), k.view(points_name(block.name))
    rows, columns = _of_rows(shape), _of_columns(shape)

    def tile(g: Tile, i: Tile, j: Tile, ch: Tile) -> None:
        at_columns = [
            apply(
                k,
                columns.input,
                columns.pairs,
                [x[i * ROWS + (a - top), j * shape.m + (e - left), ch, g] for e in range(shape.n)],
            )
            for a in range(_row_points(shape))
        ]
        for t in range(shape.n):
            values = apply(k, rows.input, rows.pairs, [row[t] for row in at_columns])
            for s, v in enumerate(values):
                points[i, s, t, j, ch, g] = v

    k.tiles({"g": k.groups, "I": shape.rows // ROWS, "J": shape.tiles, "c": shape.depth}, {}, tile)


def transform_kernel(k: Kernel, c: Context, block: Block) -> None:
    """U[s,t,c,o] = Σ_u Σ_v G′[s,u] · G[t,v] · w[u,v,c,o], as vectors over (c, o) where they fill them."""
    shape = shape_of(c, block)
    assert isinstance(block.node, Conv2D)
    flat = shape.depth * shape.filters
    element, step = ("vector", k.lanes) if flat % k.lanes == 0 else ("scalar", 1)
    w = c.weight(block.node.kernel, element=element, shape=(shape.height, shape.taps, flat))
    out = k.view(kernel_points_name(block.name), shape=(_row_points(shape), shape.n, flat), element=element)
    rows, columns = _of_rows(shape), _of_columns(shape)
    with k.each(flat, step=step, name="co") as at:
        at_columns = [
            apply(k, columns.kernel, columns.pairs, [w[u, v, at] for v in range(shape.taps)])
            for u in range(shape.height)
        ]
        for t in range(shape.n):
            for s, value in enumerate(apply(k, rows.kernel, rows.pairs, [r[t] for r in at_columns])):
                out[s, t, at] = value


def _products(k: Kernel, block: Block, shape: Shape, i: Any, g: Any) -> None:
    """M[s,t,J,o] = Σ_c V[I,s,t,J,c] · U[s,t,c,o]."""
    v, w = k.view(points_name(block.name)), k.view(kernel_points_name(block.name))
    out = k.view(products_name(block.name))

    def tile(s: Tile, t: Tile, o: Tile, j: Tile) -> None:
        acc = k.zeros(*np.broadcast(s, t, o, j).shape)
        acc = k.sum(
            {"c": shape.depth}, acc, lambda ch: v[i, s, t, j, ch, g] * w[s, t, ch, o], unroll={"c": 2}
        )
        out[s, t, j, o, SCRATCH] = acc

    across, deep = _tile(k, shape.tiles, shape.filters)
    k.tiles(
        {"s": _row_points(shape), "t": shape.n, "o": shape.filters, "J": shape.tiles},
        {"J": across, "o": deep},
        tile,
    )


def _tile(k: Kernel, tiles: int, channels: int) -> tuple[int, int]:
    """Accumulators: column tiles, which are loaded, and channels, whose factors are broadcast."""
    across = fit(tiles, k.schedule.row_tiles_across)
    return across, fit(channels, max(1, k.schedule.row_tiles // across))


def _outputs(k: Kernel, c: Context, block: Block, shape: Shape, i: Any, g: Any) -> None:
    """The outputs of two rows from their products."""
    products, matrix = k.view(products_name(block.name)), _of_rows(shape).outputs
    row = np.arange(ROWS).reshape(-1, 1, 1)

    def tile(j: Tile, o: Tile) -> None:
        place = Place(g, i, j.reshape(1, -1, 1), o.reshape(1, 1, -1), row)

        def add_rows(t: int, start: Tile | None) -> Tile:
            at_points = [products[s, t, place.j, place.filters, SCRATCH] for s in range(_row_points(shape))]
            rows = np.concatenate([combine(k, matrix[a], at_points) for a in range(ROWS)])
            return rows if start is None else start + rows

        y = outputs(k, c, block, shape, place, add_rows)
        finish(k, c, block, shape, y, place)

    wide = divisor(shape.filters, 2 if k.target.registers == 32 else 1)
    k.tiles({"J": shape.tiles, "o": shape.filters}, {"o": wide}, tile)


def transform_gradient(k: Kernel, c: Context, block: Block) -> None:
    """D[I,s,t,J,o] = Σ_a Σ_q A′[a,s] · A[q,t] · d_y[2I + a, m·J + q, o], behind a pool or not."""
    shape = shape_of(c, block)
    out, pairs, rows = k.view(gradient_points_name(block.name)), _of_columns(shape).pairs, _of_rows(shape)
    whole, left = divmod(shape.columns, shape.m)

    def line(a: int, i: Any, j: Any, o: Any, g: Any, columns: int) -> list[Value]:
        if block.pool:
            return pooled_points(k, c, block, shape, pairs, (i, j, o, g), columns // 2, a)
        dy = k.view(gradient_name(block.name))
        return to_points(k, shape, pairs, [dy[i * ROWS + a, j * shape.m + q, o, g] for q in range(columns)])

    def store(i: Any, j: Any, o: Any, g: Any, columns: int) -> None:
        lines = [line(a, i, j, o, g, columns) for a in range(ROWS)]
        for t in range(shape.n):
            values = apply(k, rows.outputs.T, rows.pairs, [at_columns[t] for at_columns in lines])
            for s, value in enumerate(values):
                out[i, s, t, j, o, g] = value

    with k.each(k.groups, name="g") as g, k.each(shape.rows // ROWS, name="I") as i:
        if whole:
            with k.each(whole, name="J") as j, k.each(shape.filters, name="o") as o:
                store(i, j, o, g, shape.m)
        if left:
            with k.each(shape.filters, name="o") as o:
                store(i, whole, o, g, left)


def weight_gradient(k: Kernel, c: Context, block: Block) -> None:
    """D, then dU[s,t,c,o] = Σ_{n,I,J} V[I,s,t,J,c] · D[I,s,t,J,o], then this chunk's share of d_w = G′ᵀ·dU·G."""
    transform_gradient(k, c, block)
    shape = shape_of(c, block)
    v, d = k.view(points_name(block.name)), k.view(gradient_points_name(block.name))
    out = k.view(points_gradient_name(block.name), element="scalar")

    def tile(s: Tile, t: Tile, ch: Tile, o: Tile) -> None:
        acc = k.zeros(*np.broadcast(s, t, ch, o).shape)
        over = {"g": k.groups, "I": shape.rows // ROWS, "J": shape.tiles}
        acc = k.sum(
            over,
            acc,
            lambda g, i, j: v[i, s, t, j, ch, g] * d[i, s, t, j, o, g],
            unroll={"J": min(shape.tiles, 4)},
        )
        k.store_sums(out, (s, t, ch, o), acc)

    across = fit(shape.depth, k.schedule.wide)
    extents = {"s": _row_points(shape), "t": shape.n, "c": shape.depth, "o": shape.filters}
    k.tiles(extents, {"c": across, "o": fit(shape.filters, k.schedule.deep)}, tile)
    _gather_taps(k, c, block, shape)


def _gather_taps(k: Kernel, c: Context, block: Block, shape: Shape) -> None:
    """d_w[u,v,c,o] = Σ_s Σ_t G′[s,u] · G[t,v] · dU[s,t,c,o], as vectors over (c, o) where they fill them."""
    assert isinstance(block.node, Conv2D)
    flat = shape.depth * shape.filters
    element, step = ("vector", k.lanes) if flat % k.lanes == 0 else ("scalar", 1)
    d = k.view(points_gradient_name(block.name), shape=(_row_points(shape), shape.n, flat), element=element)
    dw = c.partial(block.node.kernel, element=element, shape=(shape.height, shape.taps, flat))
    rows, columns = _of_rows(shape).kernel, _of_columns(shape).kernel
    with k.each(flat, step=step, name="co") as at:
        of_points = [[d[s, t, at] for s in range(_row_points(shape))] for t in range(shape.n)]
        for u in range(shape.height):
            terms = [combine(k, rows[:, u], values) for values in of_points]
            for tap in range(shape.taps):
                dw[u, tap, at] = combine(k, columns[:, tap], terms)


def input_gradient(k: Kernel, c: Context, block: Block) -> None:
    """dV[I,s,t,J,c] = Σ_o D[I,s,t,J,o] · U[s,t,c,o] in place of V, then d_x = B′ᵀ·dV·B."""
    assert isinstance(block.node, Conv2D)
    if not c.wants(block.node.kernel):
        transform_gradient(k, c, block)
    if c.plan.n_stages > 1:  # this thread may have computed no chunk of the stage that made U
        transform_kernel(k, c, block)
    shape = shape_of(c, block)
    v, d = k.view(points_name(block.name)), k.view(gradient_points_name(block.name))
    w = k.view(kernel_points_name(block.name))

    def tile(g: Tile, i: Tile, s: Tile, t: Tile, ch: Tile, j: Tile) -> None:
        acc = k.zeros(*np.broadcast(g, i, s, t, ch, j).shape)
        acc = k.sum(
            {"o": shape.filters}, acc, lambda o: d[i, s, t, j, o, g] * w[s, t, ch, o], unroll={"o": 2}
        )
        v[i, s, t, j, ch, g] = acc

    across, deep = _tile(k, shape.tiles, shape.depth)
    extents = {
        "g": k.groups,
        "I": shape.rows // ROWS,
        "s": _row_points(shape),
        "t": shape.n,
        "c": shape.depth,
        "J": shape.tiles,
    }
    k.tiles(extents, {"J": across, "c": deep}, tile)
    _from_points(k, c, block, shape)


def _from_points(k: Kernel, c: Context, block: Block, shape: Shape) -> None:
    """d_x: each pair of rows gets from its own row tile, and from the one above, which reaches over it."""
    assert isinstance(block.node, Conv2D)
    (top, _), _ = block.node.padding
    height, _, depth = c.plan.producer(block.inputs[0]).shape
    n_tiles = shape.rows // ROWS
    v, matrix = k.view(points_name(block.name)), _of_rows(shape).input

    def pair(i: Any, own: bool, above: bool, ch: Any, g: Any) -> None:
        """Rows 2i and 2i + 1 of what the convolution looks at."""
        for a in range(ROWS):
            y = i * ROWS + (a - top)
            if isinstance(y, int) and not 0 <= y < height:
                continue

            def at_points(j: int, a: int = a) -> list[Any]:
                return [total(t, j, a) for t in range(shape.n)]

            def total(t: int, j: int, a: int) -> Any:
                parts = []
                if own:
                    parts.append(
                        _combined(k, matrix[:, a], [v[i, s, t, j, ch, g] for s in range(_row_points(shape))])
                    )
                if above:
                    terms = [v[i - 1, s, t, j, ch, g] for s in range(_row_points(shape))]
                    parts.append(_combined(k, matrix[:, a + ROWS], terms))
                return sum(parts[1:], start=parts[0])

            store_row(k, c, block, shape, (y, ch, g), at_points)

    with k.each(k.groups, name="g") as g, k.each(depth, name="c") as ch:
        pair(0, True, False, ch, g)
        if n_tiles > 1:
            with k.each(n_tiles, start=1, name="I") as i:
                pair(i, True, True, ch, g)
        pair(n_tiles, False, True, ch, g)
        clear_rows(k, c, block, range(shape.rows + shape.height - 1 - top, height), ch, g)


def _combined(k: Kernel, coefficients: np.ndarray, terms: list[Any]) -> Value:
    """A sum that is sure to have terms, as a value."""
    total = combine(k, coefficients, terms)
    assert total is not None
    return total if isinstance(total, Value) else total.value()
