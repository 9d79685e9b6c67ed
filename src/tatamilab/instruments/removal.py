"""How few filters will do: taken away from a trained network, or never there."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tatamilab.analysis.contrasts import Mean
from tatamilab.analysis.removal import RemovalCurves
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.words import sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LOSS = 0.01


def plot_how_few(
    curves: RemovalCurves, retrained: Mapping[int, Mean] | None = None, *, ax: "Axes | None" = None
) -> "Axes":
    """Draw the accuracy with so many filters: kept of a trained network, or trained with so many from the start.

    The band holds 90% of random orders of removal. The scale of the filters doubles from mark to mark, with 0 at its
    left end.

    See `analysis.removal.removal_curves` for what it can't tell.

    Args:
        curves: of the removal.
        retrained: the accuracy of networks trained with so many filters, with its interval over seeds.
        ax: where to draw; new axes if None.
    """
    ax = ax or style.new_figure(8.5, 4.2).add_subplot()
    style.quiet(ax)
    low, high = curves.band
    ax.fill_between(
        curves.kept,
        low,
        high,
        color=style.FAINT,
        linewidth=0,
        label=_("removed in random order: 90% of orders"),
    )
    ax.plot(
        curves.kept,
        np.median(curves.at_random, axis=0),
        color=style.MUTED,
        linewidth=1,
        linestyle=(0, (4, 2)),
    )
    looks = ((style.INDIGO, "-", "o"), (style.INDIGO, (0, (1, 1.5)), "s"), (style.MUTED, (0, (5, 1)), "^"))
    for (name, values), (colour, dashes, marker) in zip(curves.by_score.items(), looks, strict=False):
        ax.plot(
            curves.kept, values, color=colour, linestyle=dashes, linewidth=1.6, marker=marker, markersize=4,
            label=name,
        )  # fmt: skip
    sizes = sorted(retrained) if retrained else []
    if retrained:
        means = [retrained[size] for size in sizes]
        ax.vlines(
            sizes, [one.low for one in means], [one.high for one in means], color=style.ACCENT, linewidth=1.6
        )
        ax.plot(
            sizes, [one.value for one in means], color=style.ACCENT, marker="D", markersize=5, linewidth=1.6,
            label=_("trained with so many from the start"),
        )  # fmt: skip
    places = sorted({*curves.kept.tolist(), *sizes})
    ax.set_xscale("symlog", base=2, linthresh=1, linscale=0.6)
    ax.set_xticks(places, [str(place) for place in places])
    ax.set_xticks([], minor=True)
    ax.set_xlim(-0.15, 1.08 * places[-1])
    ax.set_ylim(0, 1.02)
    ax.yaxis.set_major_formatter(lambda value, _position: f"{100 * value:g}%")
    ax.grid(axis="y", color=style.FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.set_xlabel(_("filters"), color=style.INK, fontproperties=style.font(9))
    ax.set_title(
        _("Test accuracy with so many filters"), loc="left", color=style.INK, fontproperties=style.font(11)
    )
    ax.legend(loc="lower right", frameon=False, prop=style.font(8.5), labelcolor=style.INK)
    return ax


def describe_how_few(curves: RemovalCurves, retrained: Mapping[int, Mean] | None = None) -> str:
    """From how many filters on little is lost, removed and retrained, in words."""
    whole = next(iter(curves.by_score.values()))[-1]
    parts = [_("With all {n} filters the test accuracy is {whole:.2%}.", n=int(curves.kept[-1]), whole=whole)]
    parts += [
        _(
            "{name}: with {n} kept, no more than {loss:.0%} is lost.",
            name=name,
            n=curves.fewest(name, _LOSS),
            loss=_LOSS,
        )
        for name in curves.by_score
    ]
    if retrained:
        each = (
            f"{size}: {one.value:.2%} ({one.low:.2%}–{one.high:.2%})"
            for size, one in sorted(retrained.items())
        )
        parts.append(_("Trained with so many from the start: {each}.", each=_(", ").join(each)))
    return sentences(parts)
