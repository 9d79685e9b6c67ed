"""What can be said of one contrast: no more than its interval, its test and its single runs do."""

import math

from tatamilab.analysis.study_effects import Estimate
from tatamilab.analysis.study_images import TwoWay
from tatamilab.i18n import _
from tatamilab.instruments.words import sentences
from tatamilab.study.answer import ALPHA, Answer, ContrastAnswer
from tatamilab.study.words import arm_title, contrast_title, points, turned

ENOUGH_DRAWS = 10
"""What is recommended at least, though the sign-flip test can find something from six draws on."""


def enough_draws(n_tests: int) -> int:
    """Draws from which the sign-flip test can find anything after Holm's correction.

    The smallest p-value of n draws is 2/2ⁿ, and the smallest of all is multiplied by their number.
    """
    return math.floor(math.log2(2 * n_tests / ALPHA)) + 1


def conclusion(found: Answer, one: ContrastAnswer, effect: Estimate) -> str:
    """Whether the arms differ at the largest size; "" where too few draws are whole to test it.

    Args:
        found: the answer that it is part of.
        one: a contrast.
        effect: its difference at the largest size.
    """
    if one.p_holm is None:
        return ""
    said = {"contrast": contrast_title(one.contrast), "points": points(effect), "p": _p(one)}
    if one.is_sure and one.contrast.is_simple:
        first, second = (arm_title(arm) for arm in one.contrast.arms)
        better, worse = (first, second) if effect.mean > 0 else (second, first)
        return _(
            "{better} is better than {worse}: {points}, {p}; of {a_thousand}, {more:.0f} more right.",
            better=better,
            worse=worse,
            points=points(effect if effect.mean > 0 else turned(effect)),
            p=_p(one),
            a_thousand=_("1,000 digits") if found.is_about_digits else _("1,000 images"),
            more=abs(1000 * effect.mean),
        )
    if one.is_sure:
        return _("{contrast}: {points}, {p}.", **said)
    if effect.excludes_zero and effect.n < enough_draws(found.n_tests):
        return _(
            "{contrast}: {points}; but {n} samples are too few for the test that assumes nothing ({p}): run at least "
            "{enough}.",
            **said,
            n=effect.n,
            enough=max(ENOUGH_DRAWS, enough_draws(found.n_tests)),
        )
    if effect.excludes_zero:
        return _(
            "{contrast}: {points}; the interval leaves 0 out, but the test, corrected for all contrasts asked, does "
            "not show a difference ({p}): whether there is one remains open.",
            **said,
        )
    return _(
        "{contrast}: {points}, {p}; these runs don't show a difference. One of more than {largest:.2f} points "
        "would be surprising.",
        **said,
        largest=100 * max(abs(effect.low), abs(effect.high)),
    )


def for_new_images(found: Answer, one: ContrastAnswer) -> list[str]:
    """How far the difference holds for other test images."""
    new, effect = one.new_images, one.largest
    if new is None or effect is None:
        return []
    new_ones = _("new digits") if found.is_about_digits else _("new images")
    interval = _(
        "That is for these test images; for {new_ones} the interval is {low:+z.2f} to {high:+z.2f} points.",
        new_ones=new_ones,
        low=100 * new.low,
        high=100 * new.high,
    )
    said = sentences([interval, _share_of_images(new, effect.n)])
    if one.is_sure and not one.is_sure_for_new_images:
        return [said, _("Whether the difference holds for {new_ones} remains open.", new_ones=new_ones)]
    return [said]


def _share_of_images(new: TwoWay, n: int) -> str:
    """What more runs can't narrow; from few draws its estimate is often 0 where it is not."""
    if n < ENOUGH_DRAWS:
        return _("How much of its variance comes from the test images {n} samples can't tell.", n=n)
    return _(
        "The test images make up {share:.0%} of its variance, which no number of runs takes away.",
        share=new.share_of_images,
    )


def of_single_runs(found: Answer, one: ContrastAnswer) -> list[str]:
    """How often one run of each would have ranked the two rightly."""
    if one.on_test is None or one.on_validation is None or not one.is_sure:
        return []
    return [
        _(
            "Of {n} single runs of each, the {n_validation} validation images rank the two rightly in {right:.0%}, tie "
            "in {tied:.0%} and rank them wrongly in {wrong:.0%}; the {n_test:,} test images rank rightly in "
            "{right_on_test:.0%}.",
            n=one.on_validation.n,
            n_validation=found.n_validation,
            right=one.on_validation.right,
            tied=one.on_validation.tied,
            wrong=one.on_validation.wrong,
            n_test=found.n_test,
            right_on_test=one.on_test.right,
        )
    ]


def _p(one: ContrastAnswer) -> str:
    """The p-value, which is of all sizes together."""
    assert one.p_holm is not None
    p = "p < 0.001" if one.p_holm < 0.001 else f"p = {one.p_holm:.3f}"
    return p if len(one.by_size) == 1 else _("{p} over all sizes", p=p)
