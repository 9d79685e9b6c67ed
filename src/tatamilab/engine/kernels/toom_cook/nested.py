"""Many input channels, cut into tiles of rows as well: Toom–Cook along both axes.

Two output rows of a kernel of three rows are 4 products where 6 stood. With B′, G′, A′ the matrices of the rows, row
tiles I of two output rows, and what `points.py` makes along the columns,

    V[I,s,t,J,c]  = Σ_a B′[s,a] · V[2I + a,t,J,c]             U[s,t,c,o] = Σ_u G′[s,u] · U[u,t,c,o]
    M[s,t,J,o]    = Σ_c V[I,s,t,J,c] · U[s,t,c,o]             rows 2I + a:  Σ_s A′[a,s] · M[s,t,J,o]
    D[I,s,t,J,o]  = Σ_a A′[a,s] · D[2I + a,t,J,o]
    dU[s,t,c,o]   = Σ_{n,I,J} V[I,s,t,J,c] · D[I,s,t,J,o]     dU[u] = Σ_s G′[s,u] · dU[s]
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
"""Output rows of a tile."""


def _of_rows(s: Shape) -> Transforms:
    return transforms(ROWS, s.height)


def _of_columns(s: Shape) -> Transforms:
    return transforms(s.m, s.taps)


def _sets(s: Shape) -> int:
    """Points along the rows."""
    return ROWS + s.height - 1


def forward(k: Kernel, c: Context, block: Block) -> None:
    """y = b + Σ_s A′ · Σ_t A · M, then ReLU and pool, two rows at a time."""
    transform_kernel(k, c, block)
    transform_input(k, c, block)
    s = shape_of(c, block)
    if c.training and block.relu:
        find_presence(k, c, block, s)
    with k.each(k.groups, name="g") as g, k.each(s.rows // ROWS, name="I") as i:
        _products(k, block, s, i, g)
        _outputs(k, c, block, s, i, g)


def transform_input(k: Kernel, c: Context, block: Block) -> None:
    """V[I,s,t,J,c] = Σ_a Σ_e B′[s,a] · B[t,e] · x[2I + a, m·J + e, c]."""
    s = shape_of(c, block)
    assert isinstance(block.node, Conv2D)
    (top, _), (left, _) = block.node.padding
    x, points = padded_input(c, block, fill=True), k.view(points_name(block.name))
    rows, columns = _of_rows(s), _of_columns(s)

    def tile(g: Tile, i: Tile, j: Tile, ch: Tile) -> None:
        at_columns = [
            apply(
                k,
                columns.input,
                columns.pairs,
                [x[i * ROWS + (a - top), j * s.m + (e - left), ch, g] for e in range(s.n)],
            )
            for a in range(_sets(s))
        ]
        for t in range(s.n):
            values = apply(k, rows.input, rows.pairs, [row[t] for row in at_columns])
            for number, v in enumerate(values):
                points[i, number, t, j, ch, g] = v

    k.tiles({"g": k.groups, "I": s.rows // ROWS, "J": s.tiles, "c": s.depth}, {}, tile)


def transform_kernel(k: Kernel, c: Context, block: Block) -> None:
    """U[s,t,c,o] = Σ_u Σ_v G′[s,u] · G[t,v] · w[u,v,c,o], as vectors over (c, o) where they fill them."""
    s = shape_of(c, block)
    assert isinstance(block.node, Conv2D)
    flat = s.depth * s.filters
    element, step = ("vector", k.lanes) if flat % k.lanes == 0 else ("scalar", 1)
    w = c.weight(block.node.kernel, element=element, shape=(s.height, s.taps, flat))
    out = k.view(kernel_points_name(block.name), shape=(_sets(s), s.n, flat), element=element)
    rows, columns = _of_rows(s), _of_columns(s)
    with k.each(flat, step=step, name="co") as at:
        at_columns = [
            apply(k, columns.kernel, columns.pairs, [w[u, v, at] for v in range(s.taps)])
            for u in range(s.height)
        ]
        for t in range(s.n):
            for number, value in enumerate(apply(k, rows.kernel, rows.pairs, [r[t] for r in at_columns])):
                out[number, t, at] = value


def _products(k: Kernel, block: Block, s: Shape, i: Any, g: Any) -> None:
    """M[s,t,J,o] = Σ_c V[I,s,t,J,c] · U[s,t,c,o]."""
    v, w = k.view(points_name(block.name)), k.view(kernel_points_name(block.name))
    out = k.view(products_name(block.name))

    def tile(r: Tile, t: Tile, o: Tile, j: Tile) -> None:
        acc = k.zeros(*np.broadcast(r, t, o, j).shape)
        acc = k.sum({"c": s.depth}, acc, lambda ch: v[i, r, t, j, ch, g] * w[r, t, ch, o], unroll={"c": 2})
        out[r, t, j, o, 0] = acc

    across, deep = _tile(k, s.tiles, s.filters)
    k.tiles({"s": _sets(s), "t": s.n, "o": s.filters, "J": s.tiles}, {"J": across, "o": deep}, tile)


def _tile(k: Kernel, tiles: int, channels: int) -> tuple[int, int]:
    """Accumulators: column tiles, which are loaded, and channels, whose factors are broadcast."""
    across = fit(tiles, k.schedule.row_tiles_across)
    return across, fit(channels, max(1, k.schedule.row_tiles // across))


def _outputs(k: Kernel, c: Context, block: Block, s: Shape, i: Any, g: Any) -> None:
    """The outputs of two rows from their products."""
    m, matrix = k.view(products_name(block.name)), _of_rows(s).outputs
    row = np.arange(ROWS).reshape(-1, 1, 1)

    def tile(j: Tile, o: Tile) -> None:
        at = Place(g, i, j.reshape(1, -1, 1), o.reshape(1, 1, -1), row)

        def products(t: int, start: Tile) -> Tile:
            of_sets = [m[number, t, at.j, at.filters, 0] for number in range(_sets(s))]
            return start + np.concatenate([combine(k, matrix[a], of_sets) for a in range(ROWS)])

        y = outputs(k, c, block, s, at, products)
        finish(k, c, block, s, y, at)

    wide = divisor(s.filters, 2 if k.target.registers == 32 else 1)
    k.tiles({"J": s.tiles, "o": s.filters}, {"o": wide}, tile)


def transform_gradient(k: Kernel, c: Context, block: Block) -> None:
    """D[I,s,t,J,o] = Σ_a Σ_q A′[a,s] · A[q,t] · d_y[2I + a, m·J + q, o], behind a pool or not."""
    s = shape_of(c, block)
    out, pairs, rows = k.view(gradient_points_name(block.name)), _of_columns(s).pairs, _of_rows(s)
    whole, left = divmod(s.columns, s.m)

    def line(a: int, i: Any, j: Any, o: Any, g: Any, columns: int) -> list[Value]:
        if block.pool:
            return pooled_points(k, c, block, s, pairs, (i, j, o, g), columns // 2, a)
        dy = k.view(gradient_name(block.name))
        return to_points(k, s, pairs, [dy[i * ROWS + a, j * s.m + q, o, g] for q in range(columns)])

    def store(i: Any, j: Any, o: Any, g: Any, columns: int) -> None:
        lines = [line(a, i, j, o, g, columns) for a in range(ROWS)]
        for t in range(s.n):
            values = apply(k, rows.outputs.T, rows.pairs, [at_columns[t] for at_columns in lines])
            for number, value in enumerate(values):
                out[i, number, t, j, o, g] = value

    with k.each(k.groups, name="g") as g, k.each(s.rows // ROWS, name="I") as i:
        if whole:
            with k.each(whole, name="J") as j, k.each(s.filters, name="o") as o:
                store(i, j, o, g, s.m)
        if left:
            with k.each(s.filters, name="o") as o:
                store(i, whole, o, g, left)


def weight_gradient(k: Kernel, c: Context, block: Block) -> None:
    """D, then dU[s,t,c,o] = Σ_{n,I,J} V[I,s,t,J,c] · D[I,s,t,J,o], then this chunk's share of d_w = G′ᵀ·dU·G."""
    transform_gradient(k, c, block)
    s = shape_of(c, block)
    v, d = k.view(points_name(block.name)), k.view(gradient_points_name(block.name))
    out = k.view(points_gradient_name(block.name), element="scalar")

    def tile(r: Tile, t: Tile, ch: Tile, o: Tile) -> None:
        acc = k.zeros(*np.broadcast(r, t, ch, o).shape)
        over = {"g": k.groups, "I": s.rows // ROWS, "J": s.tiles}
        acc = k.sum(
            over,
            acc,
            lambda g, i, j: v[i, r, t, j, ch, g] * d[i, r, t, j, o, g],
            unroll={"J": min(s.tiles, 4)},
        )
        k.store_sums(out, (r, t, ch, o), acc)

    across = fit(s.depth, k.schedule.wide)
    extents = {"s": _sets(s), "t": s.n, "c": s.depth, "o": s.filters}
    k.tiles(extents, {"c": across, "o": fit(s.filters, k.schedule.deep)}, tile)
    _gather_taps(k, c, block, s)


def _gather_taps(k: Kernel, c: Context, block: Block, s: Shape) -> None:
    """d_w[u,v,c,o] = Σ_s Σ_t G′[s,u] · G[t,v] · dU[s,t,c,o], as vectors over (c, o) where they fill them."""
    assert isinstance(block.node, Conv2D)
    flat = s.depth * s.filters
    element, step = ("vector", k.lanes) if flat % k.lanes == 0 else ("scalar", 1)
    d = k.view(points_gradient_name(block.name), shape=(_sets(s), s.n, flat), element=element)
    dw = c.partial(block.node.kernel, element=element, shape=(s.height, s.taps, flat))
    rows, columns = _of_rows(s).kernel, _of_columns(s).kernel
    with k.each(flat, step=step, name="co") as at:
        of_points = [[d[number, t, at] for number in range(_sets(s))] for t in range(s.n)]
        for u in range(s.height):
            terms = [combine(k, rows[:, u], values) for values in of_points]
            for tap in range(s.taps):
                dw[u, tap, at] = combine(k, columns[:, tap], terms)


def input_gradient(k: Kernel, c: Context, block: Block) -> None:
    """dV[I,s,t,J,c] = Σ_o D[I,s,t,J,o] · U[s,t,c,o] in place of V, then d_x = B′ᵀ·dV·B."""
    assert isinstance(block.node, Conv2D)
    if not c.wants(block.node.kernel):
        transform_gradient(k, c, block)
    if c.plan.n_stages > 1:  # this thread may have computed no chunk of the stage that made U
        transform_kernel(k, c, block)
    s = shape_of(c, block)
    v, d = k.view(points_name(block.name)), k.view(gradient_points_name(block.name))
    w = k.view(kernel_points_name(block.name))

    def tile(g: Tile, i: Tile, r: Tile, t: Tile, ch: Tile, j: Tile) -> None:
        acc = k.zeros(*np.broadcast(g, i, r, t, ch, j).shape)
        acc = k.sum({"o": s.filters}, acc, lambda o: d[i, r, t, j, o, g] * w[r, t, ch, o], unroll={"o": 2})
        v[i, r, t, j, ch, g] = acc

    across, deep = _tile(k, s.tiles, s.depth)
    extents = {"g": k.groups, "I": s.rows // ROWS, "s": _sets(s), "t": s.n, "c": s.depth, "J": s.tiles}
    k.tiles(extents, {"J": across, "c": deep}, tile)
    _from_points(k, c, block, s)


def _from_points(k: Kernel, c: Context, block: Block, s: Shape) -> None:
    """d_x: each pair of rows gets from its own row tile, and from the one above, which reaches over it."""
    assert isinstance(block.node, Conv2D)
    (top, _), _ = block.node.padding
    shape, n_tiles = c.plan.producer(block.inputs[0]).shape, s.rows // ROWS
    v, matrix = k.view(points_name(block.name)), _of_rows(s).input

    def pair(i: Any, own: bool, above: bool, ch: Any, g: Any) -> None:
        """Rows 2i and 2i + 1 of what the convolution looks at."""
        for a in range(ROWS):
            y = i * ROWS + (a - top)
            if isinstance(y, int) and not 0 <= y < shape[0]:
                continue

            def at_points(j: int, a: int = a) -> list[Any]:
                return [total(t, j, a) for t in range(s.n)]

            def total(t: int, j: int, a: int) -> Any:
                parts = []
                if own:
                    parts.append(_combined(k, matrix[:, a], [v[i, r, t, j, ch, g] for r in range(_sets(s))]))
                if above:
                    terms = [v[i - 1, r, t, j, ch, g] for r in range(_sets(s))]
                    parts.append(_combined(k, matrix[:, a + ROWS], terms))
                return sum(parts[1:], start=parts[0])

            store_row(k, c, block, s, (y, ch, g), at_points)

    with k.each(k.groups, name="g") as g, k.each(shape[2], name="c") as ch:
        pair(0, True, False, ch, g)
        if n_tiles > 1:
            with k.each(n_tiles, start=1, name="I") as i:
                pair(i, True, True, ch, g)
        pair(n_tiles, False, True, ch, g)
        clear_rows(k, c, block, range(s.rows + s.height - 1 - top, shape[0]), ch, g)


def _combined(k: Kernel, coefficients: np.ndarray, terms: list[Any]) -> Value:
    """A sum that is sure to have terms, as a value."""
    total = combine(k, coefficients, terms)
    assert total is not None
    return total if isinstance(total, Value) else total.value()
