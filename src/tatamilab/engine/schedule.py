"""How much of an equation is in registers at once: speed, never results.

The table is by register file; every size then bends to the extents of the layer, so that tiles divide them.
Another table, which `tatami engine tune` measures, is taken where `TATAMI_SCHEDULE` names its file: a schedule is
no part of what fixes a plan's bits, so two machines may differ in it and agree in every result.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tatamilab.engine.graph import Conv2D
from tatamilab.errors import BadInput
from tatamilab.files import read_json
from tatamilab.i18n import _

CACHED_ROWS = 64
"""Rows of a dense kernel that pass before the sums go back to memory, so that they and the features stay near."""

VARIABLE = "TATAMI_SCHEDULE"

MOST = 256
"""The largest number that a schedule may hold."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How many sums a kernel keeps in registers; every number bends to the extents of a layer.

    Args:
        wide: sums of a contraction along what is loaded as vectors.
        deep: the same along what is broadcast.
        dense_outputs: outputs of a dense layer at once.
        dense_features: features whose gradient is summed at once.
        dense_rows: rows of a dense kernel that pass before the sums go back to memory.
        wide_outputs: outputs, or features, of a wide dense layer at once.
        few_channels: sums of a convolution of few channels, over all rows of its kernel.
        row_tiles: sums of a convolution by tiles of rows.
        row_tiles_across: column tiles of them.
    """

    wide: int
    deep: int
    dense_outputs: int
    dense_features: int
    dense_rows: int
    wide_outputs: int
    few_channels: int
    row_tiles: int
    row_tiles_across: int


BY_REGISTERS = {
    32: Schedule(
        wide=4,
        deep=4,
        dense_outputs=20,
        dense_features=16,
        dense_rows=CACHED_ROWS,
        wide_outputs=16,
        few_channels=20,
        row_tiles=24,
        row_tiles_across=4,
    ),
    16: Schedule(
        wide=2,
        deep=4,
        dense_outputs=12,
        dense_features=10,
        dense_rows=CACHED_ROWS,
        wide_outputs=8,
        few_channels=10,
        row_tiles=10,
        row_tiles_across=2,
    ),
}
"""What is taken where nobody has measured anything else, by the size of the register file."""


def chosen(target: str) -> Schedule | None:
    """The schedule of a target in the table that `TATAMI_SCHEDULE` names, if it names one. Raises as `read` does."""
    path = os.environ.get(VARIABLE)
    return read(path, target) if path else None


def read(path: str | Path, target: str) -> Schedule | None:
    """The schedule of a target in a table that `tatami engine tune` wrote; None where it has none.

    Raises:
        BadInput: there is no such file, or it is no such table.
    """
    try:
        table = read_json(Path(path).expanduser().read_bytes())
        row = table.get(target)
        return None if row is None else _checked(row)
    except (OSError, ValueError, AttributeError, TypeError) as problem:
        raise BadInput(
            _(
                "{path} is no table of schedules as tatami engine tune writes it: {problem}.",
                path=path,
                problem=str(problem).rstrip("."),
            )
        ) from problem


def _checked(row: Mapping[str, int]) -> Schedule:
    for name, value in row.items():
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST:
            raise ValueError(
                _(
                    "{name} is {value!r}, not a whole number from 1 to {most}",
                    name=name,
                    value=value,
                    most=MOST,
                )
            )
    return Schedule(**row)


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
