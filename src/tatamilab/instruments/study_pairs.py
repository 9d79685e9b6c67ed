"""Two arms over the same draws: a slope for each pair, and how the differences are spread."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from tatamilab.analysis.study_effects import Estimate
from tatamilab.analysis.study_images import TwoWay
from tatamilab.i18n import _
from tatamilab.instruments import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_pairs(
    first: ArrayLike,
    second: ArrayLike,
    titles: tuple[str, str],
    fixed: tuple[float | None, float | None] = (None, None),
    *,
    measure: str | None = None,
    size: int | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw a line for each draw from one arm's accuracy to the other's, the means thick, the first images ringed.

    Args:
        first: accuracy of each draw, 0-1 (n,).
        second: likewise, in the same order.
        titles: what the arms are called.
        fixed: both accuracies on the first images, where there are.
        measure: the title of the axis of scores; None for test accuracy.
        size: images of a sample; None to leave it unsaid.
        ax: where to draw; the axes of a new figure if None.
    """
    a, b = 100 * np.asarray(first, np.float64), 100 * np.asarray(second, np.float64)
    whole = np.isfinite(a) & np.isfinite(b)
    ax = ax or style.new_figure(6.4, 4.6).add_axes((0.12, 0.12, 0.83, 0.74))
    style.quiet(ax)
    for left, right in zip(b[whole], a[whole], strict=True):
        ax.plot((0, 1), (left, right), color=style.FAINT, linewidth=1.2, marker="o", markersize=4, zorder=1)
    ax.plot((0, 1), (b[whole].mean(), a[whole].mean()), color=style.ACCENT, linewidth=3, marker="o", zorder=3)
    for x, mean in ((0, b[whole].mean()), (1, a[whole].mean())):
        side = -1 if x == 0 else 1
        ax.annotate(
            f"{mean:.1f}%", (x, mean), xytext=(12 * side, 0), textcoords="offset points", va="center",
            ha="right" if x == 0 else "left", color=style.ACCENT, fontproperties=style.font(11),
        )  # fmt: skip
    if fixed[0] is not None and fixed[1] is not None:
        ends = (100 * fixed[1], 100 * fixed[0])
        ax.plot((0, 1), ends, color=style.INDIGO, linewidth=1.6, linestyle="--", marker="o", markersize=9,
                markerfacecolor="white", zorder=2)  # fmt: skip
        ax.annotate(
            _("the first images"), (0, ends[0]), xytext=(-10, 0), textcoords="offset points", ha="right",
            va="center", color=style.INDIGO, fontproperties=style.font(9),
        )  # fmt: skip
    ax.set_xlim(-0.45, 1.45)
    ax.set_xticks((0, 1), (titles[1], titles[0]))
    ax.set_ylabel(measure or _("Test accuracy (%)"), color=style.INK, fontproperties=style.font(10))
    if size is not None:
        ax.set_xlabel(
            _("Trained on {size:,} images", size=size), color=style.INK, fontproperties=style.font(10)
        )
    ax.set_title(
        _("Each line is one random sample; both models learned from it (n = {n})", n=int(whole.sum())),
        loc="left", color=style.INK, fontproperties=style.font(10.5), pad=10,
    )  # fmt: skip
    return ax


def plot_differences(
    differences: ArrayLike,
    effect: Estimate,
    new_images: TwoWay | None,
    title: str,
    *,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the difference of each draw as a dot, and below both intervals of the mean.

    Args:
        differences: one a draw (n,), as shares; NaN where it is missing.
        effect: their mean, for this test set.
        new_images: the same for new images; None where nobody can say.
        title: what the contrast is called.
        ax: where to draw; the axes of a new figure if None.
    """
    d = 100 * np.asarray(differences, np.float64)
    d = np.sort(d[np.isfinite(d)])
    ax = ax or style.new_figure(7.2, 3.3).add_axes((0.05, 0.2, 0.9, 0.62))
    style.quiet(ax)
    ax.spines["left"].set_visible(False)
    heights = _stacked(d)
    ax.plot(d, 1 + heights, linestyle="", marker="o", markersize=6, color=style.INDIGO, alpha=0.8)
    _interval(ax, 0.4, effect.mean, effect.low, effect.high, style.ACCENT, _("95%, these test images"))
    if new_images is not None:
        colour = style.MUTED
        _interval(
            ax, -0.15, new_images.mean, new_images.low, new_images.high, colour, _("95%, new images too")
        )
    ax.axvline(0, color=style.INK, linewidth=1)
    ax.set_yticks(())
    ax.set_ylim(-0.45, 1.6 + max(heights, default=0))
    ax.set_xlabel(_("Difference (points)"), color=style.INK, fontproperties=style.font(10))
    ax.set_title(title, loc="left", color=style.INK, fontproperties=style.font(11), pad=8)
    return ax


def _interval(ax: "Axes", y: float, mean: float, low: float, high: float, colour: str, label: str) -> None:
    ax.plot((100 * low, 100 * high), (y, y), color=colour, linewidth=2.5, solid_capstyle="butt")
    ax.plot(100 * mean, y, marker="D", markersize=6, color=colour)
    ax.annotate(
        label, (100 * low, y), xytext=(0, 6), textcoords="offset points", va="bottom", color=colour,
        fontproperties=style.font(9),
    )  # fmt: skip


def _stacked(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Heights that keep dots at nearly the same place apart."""
    if not len(values):
        return np.zeros(0)
    width = max(float(np.ptp(values)) / 28, 1e-9)
    heights, bins = np.zeros(len(values)), np.round(np.asarray(values) / width).astype(int)
    for at, bin_ in enumerate(bins):
        heights[at] = 0.16 * np.sum(bins[:at] == bin_)
    return heights
