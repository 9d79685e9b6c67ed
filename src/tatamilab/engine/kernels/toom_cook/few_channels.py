"""Few input channels: products stay in registers from the points to the pool, and back."""

from typing import Any

import numpy as np

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import Tile
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.toom_cook.outputs import Place, find_presence, finish, outputs
from tatamilab.engine.kernels.toom_cook.points import (
    gather_taps,
    pooled_points,
    transform_input,
    transform_kernel,
)
from tatamilab.engine.kernels.toom_cook.transforms import Shape, Transforms, shape_of, transforms
from tatamilab.engine.memory import kernel_points_name, points_gradient_name, points_name
from tatamilab.engine.schedule import divisor


def forward(k: Kernel, c: Context, block: Block) -> None:
    """y = b + Σ_t A · Σ_{u,c} V·U, then ReLU and pool.

    In registers at once: r rows, and two column tiles of one filter, or one of two filters.
    """
    transform_kernel(k, c, block)
    transform_input(k, c, block)
    s = shape_of(c, block)
    if c.training and block.relu:
        find_presence(k, c, block, s)
    v, w = k.view(points_name(block.name)), k.view(kernel_points_name(block.name))
    r = 2 if block.pool or s.rows % 2 == 0 else 1
    wide = 2 if k.target.registers == 32 else 1
    across = divisor(s.tiles, wide)
    deep = divisor(s.filters, wide // across)

    def tile(g: Tile, i: Tile, j: Tile, o: Tile) -> None:
        row = np.arange(r).reshape(-1, 1, 1)
        at = Place(g.item(), i.item(), j.reshape(1, -1, 1), o.reshape(1, 1, -1), row)
        rows = row + np.array(at.i * r, object)

        def products(t: int, start: Tile | None) -> Tile:
            start = k.zeros(at.row.size, at.j.size, at.filters.size) if start is None else start

            def term(ch: Any, u: int) -> Any:
                return v[rows + u, t, at.j, ch, at.group] * w[u, t, ch, at.filters]

            return k.sum({"c": s.depth, "u": s.height}, start, term, unroll={"c": s.depth, "u": s.height})

        finish(k, c, block, s, outputs(k, c, block, s, at, products), at)

    extents = {"g": k.groups, "i": s.rows // r, "J": s.tiles, "o": s.filters}
    k.tiles(extents, {"J": across, "o": deep}, tile)


def pooled_weight_gradient(k: Kernel, c: Context, block: Block) -> None:
    """dU[u,t,c,o] behind a 2×2 pool, then this chunk's share of d_w = Gᵀ·dU.

    For one input channel and one filter, all kernel rows and a few points at a time stay in registers while
    the whole image passes.
    """
    s = shape_of(c, block)
    out = k.view(points_gradient_name(block.name), element="scalar")
    size = max(2, k.schedule.few_channels // s.height)
    for points in _point_blocks(transforms(s.m, s.taps), size):
        flat = [t for pair in points for t in pair]
        with k.each(s.depth, name="c") as ch, k.each(s.filters, name="o") as o:
            acc = _sum_over_image(k, c, block, s, points, (ch, o))
            for (row, at), a in np.ndenumerate(acc):
                out[row, flat[at], ch, o] = k.sum_lanes(a)
    gather_taps(k, c, block)


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
                    pooled_points(k, c, block, s, points, (i, j, o, group), windows, r) for r in (0, 1)
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
