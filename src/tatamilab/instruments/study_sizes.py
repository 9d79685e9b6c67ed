"""Accuracy over the number of training images, with its scatter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tatamilab.analysis.study_effects import Estimate
from tatamilab.i18n import _
from tatamilab.instruments import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STYLES = (
    (style.ACCENT, "-", "o"),
    (style.INDIGO, "-", "s"),
    (style.ACCENT, "--", "^"),
    (style.INDIGO, "--", "v"),
    (style.MUTED, "-", "D"),
    (style.MUTED, "--", "P"),
    (style.INK, "-", "X"),
)


@dataclass(frozen=True, eq=False)
class Curve:
    """One arm.

    Attributes:
        title: what it is called.
        draws: accuracy of every draw (sizes, draws), 0-1.
        means: mean at each size.
        first: accuracy on the first images at each size.
    """

    title: str
    draws: NDArray[np.float64]
    means: Sequence[Estimate | None]
    first: Sequence[float | None]


def plot_sizes(
    sizes: Sequence[int], curves: Sequence[Curve], *, measure: str | None = None, ax: "Axes | None" = None
) -> "Axes":
    """Draw a curve an arm with the 95% band of its mean, every draw as a point, and crosses for the first images.

    Args:
        sizes: numbers of images, ascending.
        curves: one an arm.
        measure: the title of the axis of scores; None for test accuracy.
        ax: where to draw; the axes of a new figure if None.
    """
    if ax is None:
        width = 7.0 + max(style.text_width(curve.title, 9.5) for curve in curves)
        ax = style.new_figure(width, 5.0).add_axes((0.75 / width, 0.12, 5.8 / width, 0.78))
    style.quiet(ax)
    ax.set_xscale("log")
    for at, curve in enumerate(curves):
        _draw(ax, sizes, curve, *_STYLES[at % len(_STYLES)], shift=1 + 0.012 * (at - (len(curves) - 1) / 2))
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.minorticks_off()
    ax.set_xlabel(_("Training images, validation included"), color=style.INK, fontproperties=style.font(10))
    ax.set_ylabel(measure or _("Test accuracy (%)"), color=style.INK, fontproperties=style.font(10))
    ax.set_title(
        _("Line: mean and its 95% interval; points: random samples; crosses: the first images"),
        loc="left", color=style.INK, fontproperties=style.font(9.5), pad=10,
    )  # fmt: skip
    _name(ax, sizes, curves)
    return ax


def _draw(
    ax: "Axes", sizes: Sequence[int], curve: Curve, colour: str, line: str, marker: str, shift: float
) -> None:
    known = [(size, mean) for size, mean in zip(sizes, curve.means, strict=True) if mean is not None]
    x = [size for size, _mean in known]
    ax.fill_between(x, [100 * m.low for _s, m in known], [100 * m.high for _s, m in known], color=colour, alpha=0.2,
                    linewidth=0)  # fmt: skip
    ax.plot(
        x,
        [100 * m.mean for _s, m in known],
        color=colour,
        linestyle=line,
        marker=marker,
        markersize=6,
        zorder=3,
    )
    for size, draws, first in zip(sizes, curve.draws, curve.first, strict=True):
        ax.plot(np.full(len(draws), size * shift), 100 * draws, linestyle="", marker=marker, markersize=2.5,
                color=colour, alpha=0.45)  # fmt: skip
        if first is not None:
            ax.plot(size, 100 * first, linestyle="", marker="x", markersize=8, color=colour, zorder=4)


def _name(ax: "Axes", sizes: Sequence[int], curves: Sequence[Curve]) -> None:
    """Write each curve's name beside its end, none over another."""
    ends = [(100 * c.means[-1].mean, at) for at, c in enumerate(curves) if c.means[-1] is not None]
    low, high = ax.get_ylim()
    gap, last = 0.055 * (high - low), -np.inf
    for end, at in sorted(ends):
        last = max(end, last + gap)
        ax.annotate(
            curves[at].title, (sizes[-1], last), xytext=(12, 0), textcoords="offset points", va="center",
            color=_STYLES[at % len(_STYLES)][0], fontproperties=style.font(9.5), annotation_clip=False,
        )  # fmt: skip
