"""Conclusions generated from numbers: a sentence is said only if its own test says so, beside what it rests on."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from tatamilab.analysis import PatchComponents, change_energy, energy_in_components, filter_change
from tatamilab.analysis.contrasts import leading
from tatamilab.analysis.paired import PairedDifference
from tatamilab.experiment.control_summary import ControlSummary
from tatamilab.i18n import _

ALPHA = 0.05


class Standing(StrEnum):
    """How a conclusion stands."""

    SHOWN = "shown"
    NOT_SHOWN = "not shown"
    DESCRIBED = "described"

    @property
    def words(self) -> str:
        """The same in the language in force."""
        return {
            Standing.SHOWN: _("shown"),
            Standing.NOT_SHOWN: _("not shown"),
            Standing.DESCRIBED: _("describes this run"),
        }[self]


@dataclass(frozen=True)
class Conclusion:
    """One sentence, how it stands, and what it rests on."""

    standing: Standing
    sentence: str
    basis: str


def of_run(
    before: NDArray[np.floating], after: NDArray[np.floating], patches: PatchComponents
) -> list[Conclusion]:
    """What this one run's filters say; one network is no sample, so nothing of it is a test.

    Args:
        before: kernel (h, w, c, o).
        after: after training.
        patches: components of the patches that the layer reads.
    """
    return [_contrast(before, after), _where(before, after, patches)]


def _contrast(before: NDArray[np.floating], after: NDArray[np.floating]) -> Conclusion:
    change = filter_change(before, after)
    old, new = float(np.mean(change.norm_before)), float(np.mean(change.norm_after))
    values = {
        "old": old,
        "new": new,
        "least": float(np.min(change.norm_after / np.maximum(change.norm_before, 1e-12))),
        "most": float(np.max(change.norm_after / np.maximum(change.norm_before, 1e-12))),
    }
    if new > 1.05 * old:
        sentence = _(
            "Light and dark became clearer: the filters' mean norm grew from {old:.2f} to {new:.2f}, by filter "
            "{least:.1f} to {most:.1f} times. A picture that stretches each filter's grey by itself hides that.",
            **values,
        )
    else:
        sentence = _(
            "Light and dark did not become clearer: the filters' mean norm was {old:.2f} before and {new:.2f} "
            "after.",
            **values,
        )
    return Conclusion(Standing.DESCRIBED, sentence, _("Norms of the filters of this run."))


def _where(before: NDArray[np.floating], after: NDArray[np.floating], patches: PatchComponents) -> Conclusion:
    d = len(patches.components)
    k = leading(d)
    return Conclusion(
        Standing.DESCRIBED,
        _(
            "Of the change of the filters, {change:.0%} lies in the first {k} of {d} components of the patches; "
            "of the "
            "random start it was {start:.0%}, and {none:.0%} is what weights without preference have.",
            change=float(change_energy(before, after, patches)[k]),
            start=float(energy_in_components(before, patches)[k]),
            none=k / d,
            k=k,
            d=d,
        ),
        _("Energy in principal components, this run."),
    )


def of_controls(summary: ControlSummary) -> list[Conclusion]:
    """What the controls say, each sentence with its test."""
    return [
        _direction(summary),
        _form(summary, "orientation"),
        _form(summary, "gabor_r2"),
        _form(summary, "dog_r2"),
        _labels(summary),
        _turning(summary),
        _needed(summary),
        _pattern(summary),
        _neighbours(summary),
    ]


def _basis(difference: PairedDifference, p: float, *, percent: bool = False) -> str:
    """A test in words: what was compared, how wide the interval, how likely by chance."""
    scale, unit = (100, _(" points")) if percent else (1, "")
    return _(
        "Paired over {n} networks: {mean:+.2f}{unit}, 95% interval {low:+.2f} to {high:+.2f}; sign-flip p = {p:.3f} "
        "after Holm.",
        n=difference.n,
        mean=scale * difference.mean,
        low=scale * difference.low,
        high=scale * difference.high,
        unit=unit,
        p=p,
    )


def _standing(p: float) -> Standing:
    return Standing.SHOWN if p < ALPHA else Standing.NOT_SHOWN


def _direction(summary: ControlSummary) -> Conclusion:
    found, row = summary.energy_over_labels, summary.row("learned")
    assert row.energy is not None
    early, end = summary.peak, row.energy.value
    words = {"early": early, "end": end, "low": row.energy.low, "high": row.energy.high}
    if summary.p_energy < ALPHA and found.mean > 0:
        sentence = _(
            "Training moves the filters where the patches of the images vary: up to {early:.0%} of the change "
            "lies in "
            "the leading components early on, {end:.0%} at the end ({low:.0%} to {high:.0%}), more than with "
            "shuffled "
            "labels. Later, ever finer corrections are added.",
            **words,
        )
    else:
        sentence = _(
            "The change of the filters lies in the patches' leading components by {end:.0%} ({low:.0%} to "
            "{high:.0%}), "
            "but not more than with shuffled labels: the images alone put it there.",
            **words,
        )
    return Conclusion(_standing(summary.p_energy), sentence, _basis(found, summary.p_energy))


def _form(summary: ControlSummary, score: str) -> Conclusion:
    test = summary.test(score, "noise")
    values = {"learned": test.learned, "noise": test.expected}
    more = {
        "orientation": _(
            "The learned filters are more oriented ({learned:.2f}) than noise with the same correlations "
            "({noise:.2f}).",
            **values,
        ),
        "gabor_r2": _(
            "A Gabor function fits the learned filters better (R² {learned:.2f}) than such noise ({noise:.2f}); "
            "most of "
            "the fit, though, is had for nothing.",
            **values,
        ),
        "dog_r2": _(
            "A difference of Gaussians fits the learned filters better (R² {learned:.2f}) than such noise "
            "({noise:.2f}).",
            **values,
        ),
    }[score]
    less = {
        "orientation": _(
            "The learned filters are less oriented ({learned:.2f}) than noise with the same correlations "
            "({noise:.2f}).",
            **values,
        ),
        "gabor_r2": _(
            "A Gabor function fits the learned filters worse (R² {learned:.2f}) than such noise ({noise:.2f}).",
            **values,
        ),
        "dog_r2": _(
            "The learned filters are no centre–surround filters: a difference of Gaussians fits them worse "
            "(R² {learned:.2f}) than such noise ({noise:.2f}).",
            **values,
        ),
    }[score]
    open_ = {
        "orientation": _("That the filters are oriented beyond their correlations is not shown."),
        "gabor_r2": _("That the filters are like Gabor functions beyond their correlations is not shown."),
        "dog_r2": _(
            "That the filters are like differences of Gaussians beyond their correlations is not shown."
        ),
    }[score]
    sentence = open_ if test.p_holm >= ALPHA else more if test.difference.mean > 0 else less
    return Conclusion(_standing(test.p_holm), sentence, _basis(test.difference, test.p_holm))


def _labels(summary: ControlSummary) -> Conclusion:
    test = summary.test("orientation", "labels")
    values = {"learned": test.learned, "labels": test.expected}
    if test.p_holm < ALPHA and test.difference.mean > 0:
        sentence = _(
            "The task makes the filters: on the same images with shuffled labels they become less oriented "
            "({labels:.2f} instead of {learned:.2f}).",
            **values,
        )
    else:
        sentence = _("That the labels, and not the images alone, make the filters oriented is not shown.")
    return Conclusion(_standing(test.p_holm), sentence, _basis(test.difference, test.p_holm))


def _turning(summary: ControlSummary) -> Conclusion:
    found = summary.turning
    if summary.p_turning < ALPHA and summary.upright.value > 0 > summary.turned.value:
        sentence = _(
            "The filters follow the images: when all images are turned by 90°, the filters' preferred direction "
            "turns too "
            "({upright:+.2f} along the strokes' axis becomes {turned:+.2f}).",
            upright=summary.upright.value,
            turned=summary.turned.value,
        )
        standing = Standing.SHOWN
    else:
        sentence = _("That the filters turn with the images is not shown.")
        standing = Standing.NOT_SHOWN
    return Conclusion(standing, sentence, _basis(found, summary.p_turning))


def _needed(summary: ControlSummary) -> Conclusion:
    row = summary.row("frozen")
    assert row.difference is not None
    assert row.p_holm is not None
    values = {
        "frozen": row.accuracy.value,
        "learned": summary.row("learned").accuracy.value,
        "loss": -100 * row.difference.mean,
    }
    if row.p_holm < ALPHA and row.difference.mean < 0:
        sentence = _(
            "Learned filters help, but little: with filters left at their random start the test accuracy is "
            "{frozen:.2%} "
            "instead of {learned:.2%}, {loss:.2f} points less. The patterns explain that much of it, and no more.",
            **values,
        )
    else:
        sentence = _(
            "That the network needs learned filters is not shown: frozen at their random start they give "
            "{frozen:.2%}, "
            "learned ones {learned:.2%}.",
            **values,
        )
    return Conclusion(_standing(row.p_holm), sentence, _basis(row.difference, row.p_holm, percent=True))


def _pattern(summary: ControlSummary) -> Conclusion:
    row, gabor = summary.row("permuted"), summary.row("gabor")
    assert row.difference is not None
    assert row.p_holm is not None
    values = {
        "permuted": row.accuracy.value,
        "loss": -100 * row.difference.mean,
        "at_once": summary.untrained_after_permuting.value,
        "gabor": gabor.accuracy.value,
    }
    if row.p_holm < ALPHA and row.difference.mean < 0:
        sentence = _(
            "The pattern within a filter counts a little: with the weights of each learned filter shuffled, and "
            "the layers "
            "behind trained anew, {permuted:.2%} are reached, {loss:.2f} points less (without new training "
            "{at_once:.0%}: those layers had relied on these filters). Fixed Gabor functions reach {gabor:.2%}.",
            **values,
        )
    else:
        sentence = _(
            "That the pattern within a filter counts is not shown: with its weights shuffled and the layers behind "
            "trained anew, {permuted:.2%} are reached.",
            **values,
        )
    return Conclusion(_standing(row.p_holm), sentence, _basis(row.difference, row.p_holm, percent=True))


def _neighbours(summary: ControlSummary) -> Conclusion:
    row, learned = summary.row("pixels"), summary.row("learned")
    assert row.difference is not None
    assert row.p_holm is not None
    values = {
        "loss": -100 * row.difference.mean,
        "correlation": row.neighbours,
        "learned": learned.neighbours,
        "phases": summary.row("phases").accuracy.value,
    }
    if row.p_holm < ALPHA and row.difference.mean < 0:
        sentence = _(
            "Neighbourhood matters: with all pixels moved alike the accuracy falls by {loss:.2f} points, and the "
            "filters "
            "lose their smoothness (neighbouring weights correlate by {correlation:+.2f} instead of "
            "{learned:+.2f}). With "
            "scrambled phases, which keep correlations and destroy strokes, {phases:.1%} remain.",
            **values,
        )
    else:
        sentence = _("That it matters which pixels are neighbours is not shown.")
    return Conclusion(_standing(row.p_holm), sentence, _basis(row.difference, row.p_holm, percent=True))


def answer(conclusions: list[Conclusion]) -> str:
    """The worksheet's question B2-1-1 in two sentences, as far as it was shown."""
    if any(one.standing is Standing.SHOWN for one in conclusions):
        return _(
            "A gradient adds weighted sums of image patches to the filters, so they come to look like what patches "
            "of strokes have in common: smooth light and dark sides, at some orientation. Which sums are added "
            "is decided "
            "by the task, through the labels; how much of the recognition hangs on it is stated below."
        )
    return _(
        "A gradient adds weighted sums of image patches to the filters, so their change lies where patches vary. "
        "More than that one run cannot show; the controls can: tatami controls."
    )


def limits() -> list[str]:
    """What none of this shows."""
    return [
        _(
            "What a single filter is for: p-values are of networks; a filter's scores describe it and no more."
        ),
        _(
            "That other data, other networks or longer training would give the same; every pair shares its recipe."
        ),
        _("That the brain's cells, which Gabor functions describe, and these filters have a common cause."),
        _("Which test images make the difference between two ways of training."),
    ]
