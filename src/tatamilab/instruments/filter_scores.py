"""The scores of a layer's filters beside what noise and the start would score."""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis import SCORES, FilterKind, FilterScores, rotated_banks, score_filters
from tatamilab.analysis.filter_scores import bank_means
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.score_words import score_name
from tatamilab.instruments.words import sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes

N_NOISE = 100
"""Banks of noise that the grey bands come from."""


def plot_filter_scores(
    after: ArrayLike, before: ArrayLike | None = None, *, seed: int = 0, fig: "style.FigureLike | None" = None
) -> "style.FigureLike":
    """Draw every score: a dot a filter before and after training, the banks' means, and the band of noise.

    The band holds 95% of the means of banks of noise with exactly the learned filters' correlations
    (`rotated_banks`). A mean outside it describes this one network: its filters are the work of one training and no
    independent sample. A test needs several trainings (`tatami controls`).

    See `analysis.score_filters` for the equations and for what they can't tell.

    Args:
        after: kernel (h, w, c, o).
        before: the same layer's initial kernel.
        seed: of the noise.
        fig: where to draw; a new figure if None.

    Raises:
        BadInput: kernels that cannot be scored.
    """
    banks = _banks(after, before)
    noise = noise_means(after, seed)
    fig = fig or style.new_figure(12, 5.0)
    grid = fig.add_gridspec(2, 4, left=0.055, right=0.985, bottom=0.12, top=0.86, wspace=0.2, hspace=0.62)
    for place, score in enumerate(SCORES):
        _draw(fig.add_subplot(grid[place]), score, banks, noise[score])
    fig.text(
        0.012, 0.975, _("Scores of the filters: a dot a filter, its area its energy; the line is the mean by energy"),
        va="top", color=style.INK, fontproperties=style.font(11),
    )  # fmt: skip
    fig.text(
        0.012, 0.035,
        _(
            "Grey: where 95% of banks of noise with the same correlations have their mean; where it is a line, "
            "correlations alone fix the score."
        ),
        va="center", color=style.MUTED, fontproperties=style.font(8),
    )  # fmt: skip
    return fig


def describe_filter_scores(after: ArrayLike, before: ArrayLike | None = None, *, seed: int = 0) -> str:
    """The banks' mean scores and the band of noise, in words.

    Raises:
        BadInput: as `plot_filter_scores`.
    """
    banks, noise = _banks(after, before), noise_means(after, seed)
    parts = []
    for score in SCORES:
        means = ", ".join(f"{name} {scores.bank_mean()[score]:.2f}" for name, scores in banks.items())
        low, high = np.quantile(noise[score], [0.025, 0.975])
        parts.append(
            _(
                "{score}: {means}; noise {low:.2f} to {high:.2f}.",
                score=score_name(score),
                means=means,
                low=low,
                high=high,
            )
        )
    dead = np.count_nonzero(~list(banks.values())[-1].alive)
    if dead:
        parts.append(_("Filters that are zero, constant or not finite, and not counted: {n}.", n=dead))
    return sentences(parts)


def noise_means(kernel: ArrayLike, seed: int = 0) -> dict[str, NDArray[np.float64]]:
    """The mean scores of `N_NOISE` banks of noise with the correlations of `kernel`, by score."""
    weights = np.asarray(kernel, dtype=np.float64)
    usable = weights[..., score_filters(weights).kind != FilterKind.NOT_FINITE]
    return _noise_means(usable.tobytes(), usable.shape, seed)


@lru_cache(maxsize=4)
def _noise_means(content: bytes, shape: tuple[int, ...], seed: int) -> dict[str, NDArray[np.float64]]:
    kernel = np.frombuffer(content).reshape(shape)
    means = bank_means(rotated_banks(kernel, N_NOISE, np.random.default_rng(seed)))
    return {score: np.array([one[score] for one in means]) for score in SCORES}


def _banks(after: ArrayLike, before: ArrayLike | None) -> dict[str, FilterScores]:
    first = {} if before is None else {_("before"): score_filters(before)}
    return {**first, _("after"): score_filters(after)}


def _draw(ax: "Axes", score: str, banks: dict[str, FilterScores], noise: NDArray[np.float64]) -> None:
    style.quiet(ax)
    ax.spines["left"].set_visible(False)
    low, high = np.nanquantile(noise, [0.025, 0.975]) if np.isfinite(noise).any() else (np.nan, np.nan)
    ax.axvspan(low, max(high, low + 1e-3), color=style.FAINT, linewidth=0, zorder=0)
    colours = (style.INDIGO, style.ACCENT)[-len(banks) :]
    for row, ((_name, scores), colour) in enumerate(zip(banks.items(), colours, strict=True)):
        alive = scores.alive
        values, energy = getattr(scores, score)[alive], scores.energy[alive]
        jitter = np.random.default_rng(0).uniform(-0.25, 0.25, len(values))
        size = 4 + 26 * energy / max(float(energy.max(initial=0)), 1e-300)
        ax.scatter(values, jitter - row, s=size, color=colour, alpha=0.5, linewidth=0)
        mean = scores.bank_mean()[score]
        ax.plot([mean, mean], [-row - 0.36, -row + 0.36], color=colour, linewidth=2.4)
    ax.set_ylim(0.5 - len(banks), 0.6)
    ax.set_yticks([-row for row in range(len(banks))], list(banks))
    ax.tick_params(axis="y", length=0, labelsize=8)
    ax.tick_params(axis="x", labelsize=8)
    ax.set_title(score_name(score), loc="left", color=style.INK, fontproperties=style.font(9), pad=4)
