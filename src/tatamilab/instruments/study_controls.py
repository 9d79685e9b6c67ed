"""All contrasts of a study, one line each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tatamilab.analysis.study_effects import Estimate
from tatamilab.i18n import _
from tatamilab.instruments import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_contrasts(
    rows: Sequence[tuple[str, Estimate, bool]], *, size: int | None = None, ax: "Axes | None" = None
) -> "Axes":
    """Draw the mean difference and its 95% interval of each contrast; filled where it is sure after Holm.

    Args:
        rows: title, difference over draws (a share), and whether it holds.
        size: images of a sample; None to leave it unsaid.
        ax: where to draw; the axes of a new figure if None.
    """
    if ax is None:
        height = 0.52 * len(rows) + 1.15
        widest = max(style.text_width(title, 9.5) for title, _effect, _sure in rows)
        width = widest + 5.6
        fig = style.new_figure(width, height)
        ax = fig.add_axes(((widest + 0.25) / width, 0.62 / height, 4.9 / width, 1 - 1.05 / height))
    style.quiet(ax)
    for at, (_title, effect, sure) in enumerate(rows):
        y = len(rows) - 1 - at
        colour = style.ACCENT if sure else style.MUTED
        ax.plot(
            (100 * effect.low, 100 * effect.high), (y, y), color=colour, linewidth=2.5, solid_capstyle="butt"
        )
        ax.plot(100 * effect.mean, y, marker="D", markersize=7, color=colour,
                markerfacecolor=colour if sure else "white")  # fmt: skip
        ax.annotate(f"{100 * effect.mean:+z.2f}", (100 * effect.mean, y), xytext=(0, 8), textcoords="offset points",
                    ha="center", color=style.INK, fontproperties=style.font(9),
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})  # fmt: skip
    ax.axvline(0, color=style.INK, linewidth=1, zorder=1)
    ax.set_yticks(range(len(rows)), [title for title, _effect, _sure in reversed(rows)])
    for label in ax.get_yticklabels():
        label.set_fontproperties(style.font(9.5))
    ax.set_ylim(-0.6, len(rows) - 0.3)
    unit = _("Difference (points)") if size is None else _("Difference (points), {size:,} images", size=size)
    ax.set_xlabel(unit, color=style.INK, fontproperties=style.font(10))
    ax.set_title(
        _("Filled: holds after Holm's correction; hollow: not shown by these runs"),
        loc="left", color=style.INK, fontproperties=style.font(9.5), pad=10,
    )  # fmt: skip
    return ax
