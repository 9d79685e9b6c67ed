"""A 2×2 max-pool behind another layer, in registers: the best of each window is stored, and which it was.

Which it was is two bits a lane: whether the lower row won, and whether the right column did.
"""

from typing import Any

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import Tile
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.memory import winners_name

Bits = tuple[Tile, Tile]
"""Masks: the lower row won; the right column won."""


def store_best(
    k: Kernel, c: Context, block: Block, sides: tuple[Tile, Tile], at: tuple[Any, ...]
) -> Bits | None:
    """Store the largest of each window, the first of equals, behind the ReLU; in training also which it was.

    Args:
        k, c, block: what is computed, with its pool.
        sides: the left and the right column of each window: tiles (2 rows, channels).
        at: index of the windows in the pooled value.

    Returns:
        Which it was, in training.
    """
    left, right = sides
    is_right = k.compare(">", right, left)
    by_column = k.where(is_right, right, left)
    best = k.maximum(by_column[0], by_column[1])
    c.value(block.name)[at] = k.relu(best) if block.relu else best
    if not c.training:
        return None
    low = k.compare(">", by_column[1], by_column[0])
    side = k.where(low, is_right[1], is_right[0])
    winners = k.view(winners_name(block.name), element="scalar")
    *place, group = at
    winners[(*place, 0, group)] = k.map(k.pack, low)
    winners[(*place, 1, group)] = k.map(k.pack, side)
    return low, side


def won(k: Kernel, c: Context, block: Block, at: tuple[Any, ...], row: int) -> list[Any]:
    """∂loss/∂(both columns of row 0 or 1 of each window): its gradient where it won, else 0."""
    *place, group = at
    g = c.gradient(block.name)[at]
    winners = k.view(winners_name(block.name), element="scalar")
    low, right = (k.map(k.unpack, winners[(*place, which, group)]) for which in (0, 1))
    zero = k.constant(0.0)
    g = k.where(low, g, zero) if row else k.where(low, zero, g)
    return [k.where(right, zero, g), k.where(right, g, zero)]
