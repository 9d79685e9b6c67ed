"""The filters of a convolution layer: before, after, and what changed, on one scale."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis import filter_change, filter_norms, strongest_channels, symmetric_limit
from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.model_facts import conv_layer, kernel_of
from tatamilab.instruments.words import sentences

if TYPE_CHECKING:
    import keras
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

_MOST_CHANNELS_APART = 4
_GAP = 1  # empty weights between two filters
_CHANNEL_GAP = 3  # and between the filters of two channels
_LEFT, _RIGHT, _TOP = 0.5, 0.85, 0.85  # inches around the panels
_NOTE_LINE = 0.175


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
    order: str = "number",
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
        order: "number" as they are, "norm" the largest first, "change" the one that moved most first, "similarity"
            the one least like its start first; the last two need `before`.
        fig: where to draw; a new figure if None.

    Returns:
        The figure.

    Raises:
        BadInput: no such layer or order, or `before` has another shape.
    """
    target = conv_layer(model, layer)
    panels = _ordered(_panels(kernel_of(target), _initial(before, layer)), order)
    views, words = _views([panel.kernel for panel in panels])
    limit = symmetric_limit(*views)
    columns = _columns(views[0].shape[-1])
    mosaics = [_mosaic(view, columns) for view in views]
    notes = [note for note in (words, *_notes(), _biases(target), _ORDERS[order]()) if note]
    below = 0.28 + _NOTE_LINE * len(notes)
    fig = fig or style.new_figure(*_size(mosaics[0].shape, len(panels), below))
    edges = _edges(fig, below)
    grid = fig.add_gridspec(1, len(panels), wspace=0.09, **edges)
    for place, (panel, mosaic) in enumerate(zip(panels, mosaics, strict=True)):
        ax = fig.add_subplot(grid[place])
        image = _draw(ax, mosaic, limit)
        _title(ax, panel)
        if place == 0 and order == "number":
            _number_rows(ax, views[0], columns)
    _add_scale(fig, image, limit, edges)
    _write_around(fig, edges, _heading(target.name, panels[0].kernel), notes)
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
    heading = _("{heading}.", heading=_heading(target.name, panels[0].kernel))
    each = (_("{title}: {caption}.", title=panel.title, caption=panel.caption) for panel in panels)
    return sentences([heading, *each, _biases(target)])


def _heading(name: str, kernel: NDArray[np.float64]) -> str:
    h, w, c, o = kernel.shape
    return _("{o} filters of {name!r}, {h}×{w}×{c}", o=o, name=name, h=h, w=w, c=c)


def _notes() -> list[str]:
    return [
        _("Dark is negative, light positive, mid-grey 0: one scale for all filters and panels."),
        _(
            "The worksheet's picture stretches the grey of every filter by itself, so contrast cannot be "
            "compared there."
        ),
    ]


def _biases(layer: "keras.Layer") -> str:
    """What the layer adds to every sum, in words; nothing if it adds nothing."""
    bias = getattr(layer, "bias", None)
    if bias is None:
        return ""
    values = np.asarray(bias, dtype=np.float64)
    return _("The biases lie between {low:+z.2f} and {high:+z.2f}.", low=values.min(), high=values.max())


_ORDERS = {
    "number": lambda: "",
    "norm": lambda: _("Ordered by norm, the largest first."),
    "change": lambda: _("Ordered by change, the one that moved most first."),
    "similarity": lambda: _("Ordered by similarity to the start, the least similar first."),
}
"""The orders of filters, and what is written about them."""


def _ordered(panels: list[_Panel], order: str) -> list[_Panel]:
    if order not in _ORDERS or (order in ("change", "similarity") and len(panels) == 1):
        raise BadInput(
            _(
                "Filters can be ordered by {known}, and by change or similarity only with their start; received "
                "{order!r}.",
                known=", ".join(_ORDERS),
                order=order,
            )
        )
    if order == "number":
        return panels
    if order == "norm":
        key = -filter_norms(panels[-1 if len(panels) == 1 else 1].kernel)
    else:
        change = filter_change(panels[0].kernel, panels[1].kernel)
        key = -change.norm_change if order == "change" else change.similarity
    places = np.argsort(key, kind="stable")
    return [replace(panel, kernel=panel.kernel[..., places]) for panel in panels]


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
    if not np.isfinite(norms).all():
        return _("filters with NaN or infinity: {n}", n=np.count_nonzero(~np.isfinite(norms)))
    return _("mean norm {norm:.2f}", norm=norms.mean())


