"""The shapes of the network figure: blocks of feature maps, bars of numbers, and what links them.

Coordinates are inches. A block shows its front face, rows × columns, and recedes to the upper right, half as
long as it is (a cabinet projection); a bar is one long row of numbers, stood upright.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tatamilab.instruments import style
from tatamilab.instruments.model_facts import Stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR_WIDTH = 0.17
_RECEDE = 0.5 * math.sqrt(0.5)  # half length, at 45°
_LONGEST_BAR = 1.35  # in sides of the largest face
_DEEPEST_BLOCK = 1.6
_LEAST_CELL = 0.026  # inches; finer lines than this are left out

_FRONT, _TOP, _SIDE = "#dce8ee", "#edf3f6", "#c4d7e2"
_INPUT_FRONT = "#eceeec"


@dataclass(frozen=True)
class Scale:
    """Inches of one pixel, of one feature map and of one number alike."""

    unit: float
    side: float

    @classmethod
    def of(cls, chain: list[Stage], side: float) -> "Scale":
        """The scale at which the largest face of `chain` is `side` inches long."""
        largest = max((max(stage.shape[:2]) for stage in chain if len(stage.shape) > 1), default=28)
        return cls(side / largest, side)


@dataclass(frozen=True)
class Solid:
    """A block or bar: its front face, how far it recedes (to the right and up), and whether it was cut."""

    width: float
    height: float
    recede: float
    layers: int
    cells: tuple[int, int]
    is_bar: bool
    cut: bool
    left: float = 0.0
    bottom: float = 0.0

    @classmethod
    def of(cls, stage: Stage, scale: Scale) -> "Solid":
        """The solid of a stage's output, at the origin."""
        if len(stage.shape) == 1:
            (n,) = stage.shape
            longest = _LONGEST_BAR * scale.side
            length = n * scale.unit
            return cls(BAR_WIDTH, min(length, longest), 0.0, 1, (n, 1), is_bar=True, cut=length > longest)
        rows, columns = stage.shape[:2]
        layers = math.prod(stage.shape[2:])
        deepest = _DEEPEST_BLOCK * scale.side
        depth = layers * scale.unit
        recede = min(depth, deepest) * _RECEDE
        size = (columns * scale.unit, rows * scale.unit)
        return cls(*size, recede, layers, (rows, columns), is_bar=False, cut=depth > deepest)

    @property
    def right(self) -> float:
        """Right end of the front face."""
        return self.left + self.width

    @property
    def top(self) -> float:
        """Upper end of the front face."""
        return self.bottom + self.height

    @property
    def total_width(self) -> float:
        """Width with the receding part."""
        return self.width + self.recede

    @property
    def total_height(self) -> float:
        """Height with the receding part."""
        return self.height + self.recede


def draw_solid(ax: "Axes", solid: Solid, *, is_input: bool, unit: float) -> None:
    """Draw a block, or a bar with one cell for each number if there is room."""
    edge = style.MUTED if is_input else style.INDIGO
    left, right, bottom, top, d = solid.left, solid.right, solid.bottom, solid.top, solid.recede
    front = [(left, bottom), (right, bottom), (right, top), (left, top)]
    upper = [(left, top), (right, top), (right + d, top + d), (left + d, top + d)]
    side = [(right, bottom), (right + d, bottom + d), (right + d, top + d), (right, top)]
    if d > 0:
        _fill(ax, upper, _TOP, edge)
        _fill(ax, side, _SIDE, edge)
        _draw_layers(ax, solid, edge)
    _fill(ax, front, _INPUT_FRONT if is_input else _FRONT, edge)
    if unit >= _LEAST_CELL and not (solid.is_bar and solid.cut):
        _draw_cells(ax, solid, edge if solid.is_bar else "white")
        _fill(ax, front, "none", edge, zorder=5)
    if solid.cut:
        _draw_cut(ax, solid, edge)


def draw_fan(ax: "Axes", before: Solid, after: Solid) -> None:
    """Every number of one with every number of the next: a pale surface between them."""
    from matplotlib.patches import Polygon

    corners = [
        (before.right, before.top),
        (after.left, after.top),
        (after.left, after.bottom),
        (before.right, before.bottom),
    ]
    ax.add_patch(Polygon(corners, facecolor=style.PAPER, edgecolor=style.FAINT, linewidth=0.6, zorder=1))


