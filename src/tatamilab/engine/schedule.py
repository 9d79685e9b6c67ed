"""How much of an equation is in registers at once: speed, never results.

The table is by register file; every size then bends to the extents of the layer, so that tiles divide them.
"""

from dataclasses import dataclass

from tatamilab.engine.graph import Conv2D
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


def column_tile(conv: Conv2D, taps: int, columns: int) -> int | None:
    """Outputs of a column tile where Toom–Cook saves multiplications (`kernels/toom_cook`), else None.

    The transforms cost a few additions for each product saved: a quarter must be saved to be worth them.
    """
    plain = conv.strides == conv.dilation == (1, 1) and conv.groups == 1
    if not plain or not 3 <= taps <= 7 or columns < 2 or conv.shape[-1] < 4:
        return None
    m = 4 if taps <= 5 else 2
    tiles = -(-columns // m)
    return m if 4 * tiles * (m + taps - 1) <= 3 * columns * taps else None


def row_tile(height: int, rows: int) -> int | None:
    """Rows of a tile where Toom–Cook is used along the rows as well: 4 products for each 6, so that it pays where
    the transforms serve many channels; and errors stay small for two rows only."""
    return 2 if height == 3 and rows % 2 == 0 else None
