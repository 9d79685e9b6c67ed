"""Where the change of filters lies among the patches that they saw."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis import (
    PatchComponents,
    change_energy,
    energy_in_components,
    neighbour_correlation,
    symmetric_limit,
)
from tatamilab.analysis.contrasts import leading
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.words import sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN = 6

Course = tuple[ArrayLike, ArrayLike]
"""Numbers of steps (t,), and the share of the change in the leading components after them (networks, t)."""


def plot_where_change_lies(
    before: ArrayLike,
    after: ArrayLike,
    patches: PatchComponents,
    *,
    courses: Mapping[str, Course] | None = None,
    fig: "style.FigureLike | None" = None,
) -> "style.FigureLike":
    """Draw the first components of the patches, the filters' energy in them, and its course over training.

    Left: the six forms by which patches vary most, with their share of the variance. Middle: the share of the energy of
    the initial filters, the final ones and their change in the first k components, beside k/d, what weights without
    any preference have. Right, where courses are given: the change's share in the leading components after
    each number of steps, mean and range over networks.

    See `analysis.energy_in_components` for the equation and for what it can't tell.

    Args:
        before: kernel (h, w, c, o) before training.
        after: after it.
        patches: components of the patches that the layer reads.
        courses: by the name to write beside the line; at most three.
        fig: where to draw; a new figure if None.

    Raises:
        BadInput: kernels that do not fit each other or the patches.
    """
    shares = _shares(before, after, patches)
    fig = fig or style.new_figure(12, 3.6)
    columns = 3 if courses else 2
    grid = fig.add_gridspec(
        1, columns, left=0.02, right=0.87 if courses else 0.8, bottom=0.16, top=0.82, wspace=0.34,
        width_ratios=(0.75, 1, 1)[:columns],
    )  # fmt: skip
    _draw_components(fig, grid[0], patches)
    _draw_energy(fig.add_subplot(grid[1]), shares, len(patches.components))
    if courses:
        _draw_courses(fig.add_subplot(grid[2]), courses, len(patches.components))
    return fig


def describe_where_change_lies(before: ArrayLike, after: ArrayLike, patches: PatchComponents) -> str:
    """The same in words and numbers.

    Raises:
        BadInput: as `plot_where_change_lies`.
    """
    d = len(patches.components)
    k = leading(d)
    parts = [
        _(
            "Of the {d} principal components of the patches, the first {k} hold {share:.0%} of the patches' variance.",
            d=d,
            k=k,
            share=float(patches.variances[:k].sum() / max(patches.variances.sum(), 1e-300)),
        )
    ]
    parts += [
        _("{name}: {share:.0%} of the energy lies there.", name=name, share=float(share[k]))
        for name, share in _shares(before, after, patches).items()
        if _has_energy(share)
    ]
    if np.array_equal(before, after):
        parts.append(
            _("The filters are exactly as they were before training, so there is no change to place.")
        )
    correlations = neighbour_correlation(before), neighbour_correlation(after)
    if np.isfinite(correlations).all():
        parts.append(
            _(
                "Neighbouring weights correlate by {before:+z.2f} before training and {after:+z.2f} after it.",
                before=correlations[0],
                after=correlations[1],
            )
        )
    return sentences(parts)


def _shares(before: ArrayLike, after: ArrayLike, patches: PatchComponents) -> dict[str, NDArray[np.float64]]:
    return {
        _("Filters before training"): energy_in_components(before, patches),
        _("Filters after training"): energy_in_components(after, patches),
        _("The change"): change_energy(before, after, patches),
    }


def _has_energy(share: NDArray[np.float64]) -> bool:
    """Whether there is anything of which a share could lie anywhere: not of filters, or of a change, that are all 0."""
    return bool(np.isfinite(share).all())


def _draw_components(fig: "style.FigureLike", place: object, patches: PatchComponents) -> None:
    shown = patches.components[:_SHOWN]
    inner = place.subgridspec(2, -(-len(shown) // 2), wspace=0.12, hspace=0.42)  # type: ignore[attr-defined]
    limit = symmetric_limit(shown)
    total = max(float(patches.variances.sum()), 1e-300)
    for number, component in enumerate(shown):
        ax = fig.add_subplot(inner[number])
        style.quiet(ax, frame=False)
        ax.set_xticks([])
        ax.set_yticks([])
        strongest = int(np.abs(component).sum(axis=(0, 1)).argmax())
        ax.imshow(component[:, :, strongest], cmap=style.signed_colours(), vmin=-limit, vmax=limit)
        share = f"{number + 1}: {patches.variances[number] / total:.0%}"
        ax.set_title(share, loc="left", color=style.MUTED, fontproperties=style.font(8), pad=2)
    fig.text(
        0.02, 0.96, _("How patches vary: their first components"), va="top", color=style.INK,
        fontproperties=style.font(10),
    )  # fmt: skip


def _draw_energy(ax: "Axes", shares: dict[str, NDArray[np.float64]], d: int) -> None:
    style.quiet(ax)
    ax.set_title(
        _("Energy in the first k of {d} components", d=d), loc="left", color=style.INK, pad=14,
        fontproperties=style.font(10),
    )  # fmt: skip
    k = np.arange(d + 1)
    looks = ((style.MUTED, (0, (4, 2))), (style.INDIGO, "-"), (style.ACCENT, "-"))
    ax.plot(k, k / d, color=style.FAINT, linewidth=3, label="k/d")
    for (name, share), (colour, dashes) in zip(shares.items(), looks, strict=True):
        ax.plot(k, share, color=colour, linestyle=dashes, linewidth=1.8, label=name)
    first = leading(d)
    ax.axvline(first, color=style.FAINT, linewidth=0.8)
    ends = [
        (float(share[first]), _end(name, share[first]), look[0])
        for (name, share), look in zip(shares.items(), looks, strict=True)
    ]
    _legend(ax, [*ends, (first / d, _("no preference {share:.0%}", share=first / d), style.MUTED)], first)
    _axes(ax, _("k"), d)


def _end(name: str, share: float) -> str:
    return f"{name} {share:.0%}" if np.isfinite(share) else _("{name}: none", name=name)


def _legend(ax: "Axes", entries: list[tuple[float, str, str]], first: int) -> None:
    """What the lines are and their values at the leading components, in the order of height."""
    ordered = sorted(entries, key=lambda entry: -np.nan_to_num(entry[0]))
    ax.text(
        0.98, 0.46, _("at k = {k}:", k=first), transform=ax.transAxes, ha="right", color=style.MUTED,
        fontproperties=style.font(8),
    )  # fmt: skip
    for number, (_value, text, colour) in enumerate(ordered):
        ax.text(
            0.98, 0.37 - 0.09 * number, text, transform=ax.transAxes, ha="right", color=colour,
            fontproperties=style.font(8),
        )  # fmt: skip


def _draw_courses(ax: "Axes", courses: Mapping[str, Course], d: int) -> None:
    style.quiet(ax)
    ax.set_title(
        _("The change in the first {k}, over training", k=leading(d)), loc="left", color=style.INK, pad=14,
        fontproperties=style.font(10),
    )  # fmt: skip
    ax.set_xscale("log")
    looks = ((style.ACCENT, "-"), (style.INDIGO, (0, (4, 2))), (style.MUTED, (0, (1, 1.5))))
    ends = []
    for (name, (steps, shares)), (colour, dashes) in zip(courses.items(), looks, strict=False):
        x, y = np.asarray(steps, dtype=np.float64), np.asarray(shares, dtype=np.float64)
        ax.fill_between(x, y.min(axis=0), y.max(axis=0), color=colour, alpha=0.15, linewidth=0)
        ax.plot(x, y.mean(axis=0), color=colour, linestyle=dashes, linewidth=1.8, label=name)
        ends.append((float(y.mean(axis=0)[-1]), f"{name} {y.mean(axis=0)[-1]:.0%}", colour))
    ax.axhline(leading(d) / d, color=style.FAINT, linewidth=3)
    _axes(ax, _("Steps"), None)
    places = _apart([value for value, _text, _colour in ends], 0.1)
    for place, (_value, text, colour) in zip(places, ends, strict=True):
        ax.annotate(
            text, (1.0, place / 1.02), xycoords="axes fraction", xytext=(5, 0), textcoords="offset points", va="center",
            color=colour, fontproperties=style.font(8), annotation_clip=False,
        )  # fmt: skip


def _apart(values: list[float], gap: float) -> list[float]:
    """The values, moved so that neighbours are at least `gap` apart, from the largest down."""
    order = np.argsort(values)[::-1]
    placed, above = list(values), np.inf
    for k in order:
        placed[k] = above = min(values[k], above - gap)
    return placed


def _axes(ax: "Axes", name: str, last: int | None) -> None:
    ax.set_ylim(0, 1.02)
    if last is not None:
        ax.set_xlim(0, last)
    ax.grid(axis="y", color=style.FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.yaxis.set_major_formatter(lambda value, _position: f"{100 * value:.0f}%")
    ax.set_xlabel(name, color=style.INK, fontproperties=style.font(9))
