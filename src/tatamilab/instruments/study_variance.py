"""Where the scatter of single runs comes from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tatamilab.analysis.study_variance import VarianceSplit
from tatamilab.i18n import _
from tatamilab.instruments import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = (style.INDIGO, style.ACCENT, "#dcb670", style.FAINT, style.MUTED)


def plot_variances(splits: Sequence[tuple[str, VarianceSplit]], *, ax: "Axes | None" = None) -> "Axes":
    """Draw a bar an arm, cut by cause; its length is the variance of one run, with the standard deviation beside it.

    The test images' part is hatched: it is the same for all runs, so no scatter of theirs shows it.

    Args:
        splits: title and variances, of accuracies 0-1.
        ax: where to draw; the axes of a new figure if None.
    """
    causes = (
        _("sample"),
        _("initial weights"),
        _("order of the images"),
        _("their combination"),
        _("test images"),
    )
    ax = ax or style.new_figure(8.2, 0.55 * len(splits) + 1.7).add_axes((0.26, 0.3, 0.62, 0.5))
    style.quiet(ax)
    for at, (_title, split) in enumerate(splits):
        left, y = 0.0, len(splits) - 1 - at
        parts = (split.draw, split.initialisation, split.order, split.rest, split.images or 0.0)
        for part, cause, colour in zip(parts, causes, _COLOURS, strict=True):
            ax.barh(y, 1e4 * part, left=left, height=0.55, color=colour, edgecolor="white",
                    hatch="///" if cause == causes[-1] else None, label=cause if at == 0 else None)  # fmt: skip
            left += 1e4 * part
        ax.annotate(
            _("σ = {sd:.2f} points", sd=100 * np.sqrt(sum(parts))), (left, y), xytext=(6, 0),
            textcoords="offset points", va="center", color=style.INK, fontproperties=style.font(9),
        )  # fmt: skip
    ax.set_yticks(range(len(splits)), [title for title, _split in reversed(splits)])
    ax.set_xlabel(_("Variance of one run (points²)"), color=style.INK, fontproperties=style.font(10))
    legend = ax.legend(
        loc="lower left", bbox_to_anchor=(-0.3, 1.02), ncols=3, frameon=False, prop=style.font(9)
    )
    legend.set_zorder(4)
    return ax
