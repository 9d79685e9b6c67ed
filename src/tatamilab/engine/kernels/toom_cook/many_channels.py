"""Many input channels: each point is a contraction of its own, through buffers of products.

M[r,t,J,o]  = Σ_{u,c} V[i+u,t,J,c] · U[u,t,c,o]           a few rows at a time, then A
dU[u,t,c,o] = Σ_{n,i,J} V[i+u,t,J,c] · D[i,t,J,o]
dV[y,t,J,c] = Σ_{u,o} D[y−u,t,J,o] · U[u,t,c,o]           in place of V, then B
"""

from typing import Any

import numpy as np

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import Tile
from tatamilab.engine.graph import Conv2D
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.toom_cook.outputs import Place, find_presence, finish, outputs
from tatamilab.engine.kernels.toom_cook.points import (
    clear_rows,
    gather_taps,
    store_row,
    transform_gradient,
    transform_input,
    transform_kernel,
)
from tatamilab.engine.kernels.toom_cook.transforms import Shape, shape_of
from tatamilab.engine.memory import (
    gradient_points_name,
    kernel_points_name,
    points_gradient_name,
    points_name,
    products_name,
)
from tatamilab.engine.schedule import divisor, fit


def forward(k: Kernel, c: Context, block: Block) -> None:
    """y = b + Σ_t A · M, then ReLU and pool, two rows (or one) at a time."""
    transform_kernel(k, c, block)
    transform_input(k, c, block)
    s = shape_of(c, block)
    if c.training and block.relu:
        find_presence(k, c, block, s)
    r = 2 if block.pool or s.rows % 2 == 0 else 1
    with k.each(k.groups, name="g") as g, k.each(s.rows // r, name="i") as i:
        _products(k, block, s, r, i, g)
        _outputs(k, c, block, s, r, i, g)


def _products(k: Kernel, block: Block, s: Shape, r: int, i: Any, g: Any) -> None:
    """M[r,t,J,o] = Σ_{u,c} V[i+u,t,J,c] · U[u,t,c,o] for r rows from r·i on."""
    v, w = k.view(points_name(block.name)), k.view(kernel_points_name(block.name))
    out = k.view(products_name(block.name))
    size = k.schedule
    across = fit(s.tiles, size.wide // r)
    row = np.arange(r).reshape(-1, 1, 1)
    rows = row + np.array(i * r, object)

    def tile(t: Tile, j: Tile, o: Tile) -> None:
        point, j, o = t.item(), j.reshape(1, -1, 1), o.reshape(1, 1, -1)

        def term(ch: Any, u: int) -> Any:
            return v[rows + u, point, j, ch, g] * w[u, point, ch, o]

        acc = k.zeros(*np.broadcast(rows, j, o).shape)
        acc = k.sum({"c": s.depth, "u": s.height}, acc, term, unroll={"u": s.height})
        out[row, point, j, o, 0] = acc

    deep = fit(s.filters, (size.wide * size.deep) // (r * across))
    k.tiles({"t": s.n, "J": s.tiles, "o": s.filters}, {"J": across, "o": deep}, tile)


def _outputs(k: Kernel, c: Context, block: Block, s: Shape, r: int, i: Any, g: Any) -> None:
    """The outputs of r rows from their products."""
    m = k.view(products_name(block.name))
    row = np.arange(r).reshape(-1, 1, 1)

    def tile(j: Tile, o: Tile) -> None:
        at = Place(g, i, j.reshape(1, -1, 1), o.reshape(1, 1, -1), row)

        def products(t: int, start: Tile | None) -> Tile:
            rows = m[row, t, at.j, at.filters, 0]
            return rows if start is None else start + rows

        y = outputs(k, c, block, s, at, products)
        finish(k, c, block, s, y, at)

    wide = divisor(s.filters, 2 if k.target.registers == 32 else 1)
    k.tiles({"J": s.tiles, "o": s.filters}, {"o": wide}, tile)


def weight_gradient(k: Kernel, c: Context, block: Block) -> None:
    """D, then dU[u,t,c,o] = Σ_{n,i,J} V[i+u,t,J,c] · D[i,t,J,o], then this chunk's share of d_w = Gᵀ·dU."""
    transform_gradient(k, c, block)
    s = shape_of(c, block)
    v, d = k.view(points_name(block.name)), k.view(gradient_points_name(block.name))
    out = k.view(points_gradient_name(block.name), element="scalar")
    size = k.schedule

    def tile(t: Tile, u: Tile, o: Tile, ch: Tile) -> None:
        t, u, ch, o = t.item(), u.reshape(-1, 1, 1), ch.reshape(1, -1, 1), o.reshape(1, 1, -1)

        def term(g: Any, i: Any, j: Any) -> Any:
            return v[u + np.array(i, object), t, j, ch, g] * d[i, t, j, o, g]

        acc = k.zeros(*np.broadcast(u, ch, o).shape)
        acc = k.sum({"g": k.groups, "i": s.rows, "J": s.tiles}, acc, term, unroll={"J": min(s.tiles, 4)})
        k.store_sums(out, (u, t, ch, o), acc)

    extents = {"t": s.n, "u": s.height, "o": s.filters, "c": s.depth}
    if k.target.registers == 32 and s.height <= 3:  # the rows of V meet all kernel rows at once
        tile_of = {"u": s.height, "c": divisor(s.depth, 2), "o": fit(s.filters, size.deep)}
    else:
        tile_of = {"c": fit(s.depth, size.wide), "o": fit(s.filters, size.deep)}
    k.tiles(extents, tile_of, tile)
    gather_taps(k, c, block)


def input_gradient(k: Kernel, c: Context, block: Block) -> None:
    """dV[y,t,J,c] = Σ_{u,o} D[y−u,t,J,o] · U[u,t,c,o] in place of V, then d_x = Bᵀ·dV."""
    assert isinstance(block.node, Conv2D)
    if not (c.wants(block.node.kernel)):
        transform_gradient(k, c, block)
    if c.plan.n_stages > 1:  # this thread may have computed no chunk of the stage that made U
        transform_kernel(k, c, block)
    s = shape_of(c, block)
    for first, count, low, high in _row_classes(s):
        _points_gradient(k, block, s, (first, count), range(low, high))
    _from_points(k, c, block, s)


def _row_classes(s: Shape) -> list[tuple[int, int, int, int]]:
    """Rows y of V by which kernel rows u meet an output row y − u: (first, how many, first u, last u + 1)."""
    out: list[tuple[int, int, int, int]] = []
    for y in range(s.rows + s.height - 1):
        low, high = max(0, y - s.rows + 1), min(s.height, y + 1)
        if out and out[-1][2:] == (low, high):
            out[-1] = (out[-1][0], out[-1][1] + 1, low, high)
        else:
            out.append((y, 1, low, high))
    return out


def _points_gradient(k: Kernel, block: Block, s: Shape, rows: tuple[int, int], met: range) -> None:
    v, d = k.view(points_name(block.name)), k.view(gradient_points_name(block.name))
    w = k.view(kernel_points_name(block.name))
    size = k.schedule
    first, count = rows

    def tile(g: Tile, y: Tile, t: Tile, j: Tile, ch: Tile) -> None:
        def term(o: Any, u: int) -> Any:
            return d[y + (first - met[u]), t, j, o, g] * w[met[u], t, ch, o]

        acc = k.zeros(*np.broadcast(g, y, t, j, ch).shape)
        acc = k.sum({"o": s.filters, "u": len(met)}, acc, term, unroll={"o": 2, "u": len(met)})
        v[y + first, t, j, ch, g] = acc

    across = fit(s.tiles, size.wide)
    deep = fit(s.depth, (size.wide * size.deep) // across)
    extents = {"g": k.groups, "y": count, "t": s.n, "J": s.tiles, "c": s.depth}
    k.tiles(extents, {"J": across, "c": deep}, tile)


def _from_points(k: Kernel, c: Context, block: Block, s: Shape) -> None:
    """d_x[y, m·J + e, c] = Σ_J Σ_t B[t,e] · dV[y,t,J,c]."""
    assert isinstance(block.node, Conv2D)
    (top, _), _ = block.node.padding
    shape = c.plan.producer(block.inputs[0]).shape
    v = k.view(points_name(block.name))
    reached = min(shape[0], s.rows + s.height - 1 - top)
    with k.each(k.groups, name="g") as g, k.each(shape[2], name="c") as ch:
        with k.each(reached, name="y") as y:

            def at_points(j: int, y: Any = y, ch: Any = ch, g: Any = g) -> list[Any]:
                return [v[y + top, t, j, ch, g] for t in range(s.n)]

            store_row(k, c, block, s, (y, ch, g), at_points)
        clear_rows(k, c, block, range(reached, shape[0]), ch, g)
