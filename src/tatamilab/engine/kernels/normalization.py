"""Batch normalisation over the last axis, then ReLU and a 2×2 max-pool if they follow.

    y = a·x + s,  a = γ·r,  s = β − μ·a,  r = 1/√(σ² + ε)

In training μ and σ² are the batch's, which no chunk knows alone. So a chunk leaves its moments, all meet, and
each adds up the moments of all chunks in order; on the way back likewise:

    d_β = Σ d_y,  d_γ = Σ d_y·x̂,  x̂ = (x − μ)·r
    d_x = a·(d_y − d_β/N − x̂·d_γ/N) = a·d_y + t·(x − μ) + l,  t = −a·r·d_γ/N,  l = −a·d_β/N

with N = images · rows · columns. Frozen, or not in training, μ and σ² are the moving ones and d_x = a·d_y.

Numerics: moments are taken in one pass, relative to the middle pixel of each image, brought to one reference for
the chunk, and combined chunk by chunk, so that a mean far from zero costs no digits; Keras (JAX) takes two passes.
ε stands inside the root, and y is a·x + s, as in Keras. The variance is biased; moving ← m·moving + (1 − m)·batch.

Sources: Ioffe and Szegedy (2015), algorithm 1; Chan, Golub and LeVeque (1979), equation 2.1, for combining.
"""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from llvmlite import ir

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import F32, I32, I64, Index, Tile, Value, View
from tatamilab.engine.graph import BatchNormalization
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.data import images_in_batch
from tatamilab.engine.kernels.windows import store_best, won
from tatamilab.engine.memory import best_name, moments_name, normal_name, sums_name
from tatamilab.engine.schedule import fit
from tatamilab.engine.target import IMAGES_PER_CHUNK

REFERENCE, OFFSETS, SQUARES = range(3)
"""Rows of a chunk's moments: the middle pixel x₀ of its first image; and over its images, each of p pixels,
mean m and sum of squared deviations M₂, Σ (m − x₀) and Σ (M₂ + p·(m − x₀)²)."""

MEAN, INVERSE_DEVIATION, SCALE, SHIFT, SLOPE, LEVEL = range(6)
"""Rows of what one channel's elements need to know: μ, r, a, s; on the way back also t and l."""


def _node(block: Block) -> BatchNormalization:
    assert isinstance(block.node, BatchNormalization)
    return block.node