def draw_window(ax: "Axes", before: Solid, after: Solid, stage: Stage, source: Stage, unit: float) -> None:
    """What one output sees: the window on the input's face, and lines to the one cell it becomes."""
    assert stage.window is not None
    row, column = round(0.3 * (stage.shape[0] - 1)), round(0.55 * (stage.shape[1] - 1))
    rows, columns = (min(w, s) for w, s in zip(stage.window, source.shape[:2], strict=True))
    first_row = _first(row, stage.strides[0], rows, source.shape[0], same=stage.same)
    first_column = _first(column, stage.strides[1], columns, source.shape[1], same=stage.same)
    seen = (before.left + first_column * unit, before.top - first_row * unit, columns * unit, rows * unit)
    cell = (after.left + column * unit, after.top - row * unit, unit, unit)
    for left, top, width, height in (seen, cell):
        corners = [(left, top), (left + width, top), (left + width, top - height), (left, top - height)]
        _fill(ax, corners, style.ACCENT, style.ACCENT, zorder=6, alpha=0.28 if width > unit else 0.9)
    for down in (0.0, 1.0):
        ax.plot(
            [seen[0] + seen[2], cell[0]], [seen[1] - down * seen[3], cell[1] - down * cell[3]],
            color=style.ACCENT, linewidth=0.8, zorder=6,
        )  # fmt: skip


def _first(output: int, stride: int, window: int, size: int, *, same: bool) -> int:
    """First input row (or column) of the window that makes row `output`; moved inside where it is padded."""
    return min(max(output * stride - ((window - 1) // 2 if same else 0), 0), size - window)


def _draw_cells(ax: "Axes", solid: Solid, colour: str) -> None:
    """Lines between the pixels of a face, or between the numbers of a bar."""
    from matplotlib.collections import LineCollection

    rows, columns = solid.cells
    ys = [solid.bottom + k * solid.height / rows for k in range(1, rows)]
    xs = [solid.left + k * solid.width / columns for k in range(1, columns)]
    lines = [[(solid.left, y), (solid.right, y)] for y in ys]
    lines += [[(x, solid.bottom), (x, solid.top)] for x in xs]
    ax.add_collection(LineCollection(lines, colors=colour, linewidths=0.5, zorder=4), autolim=False)


def _draw_layers(ax: "Axes", solid: Solid, edge: str) -> None:
    """A line for each feature map on the receding faces, if there is room."""
    step = solid.recede / solid.layers
    if solid.cut or step < _LEAST_CELL / 2:
        return
    from matplotlib.collections import LineCollection

    depths = [number * step for number in range(1, solid.layers)]
    left, right, bottom, top = solid.left, solid.right, solid.bottom, solid.top
    lines = [[(left + d, top + d), (right + d, top + d), (right + d, bottom + d)] for d in depths]
    ax.add_collection(LineCollection(lines, colors=edge, linewidths=0.3, alpha=0.6, zorder=4), autolim=False)


def _draw_cut(ax: "Axes", solid: Solid, edge: str) -> None:
    """A white gap with two edges where a length was cut short."""
    if solid.is_bar:
        middle, lift, gap = solid.bottom + 0.5 * solid.height, 0.04, 0.06
        xs = [solid.left - 0.03, solid.left + solid.width / 2, solid.right + 0.03]
        below = [middle - gap / 2 - lift, middle - gap / 2 + lift, middle - gap / 2 - lift]
        lower = list(zip(xs, below, strict=True))
        upper = [(x, y + gap) for x, y in lower]
    else:
        near, far = 0.5 * solid.recede, 0.5 * solid.recede + 0.05
        lower, upper = (
            [
                (solid.left + d, solid.top + d),
                (solid.right + d, solid.top + d),
                (solid.right + d, solid.bottom + d),
            ]
            for d in (near, far)
        )
    _fill(ax, [*lower, *reversed(upper)], "white", "none", zorder=5)
    for line in (lower, upper):
        ax.plot(*zip(*line, strict=True), color=edge, linewidth=0.8, zorder=5)


def _fill(
    ax: "Axes",
    corners: list[tuple[float, float]],
    face: str,
    edge: str,
    *,
    zorder: int = 3,
    alpha: float = 1.0,
) -> None:
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Polygon

    ax.add_patch(
        Polygon(
            corners,
            facecolor=to_rgba(face, alpha),
            edgecolor=edge,
            linewidth=0.8,
            joinstyle="round",
            zorder=zorder,
        )
    )
