"""How sure a network is, beside how often it is right."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis.calibration import Calibration, calibration
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.words import sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_calibration(
    confidence: ArrayLike, right: ArrayLike, n_bins: int = 10, *, ax: "Axes | None" = None
) -> "Axes":
    """Draw the reliability diagram: bins of equally many images, by rising confidence.

    A bar is the mean confidence of a bin, the dot the share of its images that are right, with Wilson's 95% interval.
    Where the dot lies below the bar, the network is surer than it should be. The bins stand side by side, not along a
    diagonal, because nearly all confidences of a trained network lie in its last corner.

    See `analysis.calibration` for the equation and for what it can't tell.

    Args:
        confidence: probability of the predicted class (n,).
        right: whether the prediction was right (n,).
        n_bins: how many.
        ax: where to draw; new axes if None.

    Raises:
        BadInput: as `analysis.calibration.calibration`.
    """
    found = calibration(confidence, right, n_bins)
    ax = ax or style.new_figure(6, 3.6).add_subplot()
    style.quiet(ax)
    place = np.arange(len(found.n))
    ax.hlines(found.confidence, place - 0.36, place + 0.36, color=style.INDIGO, linewidth=2.2)
    ax.vlines(place, found.low, found.high, color=style.ACCENT, linewidth=1.4)
    ax.plot(place, found.accuracy, "o", color=style.ACCENT, markersize=5, linestyle="none")
    lowest = min(float(found.low.min()), float(found.confidence.min()))
    ax.set_ylim(max(0.0, lowest - 0.08 * (1 - lowest) - 0.005), 1 + 0.02 * (1.05 - lowest))
    ax.yaxis.set_major_formatter(lambda value, _position: f"{100 * value:g}%")
    ax.set_xticks(place, _in_percent(found.confidence))
    ax.tick_params(axis="x", labelsize=7)
    ax.grid(axis="y", color=style.FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.set_xlabel(
        _("mean confidence (%) of each {n:,} images, by rising confidence", n=int(found.n[0])),
        color=style.INK, fontproperties=style.font(8.5),
    )  # fmt: skip
    ax.set_title(
        _("As sure as it should be?"), loc="left", color=style.INK, fontproperties=style.font(11), pad=20
    )
    ax.text(
        0, 1.03, _("bar: how sure; dot: how often right, with its 95% interval"), transform=ax.transAxes,
        color=style.MUTED, fontproperties=style.font(8),
    )  # fmt: skip
    return ax


def describe_calibration(confidence: ArrayLike, right: ArrayLike, n_bins: int = 10) -> str:
    """The calibration error beside what chance alone gives, in words.

    Raises:
        BadInput: as `plot_calibration`.
    """
    found = calibration(confidence, right, n_bins)
    values = {
        "error": found.error,
        "chance": found.error_by_chance,
        "high": found.error_by_chance_high,
    }
    said = _(
        "Mean distance of confidence and share of right answers (expected calibration error): {error:.2%}. It is never "
        "0: if every confidence were right, chance alone would give {chance:.2%} on average, and more than {high:.2%} "
        "in 5 of 100 cases.",
        **values,
    )
    return sentences([said, _verdict(found)])


def _verdict(found: Calibration) -> str:
    if found.error <= found.error_by_chance_high:
        return _("So it is not shown that this network is surer, or less sure, than it should be.")
    if found.confidence @ found.n > found.accuracy @ found.n:
        return _("So this network is surer than it should be.")
    return _("So this network is less sure than it should be.")


def _in_percent(values: NDArray[np.float64]) -> list[str]:
    """Labels that keep apart: what rounds to 100 is named once, as all that follow it do."""
    labels = [f"{100 * value:.0f}" if value < 0.985 else f"{100 * value:.1f}" for value in values]
    surest = labels.index("100.0") if "100.0" in labels else len(labels)
    return [*labels[:surest], *[">99.9"][: len(labels) - surest], *[""] * (len(labels) - surest - 1)]
