"""The confusion matrix: which class is taken for which."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis import confusion_matrix, row_percent, wilson_interval
from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.words import sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_WITH_PERCENT = 12
_MOST_WITH_COUNTS = 30


def plot_confusion_matrix(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    class_names: Sequence[str] | None = None,
    *,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw counts and row percents; only the errors are coloured, so that the diagonal does not drown them.

    Up to 12 classes each cell shows both numbers, up to 30 the counts, above that colour alone.

    Args:
        y_true: true labels (n,).
        y_pred: predicted labels (n,).
        class_names: one for each class; the numbers 0, 1, … up to the largest label if None.
        ax: where to draw; the axes of a new figure if None.

    Returns:
        The axes.

    Raises:
        BadInput: no images, labels that do not fit each other or `class_names`.
    """
    names = class_labels(class_names, y_true, y_pred)
    counts = confusion_matrix(y_true, y_pred, len(names))
    title = _title(counts)
    if ax is None:
        ax = _new_axes(names)
    style.quiet(ax, frame=False)
    _draw_cells(ax, counts)
    _name_axes(ax, names)
    ax.set_title(title, loc="left", color=style.INK, fontproperties=style.font(11), pad=12)
    return ax


def describe_confusion_matrix(
    y_true: ArrayLike, y_pred: ArrayLike, class_names: Sequence[str] | None = None
) -> str:
    """The score and the most frequent confusions, in words.

    Raises:
        BadInput: as `plot_confusion_matrix`.
    """
    names = class_labels(class_names, y_true, y_pred)
    counts = confusion_matrix(y_true, y_pred, len(names))
    parts = [_("{heading}.", heading=_title(counts))]
    errors = counts - np.diag(np.diag(counts))
    order = np.argsort(-errors, axis=None, kind="stable")[:3]
    for true, pred in zip(*np.unravel_index(order, errors.shape), strict=True):
        if errors[true, pred]:
            parts.append(
                _(
                    "{true} taken for {pred}: {count} ({percent:.1f}% of its images).",
                    true=names[true],
                    pred=names[pred],
                    count=errors[true, pred],
                    percent=row_percent(counts)[true, pred],
                )
            )
    return sentences(parts)


def class_labels(class_names: Sequence[str] | None, *labels: ArrayLike) -> list[str]:
    """The names of all classes: those given, else the numbers from 0 to the largest label.

    Raises:
        BadInput: there is no image at all.
    """
    if any(np.size(values) == 0 for values in labels):
        raise BadInput(_("There is nothing to draw: no image was given."))
    if class_names is not None:
        return [str(name) for name in class_names]
    largest = max(np.max(np.nan_to_num(values, posinf=0)) for values in labels)
    return [str(number) for number in range(int(largest) + 1)]


def _new_axes(names: list[str]) -> "Axes":
    """Square axes of a new figure, with room for the names, the title and the scale."""
    side = float(np.clip(0.66 * len(names), 2.8, 8.0))
    longest = max(style.text_width(name, 9) for name in names)
    left, bottom = 0.55 + longest, 0.5 + (0.75 * longest if _slanted(names) else 0.2)
    width, height = left + side + 1.2, bottom + side + 0.6
    fig = style.new_figure(max(width, 6.2), height)
    return fig.add_axes((left / max(width, 6.2), bottom / height, side / max(width, 6.2), side / height))


def _slanted(names: list[str]) -> bool:
    return max(map(len, names)) > 3


def _title(counts: NDArray[np.int64]) -> str:
    right, total = int(np.trace(counts)), int(counts.sum())
    interval = wilson_interval(right, total)
    return _(
        "{right:,} of {total:,} right: {score:.1%} (95% interval {low:.1%}–{high:.1%})",
        right=right,
        total=total,
        score=right / total,
        low=interval.low,
        high=interval.high,
    )


def _draw_cells(ax: "Axes", counts: NDArray[np.int64]) -> None:
    percent = row_percent(counts)
    errors = np.where(np.eye(len(counts), dtype=bool), np.nan, np.nan_to_num(percent))
    limit = float(np.nanmax(errors)) if len(counts) > 1 and np.nanmax(errors) > 0 else 1.0
    colours = style.sequential_colours().with_extremes(bad="white")
    image = ax.imshow(errors, cmap=colours, vmin=0, vmax=limit)
    bar = style.root(ax).colorbar(image, cax=ax.inset_axes((1.03, 0.2, 0.03, 0.6)))
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_formatter(lambda value, _position: f"{value:g}%")
    bar.set_label(_("Errors as a share of the true class"), color=style.INK, fontproperties=style.font(9))
    style.quiet(bar.ax, frame=False)
    _frame_diagonal(ax, len(counts))
    if len(counts) <= _MOST_WITH_COUNTS:
        for edge in np.arange(len(counts) + 1) - 0.5:
            ax.axhline(edge, color="white", linewidth=1.0)
            ax.axvline(edge, color="white", linewidth=1.0)
        _write_cells(ax, counts, percent, limit)


def _frame_diagonal(ax: "Axes", n_classes: int) -> None:
    """What is right is framed, not coloured, so that it differs from errors in greyscale too."""
    from matplotlib.patches import Rectangle

    for k in range(n_classes):
        ax.add_patch(
            Rectangle(
                (k - 0.46, k - 0.46),
                0.92,
                0.92,
                facecolor="none",
                edgecolor=style.MUTED,
                linewidth=0.7,
                zorder=3,
            )
        )


def _write_cells(ax: "Axes", counts: NDArray[np.int64], percent: NDArray[np.float64], limit: float) -> None:
    both = len(counts) <= _MOST_WITH_PERCENT
    for (true, pred), count in np.ndenumerate(counts):
        if count == 0 and true != pred:
            continue
        colour = "white" if true != pred and percent[true, pred] > 0.55 * limit else style.INK
        _write(ax, true, pred, f"{count:,}", 2 if both else 0, 9.5 if both else 6, colour)
        if both and np.isfinite(percent[true, pred]):
            _write(ax, true, pred, f"{percent[true, pred]:.1f}%", -10, 6.5, colour)


def _write(ax: "Axes", true: int, pred: int, text: str, lift: float, size: float, colour: str) -> None:
    """Write `text` into a cell, its middle `lift` points above the cell's."""
    ax.annotate(
        text, (pred, true), xytext=(0, lift), textcoords="offset points", ha="center", va="center",
        color=colour, fontproperties=style.font(size),
    )  # fmt: skip


def _name_axes(ax: "Axes", names: list[str]) -> None:
    step = -(-len(names) // 30)
    places = range(0, len(names), step)
    slanted = _slanted(names)
    ax.set_xticks(
        places, [names[k] for k in places], rotation=45 if slanted else 0, ha="right" if slanted else "center"
    )
    ax.set_yticks(places, [names[k] for k in places])
    ax.set_xlabel(_("Predicted class"), color=style.INK, fontproperties=style.font(10))
    ax.set_ylabel(_("True class"), color=style.INK, fontproperties=style.font(10))
