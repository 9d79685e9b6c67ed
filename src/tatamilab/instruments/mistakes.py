"""The gallery of mistakes: what was taken for what, one column for each true class."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis import NONE, select_mistakes
from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.confusion import class_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_COLUMNS = 10
_IMAGE = 0.95  # inches of an image's side
_CELL_HEIGHT = 1.34  # in sides of an image, with the line above it
_CELL_WIDTH = 1.14
_HEAD = 1.1


def plot_mistakes(
    x: ArrayLike,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    probabilities: ArrayLike | None = None,
    *,
    class_names: Sequence[str] | None = None,
    rows: int = 5,
    seed: int = 0,
    fig: "style.FigureLike | None" = None,
) -> "style.FigureLike":
    """Draw wrongly predicted images, one column for each true class: "true → predicted" with the probability.

    A place for which a class has no more mistakes says so. With more than ten classes, the ten with the most
    mistakes are shown.

    Args:
        x: images (n, h, w), (n, h, w, 1) or (n, h, w, 3); uint8, or floats 0–1.
        y_true: true labels (n,).
        y_pred: predicted labels (n,).
        probabilities: of all classes (n, classes), or of the predicted class (n,); left out if None.
        class_names: one for each class; the numbers 0, 1, … up to the largest label if None.
        rows: images in a column.
        seed: seed of the draw.
        fig: where to draw; a new figure if None.

    Returns:
        The figure.

    Raises:
        BadInput: images, labels and probabilities do not fit each other, or there are none.
    """
    names = class_labels(class_names, y_true, y_pred)
    chosen = select_mistakes(y_true, y_pred, len(names), rows=rows, seed=seed)
    images = _images(x, np.size(y_true))
    sure = _probability_of(probabilities, np.asarray(y_pred))
    shown = _columns(chosen.n_mistakes)
    fig = fig or style.new_figure(*_size(len(shown), rows))
    ax = _gallery_axes(fig, len(shown), rows)
    heading = _("true → predicted") if sure is None else _("true → predicted, with its probability")
    ax.text(0, -1.02, heading, va="bottom", color=style.INK, fontproperties=style.font(12))
    for column, label in enumerate(shown):
        head = _("{wrong:,} of {total:,} wrong", wrong=chosen.n_mistakes[label], total=chosen.n_images[label])
        _write(ax, column, -0.64, names[label], 12)
        _write(ax, column, -0.46, head, 7, style.MUTED)
        for row, index in enumerate(chosen.indices[:, label]):
            if index == NONE:
                _draw_none(ax, column, row)
                continue
            _draw_image(ax, column, row, images[index])
            pred = names[int(np.asarray(y_pred)[index])]
            text = _caption(names[label], pred, None if sure is None else sure[index])
            _write(ax, column, row * _CELL_HEIGHT - 0.05, text, 7 if "\n" in text else 8)
    return fig


def describe_mistakes(
    y_true: ArrayLike, y_pred: ArrayLike, *, class_names: Sequence[str] | None = None
) -> str:
    """How many mistakes each class has, in words.

    Raises:
        BadInput: labels that do not fit each other or `class_names`, or there are none.
    """
    names = class_labels(class_names, y_true, y_pred)
    chosen = select_mistakes(y_true, y_pred, len(names))
    each = ", ".join(f"{name}: {count}" for name, count in zip(names, chosen.n_mistakes, strict=True))
    return _(
        "A gallery of wrong predictions: {wrong:,} of {total:,} images. Mistakes by true class: {each}.",
        wrong=chosen.n_mistakes.sum(),
        total=chosen.n_images.sum(),
        each=each,
    )


def _images(x: ArrayLike, n: int) -> NDArray[np.generic]:
    images = np.asarray(x)
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or len(images) != n:
        raise BadInput(
            _(
                "The gallery needs one grey or colour image for each label, shape "
                "(n, rows, columns, 1 or 3), but received shape {shape} for {n} labels.",
                shape=np.shape(x),
                n=n,
            )
        )
    return images


def _probability_of(
    probabilities: ArrayLike | None, y_pred: NDArray[np.generic]
) -> NDArray[np.float64] | None:
    """The probability given to each predicted class, (n,)."""
    if probabilities is None:
        return None
    values = np.asarray(probabilities, dtype=np.float64)
    if values.ndim == 2 and len(values) == len(y_pred) and values.shape[1] > y_pred.max():
        return values[np.arange(len(values)), y_pred.astype(np.int64)]
    if values.shape != y_pred.shape:
        raise BadInput(
            _(
                "Probabilities must have shape ({n},) or ({n}, classes); received {shape}.",
                n=len(y_pred),
                shape=values.shape,
            )
        )
    return values


def _columns(n_mistakes: NDArray[np.int64]) -> list[int]:
    most = np.argsort(-n_mistakes, kind="stable")[:_MOST_COLUMNS]
    return sorted(int(label) for label in most)


def _caption(true: str, pred: str, probability: float | None) -> str:
    """ "4 → 9  87%", on two lines where the names are long."""
    sure = "" if probability is None else f"  {probability:.0%}"
    line = f"{true} → {pred}{sure}"
    return line if style.text_width(line, 8) < _IMAGE else f"{true} →\n{pred}{sure}"


def _size(columns: int, rows: int) -> tuple[float, float]:
    return max(columns * _CELL_WIDTH * _IMAGE, 2.9) + 0.2, (rows * _CELL_HEIGHT + _HEAD) * _IMAGE + 0.1


def _gallery_axes(fig: "style.FigureLike", columns: int, rows: int) -> "Axes":
    """Axes whose unit is the side of an image."""
    ax = fig.add_axes((0, 0, 1, 1), anchor="NW")
    ax.set_axis_off()
    ax.set_aspect("equal")
    ax.set_xlim(-0.14, max(columns * _CELL_WIDTH, 2.9 / _IMAGE))
    ax.set_ylim(rows * _CELL_HEIGHT - 0.2, -_HEAD - 0.3)
    ax.set_autoscale_on(False)
    return ax


def _draw_image(ax: "Axes", column: int, row: int, image: NDArray[np.generic]) -> None:
    left, top = column * _CELL_WIDTH, row * _CELL_HEIGHT
    grey = image.shape[-1] == 1
    ax.imshow(
        image[..., 0] if grey else image, cmap="gray" if grey else None, interpolation="nearest",
        vmin=0, vmax=255 if image.dtype == np.uint8 else 1, extent=(left, left + 1, top + 1, top),
    )  # fmt: skip


def _draw_none(ax: "Axes", column: int, row: int) -> None:
    from matplotlib.patches import Rectangle

    left, top = column * _CELL_WIDTH, row * _CELL_HEIGHT
    ax.add_patch(Rectangle((left, top), 1, 1, facecolor=style.PAPER, edgecolor="none"))
    ax.text(
        left + 0.5, top + 0.5, _("none"), ha="center", va="center", color=style.MUTED,
        fontproperties=style.font(8),
    )  # fmt: skip


def _write(ax: "Axes", column: int, bottom: float, text: str, size: float, colour: str = style.INK) -> None:
    widest = max(text.splitlines(), key=lambda line: style.text_width(line, size), default="")
    ax.text(
        column * _CELL_WIDTH + 0.5, bottom, text, ha="center", va="bottom", color=colour,
        fontproperties=style.font(style.fitting_size(widest, 1.08 * _IMAGE, size)),
    )  # fmt: skip
