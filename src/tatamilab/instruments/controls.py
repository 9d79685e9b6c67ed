"""The controlled experiments: accuracy of every arm, and how far it lies from the worksheet's."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tatamilab.analysis.contrasts import Contrast
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.words import sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_EXAMPLES = 12
_BREAK = 3.0  # points of accuracy beyond which a difference is written, not drawn


def plot_controls(
    rows: Sequence[Contrast],
    titles: Mapping[str, str],
    filters: Mapping[str, NDArray[np.floating]],
    *,
    fig: "style.FigureLike | None" = None,
) -> "style.FigureLike":
    """Draw one line an arm: some of its filters, its accuracy, and the paired difference with its interval.

    Args:
        rows: `analysis.contrasts.contrasts`, the baseline first.
        titles: what each arm is called, by name.
        filters: final kernel (h, w, c, o) of one network of each arm.
        fig: where to draw; a new figure if None.

    Returns:
        The figure. Differences of more than three points are written at the edge: drawn, they would shrink all
        others to dots.
    """
    fig = fig or style.new_figure(12, 0.62 * len(rows) + 1.0)
    height = fig.bbox.height / fig.dpi
    grid = fig.add_gridspec(
        1,
        2,
        width_ratios=(1.25, 1),
        left=0.3,
        right=0.97,
        bottom=0.55 / height,
        top=1 - 0.42 / height,
        wspace=0.28,
    )
    _draw_filters(fig.add_subplot(grid[0]), rows, titles, filters)
    _draw_differences(fig.add_subplot(grid[1]), rows)
    return fig


def describe_controls(rows: Sequence[Contrast], titles: Mapping[str, str]) -> str:
    """The table in words."""
    parts = []
    for row in rows:
        accuracy = _(
            "{title}: {accuracy:.2%} ({low:.2%} to {high:.2%})",
            title=titles[row.arm],
            accuracy=row.accuracy.value,
            low=row.accuracy.low,
            high=row.accuracy.high,
        )
        if row.difference is None:
            parts.append(_("{heading}.", heading=accuracy))
        else:
            parts.append(
                _(
                    "{accuracy}, difference {difference:+z.2f} points ({low:+z.2f} to {high:+z.2f}).",
                    accuracy=accuracy,
                    difference=100 * row.difference.mean,
                    low=100 * row.difference.low,
                    high=100 * row.difference.high,
                )
            )
    return sentences(parts)


def _draw_filters(
    ax: "Axes",
    rows: Sequence[Contrast],
    titles: Mapping[str, str],
    filters: Mapping[str, NDArray[np.floating]],
) -> None:
    style.quiet(ax, frame=False)
    for place, row in enumerate(rows):
        kernel = np.asarray(filters[row.arm], dtype=np.float64)
        strongest = np.argsort(-np.square(kernel).sum(axis=(0, 1, 2)), kind="stable")[:_EXAMPLES]
        limit = float(np.abs(kernel[..., strongest]).max()) or 1.0
        for column, o in enumerate(strongest):
            channel = int(np.square(kernel[..., o]).sum(axis=(0, 1)).argmax())
            ax.imshow(
                kernel[:, :, channel, o], extent=(column, column + 0.88, place + 0.4, place - 0.4), aspect="auto",
                cmap=style.signed_colours(), vmin=-limit, vmax=limit, interpolation="nearest",
            )  # fmt: skip
    ax.set_xlim(0, _EXAMPLES)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xticks([])
    ax.set_yticks(range(len(rows)), [titles[row.arm] for row in rows])
    ax.tick_params(axis="y", labelsize=8.5, length=0)
    ax.set_title(
        _("Strongest filters of one network"), loc="left", color=style.INK, fontproperties=style.font(9.5)
    )


def _draw_differences(ax: "Axes", rows: Sequence[Contrast]) -> None:
    style.quiet(ax)
    ax.spines["left"].set_visible(False)
    ax.axvline(0, color=style.MUTED, linewidth=1)
    for place, row in enumerate(rows):
        text = f"{row.accuracy.value:.2%}"
        ax.annotate(
            text, (0, place), xycoords=("axes fraction", "data"), xytext=(-8, 0), textcoords="offset points",
            ha="right", va="center", color=style.INK, fontproperties=style.font(9), annotation_clip=False,
        )  # fmt: skip
        if row.difference is None:
            ax.text(
                -0.06, place, _("the baseline"), ha="right", va="center", color=style.MUTED,
                fontproperties=style.font(8),
            )  # fmt: skip
        elif abs(row.difference.mean) * 100 > _BREAK:
            ax.text(
                -_BREAK, place, f"◀ {100 * row.difference.mean:+z.1f}", va="center", color=style.ACCENT,
                fontproperties=style.font(8.5),
            )  # fmt: skip
        else:
            _bar(ax, place, row)
    ax.set_xlim(-_BREAK, 0.6)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_yticks([])
    ax.set_xlabel(
        _("Difference in points, 95% interval over seeds"), color=style.INK,
        fontproperties=style.font(8.5),
    )  # fmt: skip
    ax.set_title(
        _("Test accuracy, and paired difference"), loc="left", color=style.INK, fontproperties=style.font(9.5)
    )


def _bar(ax: "Axes", place: int, row: Contrast) -> None:
    assert row.difference is not None
    low, mean, high = (
        100 * value for value in (row.difference.low, row.difference.mean, row.difference.high)
    )
    ax.plot([low, high], [place, place], color=style.ACCENT, linewidth=2.2, solid_capstyle="butt")
    ax.plot([mean], [place], marker="o", color=style.ACCENT, markersize=5, markeredgecolor="white")
    ax.text(
        mean,
        place - 0.22,
        f"{mean:+z.2f}",
        ha="center",
        va="bottom",
        color=style.INK,
        fontproperties=style.font(8),
    )
