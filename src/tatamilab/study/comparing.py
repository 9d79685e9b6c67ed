"""Two studies side by side: what both have trained."""

import numpy as np

from tatamilab.analysis.study_effects import mean_over_draws
from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.study.asking import Asked
from tatamilab.study.words import arm_title, percent, points


def compare_studies(first: Asked, second: Asked) -> list[str]:
    """A line for each arm and size that both studies have.

    Where both drew the same samples (one data set, one root seed), the draws are paired; else the two means stand side
    by side, and no difference is made of them.

    Raises:
        BadInput: they share no arm of the same size, or measure different things.
    """
    a, b = first.answer.results, second.answer.results
    if a.study.measure != b.study.measure:
        raise BadInput(
            _("The studies measure {first} and {second}, which can't be compared.",
              first=a.study.measure, second=b.study.measure)
        )  # fmt: skip
    paired = (a.study.data, a.study.seed) == (b.study.data, b.study.seed)
    lines = []
    for arm in (name for name in a.arms if name in b.arms):
        for size in (one for one in a.study.sizes if one in b.study.sizes):
            x = a.of_draws(arm)[a.study.sizes.index(size)]
            y = b.of_draws(arm)[b.study.sizes.index(size)]
            lines.append(_line(arm, size, x, y, paired=paired))
    if not lines:
        raise BadInput(_("The studies {first} and {second} share no arm of the same size.",
                         first=first.id, second=second.id))  # fmt: skip
    return lines


def _line(arm: str, size: int, x: np.ndarray, y: np.ndarray, *, paired: bool) -> str:
    named = {"arm": arm_title(arm), "size": size}
    if paired:
        n = min(len(x), len(y))
        both = (x[:n] - y[:n])[np.isfinite(x[:n]) & np.isfinite(y[:n])]
        if len(both) >= 2:
            return _(
                "{arm}, {size:,} images: difference of {n} shared samples {points}.",
                n=len(both),
                points=points(mean_over_draws(both)),
                **named,
            )
    x, y = x[np.isfinite(x)], y[np.isfinite(y)]
    if min(len(x), len(y)) < 2:
        return _("{arm}, {size:,} images: too few whole draws.", **named)
    return _(
        "{arm}, {size:,} images: {first} and {second}, from different samples.",
        first=percent(mean_over_draws(x)),
        second=percent(mean_over_draws(y)),
        **named,
    )