def _channel_tiles(k: Kernel, channels: int, size: int, body: Callable[[Tile], None]) -> None:
    """Channels side by side in registers: `size` of 32, or half as many of 16."""
    k.tiles({"c": channels}, {"c": fit(channels, size if k.target.registers == 32 else size // 2)}, body)


# -- forward -------------------------------------------------------------------------------------------------


def moments(k: Kernel, c: Context, block: Block) -> None:
    """A chunk's moments of each channel, over its images inside the batch."""
    *outer, channels = block.node.shape
    count = prod(outer)
    x, inside = c.value(block.inputs[0], block.node.shape), k.view("weight")
    out = k.view(moments_name(block.name), element="scalar")

    def tile(ch: Tile) -> None:
        sums = k.zeros(2, ch.size)
        reference: Tile = None
        for g in range(k.groups):
            middle = x[(*(extent // 2 for extent in outer), ch, g)]
            offset, squares = _moments_of_images(k, x, outer, (ch, g), middle)
            if g == 0:
                reference = k.map(lambda v: Value(k, k.ir.extract_element(v.v, I32(0))), middle)
                first = k.map(lambda v: Value(k, k.broadcast(v.v)), reference)
            deviation = middle - first + offset
            squares = squares + deviation * k.map(lambda d: (d * float(count)).value(), deviation)
            sums = sums + np.stack([deviation, squares]) * inside[1, g]
        out[REFERENCE, ch] = reference
        k.store_sums(out, (np.array([[OFFSETS], [SQUARES]]), ch), sums)

    _channel_tiles(k, channels, 8, tile)


def _moments_of_images(k: Kernel, x: View, outer: list[int], which: Any, middle: Tile) -> tuple[Tile, Tile]:
    """Of each image, mean − middle pixel, and the sum of squared deviations from the mean."""

    def term(*at: Index | int) -> Tile:
        d = x[(*at, *which)] - middle
        return np.stack([d, d * d])

    over = {f"axis{a}": extent for a, extent in enumerate(outer)}
    total, squares = k.sum(over, k.zeros(2, middle.size), term)
    offset = k.map(lambda v: (v * (1 / prod(outer))).value(), total)
    return offset, squares - offset * total


def forward(k: Kernel, c: Context, block: Block) -> None:
    """y = a·x + s, with μ and σ² of the batch in training unless frozen, else the moving ones."""
    from_batch = c.training and not _node(block).frozen
    for_channels(k, block, lambda at: _coefficients(k, c, block, at, from_batch=from_batch))
    (_normalise_pooled if block.pool else _normalise)(k, c, block)


def _normalise(k: Kernel, c: Context, block: Block) -> None:
    *rows, channels = block.node.shape
    x, y = c.value(block.inputs[0], block.node.shape), c.value(block.name, block.node.shape)
    normal = k.view(normal_name(block.name))

    def tile(ch: Tile, row: tuple[Index, ...]) -> None:
        scale, shift = normal[SCALE, ch], normal[SHIFT, ch]
        with k.every(rows[-1:]) as column:
            for g in range(k.groups):
                at = (*row, *column, ch, g)
                z = x[at] * scale + shift
                y[at] = k.relu(z) if block.relu else z

    with k.every(rows[:-1]) as row:
        _channel_tiles(k, channels, 8, lambda ch: tile(ch, row))


def _normalise_pooled(k: Kernel, c: Context, block: Block) -> None:
    """The best of each 2×2 window; for the way back also what it was before it was normalised."""
    rows, columns, channels = block.shape
    x, normal, best = c.value(block.inputs[0]), k.view(normal_name(block.name)), k.view(best_name(block.name))
    down = np.arange(2).reshape(-1, 1)

    def tile(ch: Tile, i: Index) -> None:
        scale, shift = normal[SCALE, ch], normal[SHIFT, ch]
        with k.each(columns, name="j") as j:
            for g in range(k.groups):
                left, right = (x[down + np.array(i * 2, object), j * 2 + q, ch, g] for q in (0, 1))
                at = (i, j, ch, g)
                sides = left * scale + shift, right * scale + shift
                which = store_best(k, c, block, sides, at)
                if which and block.name in c.plan.wants_gradient:
                    is_low, is_right = which
                    best[at] = k.where(
                        is_low, k.where(is_right, right[1], left[1]), k.where(is_right, right[0], left[0])
                    )

    with k.each(rows, name="i") as i:
        _channel_tiles(k, channels, 4, lambda ch: tile(ch, i))


def for_channels(k: Kernel, block: Block, body: Callable[[Index], None]) -> None:
    """Call `body` with the first of each vector of neighbouring channels; behind the last is padding."""
    with k.each(block.node.shape[-1], step=k.lanes, name="channels") as at:
        body(at)


def _coefficients(k: Kernel, c: Context, block: Block, at: Index, *, from_batch: bool) -> None:
    """μ, r, a and s of a vector of channels; the chunk that comes first also moves the moving ones."""
    node = _node(block)
    channels = (block.node.shape[-1],)
    moving = [c.weight(name, element="vector", shape=channels) for name in (node.mean, node.variance)]
    if from_batch:
        batch = _batch_moments(k, block, at)
        mean, variance = batch
        with k.when(k.ir.icmp_signed("==", k.piece, I64(0))):
            for old, new in zip(moving, batch, strict=True):
                old[at,] = old[at,] * node.momentum + (new * (1.0 - node.momentum)).value()
    else:
        mean, variance = (old[at,] for old in moving)
    inverse = k.constant(1.0) / k.call("llvm.sqrt", variance + node.epsilon)
    scale, shift = inverse, k.constant(0.0)
    if node.gamma:
        scale = (inverse * c.weight(node.gamma, element="vector", shape=channels)[at,]).value()
    if node.beta:
        shift = c.weight(node.beta, element="vector", shape=channels)[at,]
    normal = k.view(normal_name(block.name), element="vector")
    for row, value in (
        (MEAN, mean),
        (INVERSE_DEVIATION, inverse),
        (SCALE, scale),
        (SHIFT, shift - mean * scale),
    ):
        normal[row, at] = value


def _batch_moments(k: Kernel, block: Block, at: Index) -> tuple[Value, Value]:
    """μ and σ² of a vector of channels, from the moments of all chunks in order, all relative to one x₀."""
    count = float(prod(block.node.shape[:-1]))
    parts = k.view(moments_name(block.name), element="vector", all_chunks=True)
    images, origin = images_in_batch(k), parts[0, REFERENCE, at]
    carried = k.zeros(3)
    with k.each(k.chunks, carry=carried, name="chunk") as chunk:
        mean, squares, before = carried
        here = _images_of_chunk(k, images, chunk)
        reference, deviation, more = (parts[chunk, row, at] for row in (REFERENCE, OFFSETS, SQUARES))
        offset = deviation / here
        delta = reference - origin + offset - mean
        total = before + here
        share = here / total
        carried[0] = mean + delta * share
        more = more - (deviation * offset).value() * count
        between = (delta * delta).value() * (before * share).value()
        carried[1] = squares + more + between * count
        carried[2] = total
    mean, squares, n = carried
    return origin + mean, k.maximum(squares, k.constant(0.0)) / (n * count)


def _images_of_chunk(k: Kernel, images: ir.Value, chunk: Index) -> Value:
    """How many images of the batch a chunk holds, in every lane."""
    left = k.ir.sub(images, k.number(chunk * IMAGES_PER_CHUNK))
    full = I64(IMAGES_PER_CHUNK)
    here = k.ir.select(k.ir.icmp_signed("<", left, full), left, full)
    return Value(k, k.broadcast(k.ir.sitofp(here, F32)))


# -- gradients -----------------------------------------------------------------------------------------------


def weight_gradient(k: Kernel, c: Context, block: Block) -> None:
    """This chunk's share of d_β = Σ d_y and d_γ = Σ d_y·x̂; behind a pool only what won has a d_y."""
    node = _node(block)
    *outer, channels = block.shape
    x = k.view(best_name(block.name)) if block.pool else c.value(block.inputs[0], node.shape)
    dy = c.gradient(block.name)
    normal, sums = k.view(normal_name(block.name)), k.view(sums_name(block.name), element="scalar")

    def tile(ch: Tile) -> None:
        mean = normal[MEAN, ch]
        total = k.zeros(2, ch.size)
        for g in range(k.groups):

            def term(*at: Index | int, g: int = g) -> Tile:
                d = dy[(*at, ch, g)]
                return np.stack([d, d * (x[(*at, ch, g)] - mean)])

            total = k.sum({f"axis{a}": extent for a, extent in enumerate(outer)}, total, term)
        total[1] = k.map(lambda t: t.value(), total[1] * normal[INVERSE_DEVIATION, ch])
        k.store_sums(sums, (np.array([[0], [1]]), ch), total)

    _channel_tiles(k, channels, 8, tile)
    summed = k.view(sums_name(block.name), element="vector")
    for row, parameter in enumerate((node.beta, node.gamma)):
        if parameter and c.wants(parameter):
            out = c.partial(parameter, element="vector")

            def copy(at: Index, row: int = row, out: Tile = out) -> None:
                out[at,] = summed[row, at]

            for_channels(k, block, copy)


def input_gradient(k: Kernel, c: Context, block: Block) -> None:
    """d_x = a·d_y + t·(x − μ) + l for the images inside the batch; a·d_y where the moving ones were used."""
    if not _node(block).frozen:
        for_channels(k, block, lambda at: _backward_coefficients(k, block, at))
    (_give_unpooled if block.pool else _give)(k, c, block)


class _Giver:
    """Gives d_x for some channels, whose coefficients it holds."""

    def __init__(self, k: Kernel, c: Context, block: Block, ch: Tile) -> None:
        self.k, self.c, self.block, self.ch = k, c, block, ch
        normal, rows = k.view(normal_name(block.name)), (MEAN, SCALE, SLOPE, LEVEL)
        self.mean, self.scale, self.slope, self.level = (normal[row, ch] for row in rows)
        self.inside = k.view("weight")
        self.x = c.value(block.inputs[0], block.node.shape)

    def give(self, place: tuple[Any, ...], g: int, dy: Tile | None) -> None:
        """d_x of one place in one group of images; `dy` is None where nothing was chosen by a pool."""
        k, at = self.k, (*place, self.ch, g)
        dx: Tile = k.zeros(self.ch.size)
        if not _node(self.block).frozen:
            dx = (self.x[at] - self.mean) * self.slope + self.level
        if dy is not None:
            dx = dy * self.scale + dx
        dx = k.map(lambda v: (v * self.inside[1, g]).value(), dx)
        self.c.store_gradient(self.block.name, self.block.inputs[0], at, dx, self.block.node.shape)


def _give(k: Kernel, c: Context, block: Block) -> None:
    *rows, channels = block.node.shape
    dy = c.gradient(block.name, block.node.shape)

    def tile(ch: Tile, row: tuple[Index, ...]) -> None:
        giver = _Giver(k, c, block, ch)
        with k.every(rows[-1:]) as column:
            for g in range(k.groups):
                giver.give((*row, *column), g, dy[(*row, *column, ch, g)])

    with k.every(rows[:-1]) as row:
        _channel_tiles(k, channels, 4, lambda ch: tile(ch, row))


def _give_unpooled(k: Kernel, c: Context, block: Block) -> None:
    """To all four places of each window, and to a last row or column that no window holds."""
    rows, columns, channels = block.node.shape

    def tile(ch: Tile, i: Index) -> None:
        giver = _Giver(k, c, block, ch)
        for g in range(k.groups):
            with k.each(columns // 2, name="j") as j:
                for row in (0, 1):
                    for column, dy in enumerate(won(k, c, block, (i, j, ch, g), row)):
                        giver.give((i * 2 + row, j * 2 + column), g, dy)
            if columns % 2:
                for row in (0, 1):
                    giver.give((i * 2 + row, columns - 1), g, None)

    def last_row(ch: Tile, i: int) -> None:
        giver = _Giver(k, c, block, ch)
        with k.each(columns, name="j") as j:
            for g in range(k.groups):
                giver.give((i, j), g, None)

    with k.each(rows // 2, name="i") as i:
        _channel_tiles(k, channels, 4, lambda ch: tile(ch, i))
    if rows % 2:
        _channel_tiles(k, channels, 4, lambda ch: last_row(ch, rows - 1))


def _backward_coefficients(k: Kernel, block: Block, at: Index) -> None:
    """t and l of a vector of channels, from the sums of all chunks in order."""
    parts = k.view(sums_name(block.name), element="vector", all_chunks=True)
    total = k.zeros(2)
    with k.each(k.chunks, carry=total, name="chunk") as chunk:
        for row in range(2):
            total[row] = total[row] + parts[chunk, row, at]
    images = Value(k, k.broadcast(k.ir.sitofp(images_in_batch(k), F32)))
    d_beta, d_gamma = total
    normal = k.view(normal_name(block.name), element="vector")
    share = -normal[SCALE, at] / (images * float(prod(block.node.shape[:-1])))
    normal[LEVEL, at] = share * d_beta
    normal[SLOPE, at] = (share * d_gamma).value() * normal[INVERSE_DEVIATION, at]
