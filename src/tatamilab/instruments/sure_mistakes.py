"""The mistakes that a network was surest of, above the training images nearest to them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis.nearest import NearDuplicates, Nearest
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.words import sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIDE = 1.1  # inches of an image
_LINE = 0.3  # of it, for the words above an image


def plot_sure_mistakes(
    images: ArrayLike,
    captions: Sequence[str],
    nearest: Nearest,
    train_images: ArrayLike,
    train_names: Sequence[str],
    *,
    fig: "style.FigureLike | None" = None,
) -> "style.FigureLike":
    """Draw mistaken images, a column each, and below each the training images nearest to it.

    Below, each training image has its own label and its distance: an ambiguous or mislabelled one can be
    told at sight. See `analysis.nearest` for the distance and for what it can't tell.

    Args:
        images: the mistaken images (n, h, w, c), in the order to draw them.
        captions: what stands above each, such as "4 → 9  99.8%".
        nearest: their nearest training images, k each.
        train_images: all training images (m, h, w, c).
        train_names: the class names of the n·k nearest ones, row by row.
        fig: where to draw; a new figure if None.
    """
    wrong, others = np.asarray(images), np.asarray(train_images)
    n, k = nearest.indices.shape
    width, height = max(n, 3) * 1.14 * _SIDE + 0.2, ((k + 1) * (1 + _LINE) + 0.55) * _SIDE
    fig = fig or style.new_figure(width, height)
    fig.suppressComposite = True  # images stay as small as they are in an SVG
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    ax.set_xlim(-0.1, width / _SIDE - 0.1)
    ax.set_ylim((k + 1) * (1 + _LINE) + 0.25, -_LINE)
    for column in range(n):
        _draw(ax, column, 0.0, wrong[column], captions[column], style.ACCENT)
        for row in range(k):
            name = train_names[column * k + row]
            text = f"{name}  {nearest.distances[column, row]:.1f}"
            _draw(
                ax,
                column,
                (row + 1) * (1 + _LINE) + 0.25,
                others[nearest.indices[column, row]],
                text,
                style.INK,
            )
    ax.text(
        0, 1 + 0.2, _("nearest training images: their label, and their distance"), va="center", color=style.MUTED,
        fontproperties=style.font(8.5),
    )  # fmt: skip
    return fig


def describe_near_duplicates(found: NearDuplicates) -> str:
    """What the training images nearest to all mistakes are called, and how near they are, in words."""
    if found.n == 0:
        return _("There are no mistakes.")
    parts = [
        _(
            "Of the {n:,} surest mistakes, the nearest training image has the wrongly predicted label in {predicted:,} "
            "cases and the true one in {true:,}; of {m:,} recognised images it has the true label in {recognised:,}.",
            n=found.n,
            predicted=found.of_predicted,
            true=found.of_true,
            m=found.n_recognised,
            recognised=found.recognised_of_true,
        )
    ]
    if found.n_recognised:
        parts.append(
            _(
                "{closer:,} of the mistakes have a near-duplicate in the training set: a training image nearer than "
                "{usual:.1f}, as one in twenty recognised images has.",
                closer=found.closer,
                usual=found.usual,
            )
        )
    return sentences(parts)


def _draw(ax: "Axes", column: int, top: float, image: NDArray[np.generic], text: str, colour: str) -> None:
    left = 1.14 * column
    grey = image.shape[-1] == 1
    ax.imshow(
        image[..., 0] if grey else image, cmap="gray" if grey else None, interpolation="nearest",
        vmin=0, vmax=255 if image.dtype == np.uint8 else 1, extent=(left, left + 1, top + 1, top), aspect="auto",
    )  # fmt: skip
    ax.set_autoscale_on(False)
    ax.text(
        left + 0.5, top - 0.04, text, ha="center", va="bottom", color=colour,
        fontproperties=style.font(style.fitting_size(text, 1.1 * _SIDE, 8)),
    )  # fmt: skip