def _views(kernels: list[NDArray[np.float64]]) -> tuple[list[NDArray[np.float64]], str]:
    """What to draw of each kernel, (rows of channels, h, w, o), and the words that say what that is."""
    channels = kernels[0].shape[2]
    if channels <= _MOST_CHANNELS_APART:
        words = (
            ""
            if channels == 1
            else _("Every filter is shown once for each of its {c} input channels.", c=channels)
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


def _columns(filters: int) -> int:
    if filters <= 4:
        return filters
    """About twice as wide as high, without an incomplete row if the number of filters allows."""
    aim = np.sqrt(2 * filters)
    whole = [n for n in range(1, filters + 1) if filters % n == 0 and 0.65 < n / aim < 1.5]
    return min(whole, key=lambda n: round(abs(np.log(n / aim)), 6), default=round(aim))


def _mosaic(view: NDArray[np.float64], columns: int) -> NDArray[np.float64]:
    """All filters of a view as one picture, NaN-masked between them; channels one below the other."""
    channels, h, w, filters = view.shape
    step_w = w + _GAP
    shape = (channels * _channel_height(view, columns) - _CHANNEL_GAP, columns * step_w - _GAP)
    picture = np.ma.array(np.zeros(shape), mask=True)
    for channel in range(channels):
        for o in range(filters):
            top = channel * _channel_height(view, columns) + o // columns * (h + _GAP)
            left = (o % columns) * step_w
            picture[top : top + h, left : left + w] = view[channel, :, :, o]
    return picture


def _channel_height(view: NDArray[np.float64], columns: int) -> int:
    """Weights from the top of one channel's filters to the top of the next channel's."""
    _channels, h, _w, filters = view.shape
    return -(-filters // columns) * (h + _GAP) - _GAP + _CHANNEL_GAP


def _size(mosaic: tuple[int, int], panels: int, below: float) -> tuple[float, float]:
    """Inches of a new figure in which the panels fill their places."""
    height, width = mosaic
    across = 12.0 if panels > 1 else 7.6
    panel = (across - _LEFT - _RIGHT) / (panels + 0.09 * (panels - 1))
    return across, float(np.clip(panel * height / width + _TOP + below, 2.4, 14.0))


def _edges(fig: "style.FigureLike", below: float) -> dict[str, float]:
    """Where the panels lie, in fractions of the figure, whatever its size."""
    width, height = fig.bbox.width / fig.dpi, fig.bbox.height / fig.dpi
    return {
        "left": _LEFT / width,
        "right": 1 - _RIGHT / width,
        "top": 1 - _TOP / height,
        "bottom": below / height,
    }


def _draw(ax: "Axes", mosaic: NDArray[np.float64], limit: float) -> "AxesImage":
    style.quiet(ax, frame=False)
    ax.set_xticks([])
    ax.set_yticks([])
    return ax.imshow(mosaic, cmap=style.signed_colours(), vmin=-limit, vmax=limit, interpolation="nearest")


def _title(ax: "Axes", panel: _Panel) -> None:
    ax.set_title(panel.title, loc="left", color=style.INK, fontproperties=style.font(10))
    ax.set_title(panel.caption, loc="right", color=style.MUTED, fontproperties=style.font(8))


def _number_rows(ax: "Axes", view: NDArray[np.float64], columns: int) -> None:
    """Left of each row the number of its first filter; left of that, the channel if there are several."""
    channels, h, _w, filters = view.shape
    step = _channel_height(view, columns)
    firsts = range(0, filters, columns)
    places = [
        channel * step + first // columns * (h + _GAP) + (h - 1) / 2
        for channel in range(channels)
        for first in firsts
    ]
    ax.set_yticks(places, [str(first) for first in firsts] * channels)
    ax.tick_params(axis="y", labelsize=7, labelcolor=style.MUTED)
    for channel in range(channels if channels > 1 else 0):
        ax.annotate(
            _("channel {number}", number=channel), (0, channel * step + (step - _CHANNEL_GAP - 1) / 2),
            xycoords=("axes fraction", "data"), xytext=(-22, 0), textcoords="offset points",
            rotation=90, ha="right", va="center", color=style.MUTED, fontproperties=style.font(8),
        )  # fmt: skip


def _add_scale(fig: "style.FigureLike", image: "AxesImage", limit: float, edges: dict[str, float]) -> None:
    right, bottom, top = edges["right"], edges["bottom"], edges["top"]
    ax = fig.add_axes((right + 0.2 * (1 - right), bottom, 0.13 * (1 - right), top - bottom))
    bar = fig.colorbar(image, cax=ax, ticks=[-limit, 0, limit])
    bar.outline.set_visible(False)
    style.quiet(ax, frame=False)
    ax.set_yticklabels([f"−{limit:.2g}", "0", f"+{limit:.2g}"])


def _write_around(fig: "style.FigureLike", edges: dict[str, float], heading: str, notes: list[str]) -> None:
    height = fig.bbox.height / fig.dpi
    left = edges["left"]
    fig.text(left, 1 - 0.18 / height, heading, va="top", color=style.INK, fontproperties=style.font(13))
    for number, note in enumerate(notes):
        y = edges["bottom"] - (0.14 + number * _NOTE_LINE) / height
        size = style.fitting_size(note, (1 - left) * fig.bbox.width / fig.dpi, 8)
        fig.text(left, y, note, va="top", color=style.MUTED, fontproperties=style.font(size))
