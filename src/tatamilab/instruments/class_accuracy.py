"""How often each class is recognised, and which pairs are confused most."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from tatamilab.analysis import confusion_matrix
from tatamilab.analysis.class_accuracy import class_accuracy, most_confused
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.confusion import class_labels
from tatamilab.instruments.words import sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_CLASSES = 20
_MOST_PAIRS = 8


def plot_class_accuracy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    class_names: Sequence[str] | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the share of each class's images that are recognised, with Wilson's 95% interval; the line is of all.

    With more than 20 classes, the 20 that are recognised least are shown.

    Args:
        y_true: true labels (n,).
        y_pred: predicted labels (n,).
        class_names: one for each class; the numbers if None.
        ax: where to draw; new axes if None.

    Raises:
        BadInput: labels that do not fit each other or `class_names`, or there are none.
    """
    names = class_labels(class_names, y_true, y_pred)
    matrix = confusion_matrix(y_true, y_pred, len(names))
    rows = [(name, one) for name, one in zip(names, class_accuracy(matrix), strict=True) if one.interval]
    rows = sorted(rows, key=lambda row: row[1].value)[:_MOST_CLASSES] if len(rows) > _MOST_CLASSES else rows
    ax = ax or style.new_figure(5, 0.28 * len(rows) + 1).add_subplot()
    style.quiet(ax)
    for place, (_name, one) in enumerate(rows):
        assert one.interval is not None
        ax.hlines(-place, one.interval.low, one.interval.high, color=style.ACCENT, linewidth=1.6)
        ax.plot([one.value], [-place], "o", color=style.ACCENT, markersize=5)
    ax.axvline(np.trace(matrix) / matrix.sum(), color=style.INDIGO, linewidth=1)
    ax.set_yticks([-place for place in range(len(rows))], [name for name, _one in rows])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(0.6 - len(rows), 0.6)
    ax.xaxis.set_major_formatter(lambda value, _position: f"{100 * value:g}%")
    ax.grid(axis="x", color=style.FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    _headed(ax, _("Accuracy of each class"), _("with its 95% interval; the line is of all images"))
    return ax


def plot_confused_pairs(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    class_names: Sequence[str] | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the most confused pairs: the share of a class's images that is taken for one other, with its interval.

    Args and errors as in `plot_class_accuracy`.
    """
    names = class_labels(class_names, y_true, y_pred)
    found = most_confused(confusion_matrix(y_true, y_pred, len(names)), _MOST_PAIRS)
    ax = ax or style.new_figure(5, 0.28 * _MOST_PAIRS + 1).add_subplot()
    style.quiet(ax)
    for place, one in enumerate(found):
        assert one.share.interval is not None
        ax.barh(-place, one.share.value, height=0.62, color=style.FAINT)
        ax.hlines(-place, one.share.interval.low, one.share.interval.high, color=style.ACCENT, linewidth=1.6)
        ax.text(
            one.share.interval.high, -place, f"  {one.share.count:,}", va="center", color=style.INK,
            fontproperties=style.font(8),
        )  # fmt: skip
    ax.set_yticks(
        [-place for place in range(len(found))],
        [f"{names[one.true]} → {names[one.predicted]}" for one in found],
    )
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(0.6 - max(len(found), 1), 0.6)
    ax.set_xlim(left=0)
    ax.xaxis.set_major_formatter(lambda value, _position: f"{100 * value:g}%")
    if not found:
        ax.text(0.5, 0.5, _("none"), transform=ax.transAxes, color=style.MUTED, fontproperties=style.font(9))
    _headed(ax, _("Most confused: true → predicted"), _("share of the class's images, and how many"))
    return ax


def describe_class_accuracy(
    y_true: ArrayLike, y_pred: ArrayLike, *, class_names: Sequence[str] | None = None
) -> str:
    """The least and the best recognised class with their intervals, and the most confused pairs, in words.

    Raises:
        BadInput: as `plot_class_accuracy`.
    """
    names = class_labels(class_names, y_true, y_pred)
    matrix = confusion_matrix(y_true, y_pred, len(names))
    shares = [(one, name) for name, one in zip(names, class_accuracy(matrix), strict=True) if one.interval]
    ends = [min(shares, key=lambda share: share[0].value), max(shares, key=lambda share: share[0].value)]
    parts = [
        _(
            "{heading}: {name}, {value:.1%} of {n:,} images (95% interval {low:.1%} to {high:.1%}).",
            heading=heading,
            name=name,
            value=one.value,
            n=one.n,
            low=one.interval.low,
            high=one.interval.high,
        )
        for heading, (one, name) in zip((_("Least recognised"), _("Best recognised")), ends, strict=True)
        if one.interval
    ]
    pairs = [
        f"{names[one.true]} → {names[one.predicted]}: {one.share.count:,}" for one in most_confused(matrix, 5)
    ]
    if pairs:
        parts.append(_("Most confused (true → predicted): {pairs}.", pairs=_(", ").join(pairs)))
    return sentences(parts)


def _headed(ax: "Axes", title: str, note: str) -> None:
    ax.set_title(title, loc="left", color=style.INK, fontproperties=style.font(11), pad=20)
    ax.text(0, 1.03, note, transform=ax.transAxes, color=style.MUTED, fontproperties=style.font(8))
