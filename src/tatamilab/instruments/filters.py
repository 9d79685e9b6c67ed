"""The filters of a convolution layer: before, after, and what changed, on one scale."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis import filter_change, filter_norms, strongest_channels, symmetric_limit
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.model_facts import conv_layer, kernel_of

if TYPE_CHECKING:
    import keras
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

_MOST_CHANNELS_APART = 4
_GAP = 1  # empty weights between two filters


@dataclass(frozen=True)
class _Panel:
    """One panel: a title, a line about it, and its filters (h, w, c, o)."""

    title: str
    caption: str
    kernel: NDArray[np.float64]


def plot_filters(
    model: "keras.Model",
    layer: int | str = 0,
    *,
    before: "ArrayLike | keras.Model | None" = None,
    fig: "style.FigureLike | None" = None,
) -> "style.FigureLike":
    """Draw the filters of a convolution layer: before | after | change, on one symmetric scale.

    Dark is negative, light positive, the same grey is 0 everywhere, so that contrast can be compared between
    filters and between panels. (The worksheet stretches the grey of every filter by itself.)

    Up to four input channels are drawn one below the other. Of more channels each filter shows the one in
    which it is strongest after training, the same in all panels; the figure says so.

    Args:
        model: a Keras model.
        layer: index among the model's convolution layers, or a layer's name.
        before: the layer's initial kernel (h, w, c, o), or a model whose layer holds it; without it only the
            present filters are drawn.
        fig: where to draw; a new figure if None.

    Returns:
        The figure.

    Raises:
        BadInput: no such layer, or `before` has another shape.
    """
    target = conv_layer(model, layer)
    panels = _panels(kernel_of(target), _initial(before, layer))
    views, words = _views([panel.kernel for panel in panels])
    limit = symmetric_limit(*views)
    columns = _columns(views[0].shape[-1], len(panels))
    mosaics = [_mosaic(view, columns) for view in views]
    height, width = mosaics[0].shape
    fig = fig or style.new_figure(*_size(height / width, len(panels)))
    grid = fig.add_gridspec(1, len(panels), left=0.045, right=0.9, top=0.76, bottom=0.13, wspace=0.1)
    for place, (panel, mosaic) in enumerate(zip(panels, mosaics, strict=True)):
        ax = fig.add_subplot(grid[place])
        image = _draw(ax, mosaic, limit)
        _title(ax, panel)
        if place == 0:
            _number_rows(ax, views[0], columns)
    _add_scale(fig, image, limit)
    h, w, c, o = panels[0].kernel.shape
    heading = _("{o} filters of {name!r}, {h}×{w}×{c}", o=o, name=target.name, h=h, w=w, c=c)
    fig.text(0.045, 0.965, heading, color=style.INK, fontproperties=style.font(12), va="top")
    note = _(
        "One scale for all filters and panels. (The worksheet's picture stretches the grey of every filter "
        "by itself, so contrast cannot be compared there.)"
    )
    fig.text(0.045, 0.03, " ".join([words, note]).strip(), color=style.MUTED, fontproperties=style.font(8))
    return fig


def describe_filters(
    model: "keras.Model", layer: int | str = 0, *, before: "ArrayLike | keras.Model | None" = None
) -> str:
    """What the filter figure shows, in words and numbers.

    Raises:
        BadInput: as `plot_filters`.
    """
    target = conv_layer(model, layer)
    panels = _panels(kernel_of(target), _initial(before, layer))
    h, w, c, o = panels[0].kernel.shape
    heading = _("{o} filters of {name!r}, {h}×{w}×{c}", o=o, name=target.name, h=h, w=w, c=c)
    return " ".join([heading + ".", *(f"{panel.title}: {panel.caption}." for panel in panels)])


def _initial(before: "ArrayLike | keras.Model | None", layer: int | str) -> ArrayLike | None:
    if hasattr(before, "layers"):
        return kernel_of(conv_layer(before, layer))
    return before


def _panels(after: ArrayLike, before: ArrayLike | None) -> list[_Panel]:
    new = np.asarray(after, dtype=np.float64)
    if before is None:
        return [_Panel(_("Filters"), _norm_words(filter_norms(new)), new)]
    change = filter_change(before, new)
    old = np.asarray(before, dtype=np.float64)
    return [
        _Panel(_("Before training"), _norm_words(change.norm_before), old),
        _Panel(_("After training"), _norm_words(change.norm_after), new),
        _Panel(_("Change (after − before)"), _norm_words(change.norm_change), new - old),
    ]


def _norm_words(norms: NDArray[np.float64]) -> str:
    return _("mean norm {norm:.2f}", norm=norms.mean())


def _views(kernels: list[NDArray[np.float64]]) -> tuple[list[NDArray[np.float64]], str]:
    """What to draw of each kernel, (rows of channels, h, w, o), and the words that say what that is."""
    channels = kernels[0].shape[2]
    if channels <= _MOST_CHANNELS_APART:
        words = (
            "" if channels == 1 else _("Input channels 0 to {last}, from top to bottom.", last=channels - 1)
        )
        return [np.moveaxis(kernel, 2, 0) for kernel in kernels], words
    chosen = strongest_channels(kernels[len(kernels) // 2])
    words = _(
        "Of {c} input channels each filter shows the one in which it is strongest, the same in every panel.",
        c=channels,
    )
    picked = [
        np.stack([kernel[:, :, chosen[o], o] for o in range(len(chosen))], axis=-1)[None]
        for kernel in kernels
    ]
    return picked, words


def _columns(filters: int, panels: int) -> int:
    if filters <= 4:
        return filters
    wide = 2.0 if panels > 1 else 3.0
    return min(filters, max(4, round(np.sqrt(filters * wide))))


def _mosaic(view: NDArray[np.float64], columns: int) -> NDArray[np.float64]:
    """All filters of a view as one picture, NaN-masked between them; channels one below the other."""
    channels, h, w, filters = view.shape
    rows = -(-filters // columns)
    step_h, step_w = h + _GAP, w + _GAP
    shape = (channels * rows * step_h - _GAP, columns * step_w - _GAP)
    picture = np.ma.masked_all(shape, dtype=np.float64)
    for channel in range(channels):
        for o in range(filters):
            top = (channel * rows + o // columns) * step_h
            left = (o % columns) * step_w
            picture[top : top + h, left : left + w] = view[channel, :, :, o]
    return picture


def _size(aspect: float, panels: int) -> tuple[float, float]:
    width = 12.0 if panels > 1 else 7.5
    panel = width * 0.84 / panels * 0.95
    return width, float(np.clip(panel * aspect + 1.5, 2.6, 12.0))


def _draw(ax: "Axes", mosaic: NDArray[np.float64], limit: float) -> "AxesImage":
    style.quiet(ax, frame=False)
    ax.set_xticks([])
    ax.set_yticks([])
    return ax.imshow(mosaic, cmap=style.signed_colours(), vmin=-limit, vmax=limit, interpolation="nearest")


def _title(ax: "Axes", panel: _Panel) -> None:
    ax.set_title(panel.title, loc="left", color=style.INK, fontproperties=style.font(10))
    ax.set_title(panel.caption, loc="right", color=style.MUTED, fontproperties=style.font(8))


def _number_rows(ax: "Axes", view: NDArray[np.float64], columns: int) -> None:
    channels, h, _w, filters = view.shape
    rows = -(-filters // columns)
    places = [(row * (h + _GAP)) + (h - 1) / 2 for row in range(channels * rows)]
    ax.set_yticks(places, [str(row % rows * columns) for row in range(channels * rows)])
    ax.tick_params(axis="y", labelsize=7, labelcolor=style.MUTED)


def _add_scale(fig: "style.FigureLike", image: "AxesImage", limit: float) -> None:
    ax = fig.add_axes((0.92, 0.2, 0.011, 0.48))
    bar = fig.colorbar(image, cax=ax, ticks=[-limit, 0, limit])
    bar.outline.set_visible(False)
    style.quiet(ax, frame=False)
    ax.set_yticklabels([f"−{limit:.2g}", "0", f"+{limit:.2g}"])
