"""Batch normalisation over the last axis, then ReLU if one follows.

    y = a·x + s,  a = γ·r,  s = β − μ·a,  r = 1/√(σ² + ε)

In training μ and σ² are the batch's, which no chunk knows alone. So a chunk leaves its moments, all meet, and
each adds up the moments of all chunks in order; on the way back likewise:

    d_β = Σ d_y,  d_γ = Σ d_y·x̂,  x̂ = (x − μ)·r
    d_x = a·(d_y − d_β/N − x̂·d_γ/N) = a·d_y + t·(x − μ) + l,  t = −a·r·d_γ/N,  l = −a·d_β/N

with N = images · rows · columns. Frozen, or not in training, μ and σ² are the moving ones and d_x = a·d_y.

Numerics: moments are taken in one pass, relative to the middle pixel of each image, and combined image by
image and chunk by chunk, so that a mean far from zero costs no digits; Keras (JAX) takes two passes. ε stands
inside the root, and y is a·x + s, as in Keras. The variance is biased; moving ← m·moving + (1 − m)·batch.

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
from tatamilab.engine.memory import moments_name, normal_name, sums_name
from tatamilab.engine.schedule import fit
from tatamilab.engine.target import IMAGES_PER_CHUNK

REFERENCE, DEVIATION, SQUARES = range(3)
"""Rows of a chunk's moments: the middle pixel x₀ of its first image; and over its images, each of p pixels,
mean m and sum of squared deviations M₂, Σ (m − x₀) and Σ (M₂ + p·(m − x₀)²)."""

MEAN, INVERSE, SCALE, SHIFT, SLOPE, LEVEL = range(6)
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
        k.store_sums(out, (np.array([[DEVIATION], [SQUARES]]), ch), sums)

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
    *outer, channels = block.node.shape
    x, y = c.value(block.inputs[0], block.node.shape), c.value(block.name, block.node.shape)
    normal = k.view(normal_name(block.name))

    def tile(ch: Tile) -> None:
        scale, shift = normal[SCALE, ch], normal[SHIFT, ch]
        with k.every(outer) as at:
            for g in range(k.groups):
                z = x[(*at, ch, g)] * scale + shift
                y[(*at, ch, g)] = k.relu(z) if block.relu else z

    _channel_tiles(k, channels, 8, tile)


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
    for row, value in ((MEAN, mean), (INVERSE, inverse), (SCALE, scale), (SHIFT, shift - mean * scale)):
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
        reference, deviation, more = (parts[chunk, row, at] for row in (REFERENCE, DEVIATION, SQUARES))
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
    """This chunk's share of d_β = Σ d_y and d_γ = Σ d_y·x̂."""
    node = _node(block)
    *outer, channels = node.shape
    x, dy = c.value(block.inputs[0], node.shape), c.gradient(block.name, node.shape)
    normal, sums = k.view(normal_name(block.name)), k.view(sums_name(block.name), element="scalar")

    def tile(ch: Tile) -> None:
        mean = normal[MEAN, ch]
        total = k.zeros(2, ch.size)
        for g in range(k.groups):

            def term(*at: Index | int, g: int = g) -> Tile:
                d = dy[(*at, ch, g)]
                return np.stack([d, d * (x[(*at, ch, g)] - mean)])

            total = k.sum({f"axis{a}": extent for a, extent in enumerate(outer)}, total, term)
        total[1] = k.map(lambda t: t.value(), total[1] * normal[INVERSE, ch])
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
    node = _node(block)
    *outer, channels = node.shape
    x, dy = c.value(block.inputs[0], node.shape), c.gradient(block.name, node.shape)
    normal, inside = k.view(normal_name(block.name)), k.view("weight")
    if not node.frozen:
        for_channels(k, block, lambda at: _backward_coefficients(k, block, at))

    def tile(ch: Tile) -> None:
        mean, scale, slope, level = (normal[row, ch] for row in (MEAN, SCALE, SLOPE, LEVEL))
        with k.every(outer) as at:
            for g in range(k.groups):
                here = (*at, ch, g)
                dx = dy[here] * scale
                if not node.frozen:
                    dx = (dx + ((x[here] - mean) * slope + level)) * inside[1, g]
                dx = k.map(lambda v: v.value(), dx)
                c.store_gradient(block.name, block.inputs[0], here, dx, node.shape)

    _channel_tiles(k, channels, 4, tile)


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
    normal[SLOPE, at] = (share * d_gamma).value() * normal[INVERSE, at]
