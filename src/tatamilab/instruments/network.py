"""The network, drawn to scale, with the arithmetic of its parameters."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.model_facts import Stage, stages
from tatamilab.instruments.network_shapes import Scale, Solid, draw_fan, draw_solid, draw_window
from tatamilab.instruments.words import sentences

if TYPE_CHECKING:
    import keras
    from matplotlib.axes import Axes

_SIDE = 1.3  # inches of the largest face
_GAP = 0.34  # between two columns
_MARGIN = 0.35
_WIDEST = 11.8  # inches of one row
_HEAD = 0.62  # above the drawing: name and call of the layer
_HEADING = 0.75


@dataclass(frozen=True)
class _Line:
    """A line of text: how large (points), in which colour, how much space below it."""

    text: str
    size: float
    colour: str
    space: float = 0.0

    @property
    def width(self) -> float:
        """Roughly, in inches."""
        return style.text_width(self.text, self.size)

    @property
    def height(self) -> float:
        return 1.5 * self.size / 72 + self.space


@dataclass(frozen=True)
class _Column:
    """One stage as drawn: lines above, the solid, lines below; with the layers folded into it."""

    stage: Stage
    above: list[_Line]
    below: list[_Line]
    solid: Solid

    @property
    def width(self) -> float:
        return max(self.solid.total_width, *(line.width for line in [*self.above, *self.below]))


def plot_network(model: "keras.Model", *, ax: "Axes | None" = None) -> "Axes":
    """Draw a chain of layers to scale, with the shape and the parameter arithmetic of each.

    A pixel, a feature map and a number have the same length (depth recedes, at half length); what would be
    too long is cut, and the cut is drawn. Layers that keep the shape and see one value at a time, such as
    Dropout, are written beside the layer before them. Wide networks take several rows.

    Args:
        model: a Keras model whose layers form one chain.
        ax: where to draw, best without frame and some 11 inches wide; the axes of a new figure if None.

    Returns:
        The axes; its data coordinates are inches.

    Raises:
        BadInput: the model is not built, is no chain, or leaves a size open.
    """
    chain = stages(model)
    scale = Scale.of(chain, _SIDE)
    columns = _columns(chain, scale)
    rows = _rows(columns)
    heading, note = _Line(_heading(chain), 13, style.INK), _Line(_scale_words(columns), 8, style.MUTED)
    width = max(heading.width, note.width, *map(_row_width, rows)) + 2 * _MARGIN
    height = _HEADING + sum(map(_row_height, rows)) + 0.3
    if ax is None:
        ax = style.new_figure(width, height).add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    ax.set_aspect("equal")
    ax.set_xlim(0, width)
    ax.set_ylim(0, height)
    _write(ax, _MARGIN, height - 0.22, heading, ha="left")
    top = height - _HEADING
    for number, row in enumerate(rows):
        _draw_row(ax, row, width, top, scale, follows=number > 0)
        top -= _row_height(row)
    _write(ax, _MARGIN, 0.3, note, ha="left")
    return ax


def describe_network(model: "keras.Model") -> str:
    """The layers, shapes and parameters of a network, in words.

    Raises:
        BadInput: as `plot_network`.
    """
    chain = stages(model)
    parts = [
        f"{stage.call} → {shape_words(stage)}" + (f" ({sum_words(stage)})" if stage.n_parameters else "")
        for stage in chain
    ]
    total = sum(stage.n_parameters for stage in chain)
    return _("Network: {layers}. {total:,} parameters in all.", layers=", ".join(parts), total=total)


def shape_words(stage: Stage) -> str:
    """The shape as the worksheet writes it, such as "24×24×32"."""
    return "×".join(map(str, stage.shape))


def sum_words(stage: Stage) -> str:
    """The parameter arithmetic, such as "5×5×1×32 + 32 = 832"; empty without parameters."""
    return f"{stage.arithmetic} = {stage.n_parameters:,}" if stage.n_parameters else ""


def _heading(chain: list[Stage]) -> str:
    counts = [f"{stage.n_parameters:,}" for stage in chain if stage.n_parameters]
    total = f"{sum(stage.n_parameters for stage in chain):,}"
    terms = " + ".join(counts) + " = " + total if 1 < len(counts) <= 6 else total
    return _("{terms} parameters", terms=terms)


def _scale_words(columns: list[_Column]) -> str:
    same = _(
        "One scale: a pixel, a feature map, a number have the same length; depth recedes at half length."
    )
    cut = any(column.solid.cut for column in columns)
    return sentences([same, _("A gap marks what was cut short.") if cut else ""])


def _columns(chain: list[Stage], scale: Scale) -> list[_Column]:
    columns: list[_Column] = []
    for stage in chain:
        if columns and _is_folded(stage, columns[-1].stage):
            last = columns.pop()
            line = _Line("+ " + stage.call, 7.5, style.MUTED)
            sums = [_Line(sum_words(stage), 8, style.INK)] if stage.n_parameters else []
            columns.append(replace(last, above=[*last.above, line], below=[*last.below, *sums]))
            continue
        above = [_Line(_kind_words(stage), 10, style.INK), _Line(stage.call, 7.5, style.MUTED)]
        columns.append(
            _Column(stage, above[: 1 if stage.kind == "Input" else 2], _below(stage), Solid.of(stage, scale))
        )
    return columns


def _is_folded(stage: Stage, before: Stage) -> bool:
    return stage.shape == before.shape and stage.window is None and stage.kind != "Dense"


def _below(stage: Stage) -> list[_Line]:
    lines = [
        _Line(shape_words(stage), 12, style.INK),
        _Line(_meaning(stage), 8, style.MUTED, space=0.08),
    ]
    if stage.n_parameters:
        lines += [
            _Line(stage.arithmetic, 8, style.INK),
            _Line(f"= {stage.n_parameters:,}", 9.5, style.INK),
        ]
    return lines


def _kind_words(stage: Stage) -> str:
    known = {
        "Input": _("Input"),
        "Conv2D": _("Convolution"),
        "MaxPooling2D": _("Max pooling"),
        "AveragePooling2D": _("Average pooling"),
        "GlobalAveragePooling2D": _("Global average pooling"),
        "Flatten": _("Flattening"),
        "Dense": _("Dense layer"),
    }
    return known.get(stage.kind, stage.kind)


def _meaning(stage: Stage) -> str:
    if len(stage.shape) == 3:
        h, w, c = stage.shape
        if stage.kind != "Input":
            return _("{c} feature maps of {h}×{w}", c=c, h=h, w=w)
        return {1: _("grey image"), 3: _("colour image")}.get(c, _("{c} channels", c=c))
    if "softmax" in stage.call:
        return _("class probabilities")
    if stage.kind == "Dense":
        return _("{n} units", n=stage.shape[-1])
    return _("numbers")


def _rows(columns: list[_Column]) -> list[list[_Column]]:
    """Columns in rows of about equal width, none wider than `_WIDEST` if it can be helped."""
    total = _row_width(columns)
    aim = total / -(-total // _WIDEST)
    rows: list[list[_Column]] = [[]]
    for column in columns:
        if rows[-1] and _row_width([*rows[-1], column]) > min(_WIDEST, aim + column.width / 2):
            rows.append([])
        rows[-1].append(column)
    return rows


def _row_width(row: list[_Column]) -> float:
    return sum(column.width for column in row) + _GAP * (len(row) - 1)


def _row_height(row: list[_Column]) -> float:
    return _above_height(row) + _solid_height(row) + 0.15 + _below_height(row) + 0.3


def _above_height(row: list[_Column]) -> float:
    return max(sum(line.height for line in column.above) for column in row) + 0.12


def _below_height(row: list[_Column]) -> float:
    return max(sum(line.height for line in column.below) for column in row)


def _solid_height(row: list[_Column]) -> float:
    return max(column.solid.total_height for column in row)


def _draw_row(
    ax: "Axes", row: list[_Column], width: float, top: float, scale: Scale, *, follows: bool
) -> None:
    x = (width - _row_width(row)) / 2
    middle = top - _above_height(row) - _solid_height(row) / 2
    before: tuple[Stage, Solid] | None = None
    for column in row:
        centre = x + column.width / 2
        solid = replace(
            column.solid,
            left=centre - column.solid.total_width / 2,
            bottom=middle - column.solid.total_height / 2,
        )
        _write_lines(ax, centre, top, column.above)
        draw_solid(ax, solid, is_input=column.stage.kind == "Input", unit=scale.unit)
        _write_lines(ax, centre, middle - _solid_height(row) / 2 - 0.15, column.below)
        if before is not None:
            _link(ax, before, (column.stage, solid), scale)
        elif follows:
            _write(ax, solid.left - 0.2, middle, _Line("→", 12, style.MUTED), va="center")
        before = (column.stage, solid)
        x += column.width + _GAP


def _link(ax: "Axes", before: tuple[Stage, Solid], after: tuple[Stage, Solid], scale: Scale) -> None:
    (source, left), (stage, right) = before, after
    if stage.window is not None and len(source.shape) == 3 and len(stage.shape) == 3:
        draw_window(ax, left, right, stage, source, scale.unit)
    else:
        draw_fan(ax, left, right)


def _write_lines(ax: "Axes", x: float, top: float, lines: list[_Line]) -> None:
    for line in lines:
        _write(ax, x, top, line)
        top -= line.height


def _write(ax: "Axes", x: float, y: float, line: _Line, *, ha: str = "center", va: str = "top") -> None:
    ax.text(x, y, line.text, ha=ha, va=va, color=line.colour, fontproperties=style.font(line.size))
