"""How much a score depends on which images it is taken from: one network, tested again and again on a few."""

from pathlib import Path
from typing import Any

import numpy as np
from measured_lesson import trained_once
from numpy.typing import NDArray
from shown import Measured

from tatamilab.analysis import wilson_interval
from tatamilab.i18n import language

SIZES = (60, 600)
SHOWN = 50
"""Samples drawn one below another in the figure."""
TITLE = {
    "en": "One network, {shown} samples of {n} images, a 95% interval from each; the line: its score on all images",
    "ja": "1 つのネットワークを {n} 枚ずつ {shown} 回試験した 95% 信頼区間（縦線は全画像での正解率）",
}
WORDS = {
    "en": "{title}. {missed} of the {shown} intervals miss the line; they are thick and have a diamond.",
    "ja": "{title}。{shown} 本のうち {missed} 本が縦線を含まない。その区間は太く、ひし形の印が付いている。",
}


def measure(folder: Path, *, short: bool) -> Measured:
    saved = np.load(trained_once(folder.parent / "lesson", short=short) / "predictions.npz")
    right = saved["predicted"] == saved["y_test"]
    truth = float(right.mean())
    rng = np.random.default_rng(0)
    values: dict[str, float | int | str] = {"truth": truth}
    counts = {}
    for n in SIZES:
        counts[n] = rng.hypergeometric(right.sum(), (~right).sum(), n, size=200 if short else 10_000)
        values |= _spread(counts[n], n, truth)
    return Measured(values, {"samples": lambda: _drawn(counts[SIZES[0]][:SHOWN], SIZES[0], truth)})


def _spread(counts: NDArray[np.int64], n: int, truth: float) -> dict[str, float]:
    """The middle 95% of the scores, and how often Wilson's interval holds the truth."""
    low, high = np.quantile(counts / n, (0.025, 0.975))
    held = {int(k): _holds(int(k), n, truth) for k in np.unique(counts)}
    return {
        f"low_{n}": float(low),
        f"high_{n}": float(high),
        f"covered_{n}": float(np.mean([held[int(k)] for k in counts])),
    }


def _holds(k: int, n: int, truth: float) -> bool:
    interval = wilson_interval(k, n)
    return interval.low <= truth <= interval.high


def _drawn(counts: NDArray[np.int64], n: int, truth: float) -> tuple[Any, str]:
    from tatamilab.instruments import style

    fig = style.new_figure(8, 5)
    ax = fig.add_axes((0.05, 0.12, 0.9, 0.8))
    style.quiet(ax)
    missed = 0
    for row, k in enumerate(counts):
        interval = wilson_interval(int(k), n)
        holds = _holds(int(k), n, truth)
        missed += not holds
        colour, width, mark = (style.INDIGO, 1.2, "o") if holds else (style.ACCENT, 2.6, "D")
        ax.plot((interval.low, interval.high), (row, row), color=colour, linewidth=width)
        ax.plot(k / n, row, mark, color=colour, markersize=4 if holds else 6)
    ax.axvline(truth, color=style.INK, linewidth=1)
    ax.set_yticks([])
    ax.xaxis.set_major_formatter(lambda value, _place: f"{value:.0%}")
    title = TITLE[language()].format(shown=len(counts), n=n)
    ax.set_title(title, loc="left", fontproperties=style.font(9), color=style.INK)
    return fig, WORDS[language()].format(title=title, missed=missed, shown=len(counts))
