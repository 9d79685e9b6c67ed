"""What a layer's filters like: the patches of images that excite each of them most."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis import filter_norms, symmetric_limit
from tatamilab.analysis.exciting import NONE, strongest_places
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.activity import as_batch, outputs_for_many
from tatamilab.instruments.model_facts import conv_layer, kernel_of
from tatamilab.instruments.receptive_field import receptive_field
from tatamilab.instruments.words import sentences

if TYPE_CHECKING:
    import keras
    from matplotlib.axes import Axes
    from matplotlib.patches import Rectangle

_AT_ONCE_BYTES = 64 * 2**20  # of a layer's maps, that are held in memory
_BLOCKS = 3  # filters side by side
_MOST_FILTERS = 24
_SIDE = 0.42  # inches of a patch


@dataclass(frozen=True, eq=False)
class ExcitingPatches:
    """The patches that excite the filters of a layer most; see `exciting_patches`.

    Attributes:
        kernel: float32 (h, w, c, o), the filters.
        patches: float32 (o, k, rows, columns, channels), what each filter saw, the strongest answer first; zeros
            where a filter answers to no more images.
        answers: float64 (o, k), how strongly; 0 there.
        n_images: images that were looked at.
    """

    kernel: NDArray[np.float32]
    patches: NDArray[np.float32]
    answers: NDArray[np.float64]
    n_images: int


def exciting_patches(
    model: "keras.Model", images: ArrayLike, layer: int | str = 0, *, k: int = 6
) -> ExcitingPatches:
    """Find the patches of images that excite each filter of a layer most, at most one an image.

    A patch is all of the image that the filter's answer depends on. See `analysis.exciting.strongest_places` for what
    it can't tell.

    Args:
        model: a chain of layers.
        images: as `activity.as_batch` takes them.
        layer: index among the convolution layers, or a name.
        k: patches a filter.

    Raises:
        BadInput: no such layer, images that do not fit, or a model that is no chain.
    """
    batch, target = as_batch(model, images), conv_layer(model, layer)
    field = receptive_field(model, target)
    at_once = max(1, _AT_ONCE_BYTES // (4 * math.prod(target.output.shape[1:])))

    def maps() -> Iterator[NDArray[np.float32]]:
        for start in range(0, len(batch), at_once):
            yield outputs_for_many(model, batch[start : start + at_once], target)

    found = strongest_places(maps(), k)
    patches = np.zeros((*found.images.shape, *field.size, batch.shape[3]), np.float32)
    for filter_, place in zip(*np.nonzero(found.images != NONE), strict=True):
        image, row, column = (int(one[filter_, place]) for one in (found.images, found.rows, found.columns))
        patches[filter_, place] = field.patch(batch[image], row, column)
    return ExcitingPatches(kernel_of(target), patches, found.answers, len(batch))


def plot_exciting_patches(
    found: ExcitingPatches, *, fig: "style.FigureLike | None" = None
) -> "style.FigureLike":
    """Draw each filter beside the patches that excite it most, the strongest first, in their own grey (0 to 1).

    Of more than 24 filters, the 24 with the largest norms are shown. A filter of several input channels is not drawn;
    its number is.

    Args:
        found: `exciting_patches` of the layer.
        fig: where to draw; a new figure if None.
    """
    kernel, k = found.kernel, found.patches.shape[1]
    shown = np.sort(np.argsort(-filter_norms(kernel), kind="stable")[:_MOST_FILTERS])
    lines = -(-len(shown) // _BLOCKS)
    across = 1.2 * k + 2.4
    width, height = _BLOCKS * across * _SIDE, (lines * 1.2 + 0.75) * _SIDE
    fig = fig or style.new_figure(width, height)
    fig.suppressComposite = True  # images stay as small as they are in an SVG
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    ax.set_xlim(0, width / _SIDE)
    ax.set_ylim(lines * 1.2 + 0.05, -0.7)
    ax.set_autoscale_on(False)
    limit = symmetric_limit(kernel)
    heading = _("each filter, and the patches that excite it most, the strongest first")
    ax.text(0.62, -0.35, heading, va="center", color=style.INK, fontproperties=style.font(9))
    for place, number in enumerate(shown):
        left, top = place % _BLOCKS * across, place // _BLOCKS * 1.2
        ax.text(
            left + 0.5, top + 0.5, str(number), ha="right", va="center", color=style.MUTED,
            fontproperties=style.font(7.5),
        )  # fmt: skip
        if kernel.shape[2] == 1:
            look = {"cmap": style.signed_colours(), "vmin": -limit, "vmax": limit}
            _draw(ax, kernel[:, :, 0, number], left + 0.62, top, 1, look)
        strip = _strip(found.patches[number], found.answers[number])
        ax.add_patch(_behind(left + 1.85, top, strip.shape[1] / strip.shape[0]))
        _draw(
            ax,
            strip,
            left + 1.85,
            top,
            strip.shape[1] / strip.shape[0],
            {"cmap": "gray", "vmin": 0, "vmax": 1},
        )
    return fig


def describe_exciting_patches(found: ExcitingPatches) -> str:
    """How many images were looked at, how strong the strongest answers are, and which filters are silent, in words."""
    strongest = found.answers[:, 0]
    silent = np.flatnonzero(strongest == 0)
    parts = [
        _(
            "The strongest answers of {filters} filters to {n:,} test images: from {low:.2f} to {high:.2f}.",
            filters=len(strongest),
            n=found.n_images,
            low=float(strongest.min()),
            high=float(strongest.max()),
        )
    ]
    if len(silent):
        parts.append(
            _("No image excites the filters {numbers}.", numbers=_(", ").join(str(n) for n in silent))
        )
    return sentences(parts)


def _strip(patches: NDArray[np.float32], answers: NDArray[np.float64]) -> "np.ma.MaskedArray[Any, Any]":
    """The patches (k, h, w, c) in a row, (h, …) or (h, …, c), masked between them and where there is none."""
    k, h, w, c = patches.shape
    gap = max(1, round(w / 5))
    strip = np.ma.array(np.zeros((h, k * (w + gap) - gap, c)), mask=True)
    for place in np.flatnonzero(answers > 0):
        left = place * (w + gap)
        strip[:, left : left + w] = patches[place]
    return strip[..., 0] if c == 1 else strip


def _behind(left: float, top: float, width: float) -> "Rectangle":
    """The grey that parts patches which end in white."""
    from matplotlib.patches import Rectangle

    place = (left - 0.04, top - 0.04)
    return Rectangle(place, width + 0.08, 1.08, facecolor=style.FAINT, edgecolor="none", zorder=-1)


def _draw(
    ax: "Axes", picture: NDArray[Any], left: float, top: float, width: float, look: dict[str, Any]
) -> None:
    """A picture of height 1, its upper left corner at (left, top)."""
    ax.imshow(
        picture, interpolation="nearest", extent=(left, left + width, top + 1, top), aspect="auto", **look
    )
