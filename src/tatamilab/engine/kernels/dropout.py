"""Dropout: in training each element (or channel) is 0 with probability `rate`, else ×1/(1 − rate).

Whether an element stays is a function of numbers alone, so that nothing is stored, the way back asks again,
and neither threads nor targets matter: with the step's seed, the layer's place in the network, the image's
place in the batch and the element's (or channel's) place in the image,

    key   = mix(mix(seed ⊕ salt(layer)) + image)
    gamma = mix(key ⊕ φ) | 1
    kept    where mix(key + element·gamma) ≥ rate·2³², as 32-bit numbers

A stream of random numbers for each image, which advances by an odd number of its own.

Sources: Steele, Lea and Flood (2014), *Fast Splittable Pseudorandom Number Generators*, for streams; Wellons
(2018), *Prospecting for Hash Functions*, the 32-bit finaliser "lowbias32", for `mix`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import I32, I64, Index, Tile, Value
from tatamilab.engine.graph import Dropout
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.elementwise import elements
from tatamilab.engine.memory import SEED
from tatamilab.engine.schedule import fit
from tatamilab.engine.target import IMAGES_PER_CHUNK

ROUNDS = ((16, 0x7FEB352D), (15, 0x846CA68B))
"""Of `mix`: x ← x ⊕ x >> shift, then x ← x·multiplier; a shift by `LAST` follows."""

LAST = 16

GOLDEN = 0x9E3779B9
"""2³²/φ, odd: multiples of it are spread evenly."""

BITS = 0xFFFFFFFF


def mix(x: np.ndarray) -> np.ndarray:
    """A bijection of the 32-bit numbers that leaves no pattern.

    Example:
        >>> [hex(n) for n in mix(np.array([1, 2], np.uint32))]
        ['0x688990c0', '0xd1132181']
    """
    for shift, multiplier in ROUNDS:
        x = (x ^ (x >> np.uint32(shift))) * np.uint32(multiplier)
    return x ^ (x >> np.uint32(LAST))


def seeds(seed: int, iterations: int, n_steps: int) -> np.ndarray:
    """The seed of each step, uint32 (n_steps,).

    Args:
        seed: any whole number; its lowest 64 bits count.
        iterations: steps taken before the first of these.
        n_steps: how many.
    """
    low, high = (np.full(1, seed >> shift & BITS, np.uint32) for shift in (0, 32))
    steps = np.arange(iterations, iterations + n_steps, dtype=np.int64)
    beyond = mix((steps >> 32).astype(np.uint32))  # 0 up to there
    return mix(mix(low ^ mix(high + np.uint32(1))) + beyond + steps.astype(np.uint32))


def threshold(rate: float) -> int:
    """What a random 32-bit number must reach for the element to stay."""
    return min(round(rate * 2**32), BITS)


def salt(layer: int) -> int:
    """What tells the dropout layers of a network apart; `layer` is the place among the plan's blocks."""
    return (layer + 1) * GOLDEN & BITS


class Mask:
    """What stays of a chunk, asked element by element.

    Args:
        k: the kernel being emitted.
        layer: the place of the dropout among the plan's blocks.
        rate: the probability of being dropped.
    """

    def __init__(self, k: Kernel, layer: int, rate: float) -> None:
        self.k = k
        self.threshold = self._number(threshold(rate))
        seed = k.ir.bitcast(k.view("rates")[k.index(k.step), SEED].v, k.integers)
        of_layer = self._mix(k.ir.xor(seed, self._number(salt(layer))))
        chunk = k.ir.trunc(k.ir.mul(k.piece, I64(IMAGES_PER_CHUNK)), I32)
        of_chunk = k.ir.add(of_layer, k.broadcast(chunk))
        self.keys, self.gammas = [], []
        for g in range(k.groups):
            lanes = [g * k.lanes + lane for lane in range(k.lanes)]
            key = self._mix(k.ir.add(of_chunk, ir.Constant(k.integers, lanes)))
            gamma = self._mix(k.ir.xor(key, self._number(GOLDEN)))
            self.keys.append(key)
            self.gammas.append(k.ir.or_(gamma, self._number(1)))

    def kept(self, start: Index | int, count: int, group: int) -> Tile:
        """Lane masks of `count` elements from `start` on, of one group of images."""
        k, gamma = self.k, self.gammas[group]
        first = k.broadcast(k.ir.trunc(k.number(start), I32))
        state = k.ir.add(self.keys[group], k.ir.mul(first, gamma))
        tile = np.empty(count, object)
        for i in range(count):
            random = self._mix(state)
            tile[i] = Value(k, k.ir.icmp_unsigned(">=", random, self.threshold))
            state = k.ir.add(state, gamma)
        return tile

    def _number(self, n: int) -> ir.Value:
        return self.k.constant(n, self.k.integers).v

    def _mix(self, x: ir.Value) -> ir.Value:
        build = self.k.ir
        for shift, multiplier in ROUNDS:
            x = build.xor(x, build.lshr(x, self._number(shift)))
            x = build.mul(x, self._number(multiplier))
        return build.xor(x, build.lshr(x, self._number(LAST)))


def _masked(k: Kernel, c: Context, block: Block, body: Callable[[tuple[Any, ...], Tile], None]) -> None:
    """Call `body(index, mask)` for tiles of channels that cover the value once."""
    node = block.node
    assert isinstance(node, Dropout)
    *outer, channels = node.shape
    mask = Mask(k, [b.name for b in c.plan.blocks].index(block.name), node.rate)

    def of_channels(ch: Tile) -> None:
        masks = [mask.kept(ch[0], ch.size, g) for g in range(k.groups)]
        with k.every(outer) as at:
            for g, kept in enumerate(masks):
                body((*at, ch, g), kept)

    def of_pixel(ch: Tile, at: tuple[Index, ...]) -> None:
        place: Index | int = 0
        for i, extent in zip(at, outer, strict=True):
            place = i + place * extent
        for g in range(k.groups):
            body((*at, ch, g), mask.kept(ch[0] + place * channels, ch.size, g))

    tile = {"c": fit(channels, 8)}
    if node.whole_channels:
        k.tiles({"c": channels}, tile, of_channels)
        return
    with k.every(outer) as at:
        k.tiles({"c": channels}, tile, lambda ch: of_pixel(ch, at))


def _scaled(k: Kernel, kept: Tile, x: Tile, rate: float) -> Tile:
    return k.where(kept, k.map(lambda v: (v * (1 / (1 - rate))).value(), x), 0.0)


def forward(k: Kernel, c: Context, block: Block) -> None:
    """y = x/(1 − rate) where it stays, else 0; y = x outside training."""
    node = block.node
    assert isinstance(node, Dropout)
    x, y = c.value(block.inputs[0], node.shape), c.value(block.name)

    def copy(at: Any) -> None:
        y[at] = x[at]

    def drop(at: Any, kept: Tile) -> None:
        y[at] = _scaled(k, kept, x[at], node.rate)

    if c.training:
        _masked(k, c, block, drop)
    else:
        elements(k, node.shape, copy)


def input_gradient(k: Kernel, c: Context, block: Block) -> None:
    """d_x = d_y/(1 − rate) where x stayed, else 0."""
    node = block.node
    assert isinstance(node, Dropout)
    dy = c.gradient(block.name)

    def drop(at: Any, kept: Tile) -> None:
        c.store_gradient(block.name, block.inputs[0], at, _scaled(k, kept, dy[at], node.rate), node.shape)

    _masked(k, c, block, drop)
