"""What the controls say, in sentences: each is said only if its own test says so, beside what it rests on."""

from tatamilab.analysis.contrasts import Contrast
from tatamilab.analysis.paired import PairedDifference
from tatamilab.experiment.conclusions import ALPHA, Conclusion, Standing
from tatamilab.experiment.control_summary import ControlSummary
from tatamilab.i18n import _


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
        "Paired over {n} networks: {mean:+z.2f}{unit}, 95% interval {low:+z.2f} to {high:+z.2f}; sign-flip p = {p:.3f} "
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
            "({upright:+z.2f} along the strokes' axis becomes {turned:+z.2f}).",
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
    values = {
        "frozen": row.accuracy.value,
        "learned": summary.row("learned").accuracy.value,
        "loss": _loss(row),
    }
    return _fall(
        row,
        _(
            "Learned filters help, but little: with filters left at their random start the test accuracy is "
            "{frozen:.2%} "
            "instead of {learned:.2%}, {loss:.2f} points less. The patterns explain that much of it, and no more.",
            **values,
        ),
        _(
            "That the network needs learned filters is not shown: frozen at their random start they give "
            "{frozen:.2%}, "
            "learned ones {learned:.2%}.",
            **values,
        ),
    )


def _pattern(summary: ControlSummary) -> Conclusion:
    row = summary.row("permuted")
    values = {
        "permuted": row.accuracy.value,
        "loss": _loss(row),
        "at_once": summary.untrained_after_permuting.value,
        "gabor": summary.row("gabor").accuracy.value,
    }
    return _fall(
        row,
        _(
            "The pattern within a filter counts a little: with the weights of each learned filter shuffled, and "
            "the layers "
            "behind trained anew, {permuted:.2%} are reached, {loss:.2f} points less (without new training "
            "{at_once:.0%}: those layers had relied on these filters). Fixed Gabor functions reach {gabor:.2%}.",
            **values,
        ),
        _(
            "That the pattern within a filter counts is not shown: with its weights shuffled and the layers behind "
            "trained anew, {permuted:.2%} are reached.",
            **values,
        ),
    )


def _neighbours(summary: ControlSummary) -> Conclusion:
    row = summary.row("pixels")
    return _fall(
        row,
        _(
            "Neighbourhood matters: with all pixels moved alike the accuracy falls by {loss:.2f} points, and the "
            "filters "
            "lose their smoothness (neighbouring weights correlate by {correlation:+z.2f} instead of "
            "{learned:+z.2f}). With "
            "scrambled phases, which keep correlations and destroy strokes, {phases:.1%} remain.",
            loss=_loss(row),
            correlation=row.neighbours,
            learned=summary.row("learned").neighbours,
            phases=summary.row("phases").accuracy.value,
        ),
        _("That it matters which pixels are neighbours is not shown."),
    )


def _loss(row: Contrast) -> float:
    """How many points an arm falls below the baseline."""
    assert row.difference is not None
    return -100 * row.difference.mean


def _fall(row: Contrast, lower: str, not_shown: str) -> Conclusion:
    """`lower` if an arm's accuracy falls below the baseline's beyond chance, else `not_shown`."""
    assert row.difference is not None
    assert row.p_holm is not None
    falls = row.p_holm < ALPHA and row.difference.mean < 0
    basis = _basis(row.difference, row.p_holm, percent=True)
    return Conclusion(_standing(row.p_holm), lower if falls else not_shown, basis)
