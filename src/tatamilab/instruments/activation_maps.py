"""One image on its way through a network: what every layer makes of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis import symmetric_limit
from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.activity import as_batch, layer_values
from tatamilab.instruments.words import sentences

if TYPE_CHECKING:
    import keras
    from matplotlib.axes import Axes

_MOST_MAPS = 32
_MOST_UNITS = 64
_ACROSS = 16


@dataclass(frozen=True, eq=False)
class _Row:
    """One layer: its name and kind, and its values, (rows, columns, channels) or (units,)."""

    name: str
    values: NDArray[np.float32]

    @property
    def active(self) -> float:
        return float(np.mean(self.values > 0))


def plot_activation_maps(
    model: "keras.Model", image: ArrayLike, *, fig: "style.FigureLike | None" = None
) -> "style.FigureLike":
    """Draw what each layer makes of one image, from the first to the last.

    Maps (rows, columns) are drawn one beside the other, up to 32 of a layer; vectors as strips of units, up to 64. Each
    layer has a scale of its own, from 0 (white) to its largest value; what is negative is drawn in indigo. Layers
    that only reshape, or drop nothing when predicting, are left out.

    What it can't tell: what a map is *for*. A bright map is a strong answer, not an important one.

    Args:
        model: a Keras model.
        image: one image, as `activity.as_batch` takes it.
        fig: where to draw; a new figure if None.

    Raises:
        BadInput: an image that does not fit, or a model without a layer to show.
    """
    rows = _rows(model, image)
    heights = [_height(row) for row in rows]
    fig = fig or style.new_figure(11, sum(heights) + 0.36 * len(rows) + 0.3)
    grid = fig.add_gridspec(
        len(rows), 1, height_ratios=heights, hspace=0.36 * len(rows) / sum(heights), left=0.02, right=0.98,
        top=1 - 0.32 / _inches(fig), bottom=0.12 / _inches(fig),
    )  # fmt: skip
    for place, row in enumerate(rows):
        _draw(fig.add_subplot(grid[place]), row)
    return fig


def describe_activation_maps(model: "keras.Model", image: ArrayLike) -> str:
    """How much of each layer answers to the image, in words.

    Raises:
        BadInput: as `plot_activation_maps`.
    """
    return sentences(_("{heading}.", heading=_title(row)) for row in _rows(model, image))


def _rows(model: "keras.Model", image: ArrayLike) -> list[_Row]:
    batch = as_batch(model, image)[:1]
    silent = ("InputLayer", "Flatten", "Reshape", "Dropout", "SpatialDropout2D", "GaussianNoise")
    shown = [one for one in model.layers if type(one).__name__ not in silent and not hasattr(one, "layers")]
    shown = [one for one in shown if len(getattr(one.output, "shape", ())) in (2, 4)]
    if not shown:
        raise BadInput(_("The model {model!r} has no layer whose values can be drawn.", model=model.name))
    values = layer_values(model, shown, batch)
    read = _Row(_("the image"), batch[0])
    return [read, *(_Row(layer.name, value[0]) for layer, value in zip(shown, values, strict=True))]


def _title(row: _Row) -> str:
    size = "×".join(str(n) for n in row.values.shape)
    if row.values.ndim == 1 and len(row.values) <= _MOST_UNITS and abs(float(row.values.sum()) - 1) < 1e-3:
        best = int(row.values.argmax())
        return _(
            "{name} ({size}): {best} has {share:.1%}",
            name=row.name,
            size=size,
            best=best,
            share=row.values[best],
        )
    return _(
        "{name} ({size}): {active:.0%} above 0, largest {largest:.2f}",
        name=row.name,
        size=size,
        active=row.active,
        largest=float(row.values.max()),
    )


def _height(row: _Row) -> float:
    if row.values.ndim == 1:
        return 0.3
    rows, columns, channels = row.values.shape
    lines = -(-min(channels, _MOST_MAPS) // _ACROSS)
    return lines * min(10.6 / _ACROSS * rows / columns, 1.2) if channels > 1 else 1.1


def _inches(fig: "style.FigureLike") -> float:
    return float(fig.bbox.height / fig.dpi)


def _draw(ax: "Axes", row: _Row) -> None:
    style.quiet(ax, frame=False)
    ax.set_xticks([])
    ax.set_yticks([])
    largest = symmetric_limit(row.values)
    negative = bool((row.values < 0).any())
    image = ax.imshow(
        _picture(row.values),
        cmap=style.signed_colours() if negative else style.sequential_colours(),
        vmin=-largest if negative else 0,
        vmax=largest,
        interpolation="nearest",
    )
    image.axes.set_anchor("W")
    title = _title(row)
    shown = _MOST_MAPS if row.values.ndim == 3 else _MOST_UNITS
    if row.values.shape[-1] > shown:
        title = _("{title}; the first {n} of {all}", title=title, n=shown, all=row.values.shape[-1])
    ax.set_title(title, loc="left", color=style.INK, fontproperties=style.font(8.5), pad=3)


def _picture(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Maps side by side, or units as squares in a row; masked between them."""
    if values.ndim == 1:
        return _mosaic(values[None, None, :_MOST_UNITS], _MOST_UNITS, side=4)
    return _mosaic(values[:, :, :_MOST_MAPS], _ACROSS, side=1)


def _mosaic(maps: NDArray[np.float32], across: int, side: int) -> NDArray[np.float32]:
    maps = maps.repeat(side, axis=0).repeat(side, axis=1)
    rows, columns, channels = maps.shape
    lines, across = -(-channels // across), min(across, channels)
    gap = max(1, columns // 12)
    picture = np.ma.array(
        np.zeros((lines * (rows + gap) - gap, across * (columns + gap) - gap), np.float32), mask=True
    )
    for channel in range(channels):
        top, left = channel // across * (rows + gap), channel % across * (columns + gap)
        picture[top : top + rows, left : left + columns] = maps[:, :, channel]
    return picture
