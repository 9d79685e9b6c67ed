"""How much of an equation is in registers at once: speed, never results.

The table is by register file; every size then bends to the extents of the layer, so that tiles divide them.
"""

from dataclasses import dataclass

from tatamilab.engine.target import Target


@dataclass(frozen=True, kw_only=True)
class Tiles:
    """Accumulators of a contraction: `wide` along what is loaded as vectors, `deep` along what is broadcast."""

    wide: int
    deep: int


BY_REGISTERS = {32: Tiles(wide=4, deep=4), 16: Tiles(wide=2, deep=4)}


def tiles(target: Target) -> Tiles:
    """The tile of a target's register file."""
    return BY_REGISTERS[target.registers]


def divisor(extent: int, size: int) -> int:
    """The largest divisor of `extent` up to `size`."""
    return max(n for n in range(1, max(1, min(size, extent)) + 1) if extent % n == 0)


def fit(extent: int, size: int) -> int:
    """A tile of up to `size` that divides `extent`; where that would be small, `size` with a remainder."""
    best = divisor(extent, size)
    return best if 2 * best > size or extent <= size else min(size, extent)
