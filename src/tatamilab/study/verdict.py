"""The answer in words, made from its numbers: it says no more than they do."""

from tatamilab.analysis.study_effects import Estimate
from tatamilab.i18n import _
from tatamilab.study import built_in
from tatamilab.study.answer import ALPHA, Answer, ArmAnswer, ContrastAnswer
from tatamilab.study.words import arm_title, contrast_title, percent, points, turned

ENOUGH_DRAWS = 10
"""Draws from which the sign-flip test can find anything, even after Holm over the contrasts of `--why`."""


def verdict(found: Answer) -> list[str]:
    """Sentences, the most important first."""
    main = next(iter(found.contrasts), None)
    return [
        *_means(found),
        *(_contrast(found, main) if main else []),
        *_first_images(found),
        *_sizes(found),
        *(_other(one) for one in found.contrasts[1:]),
        *_together(found),
        *_variances(found),
        *_limits(found),
    ]


def _means(found: Answer) -> list[str]:
    size = found.results.study.sizes[-1]
    said = [f"{arm_title(arm.name)} {percent(arm.means[-1])}" for arm in found.arms[:6]
            if arm.means[-1] is not None]  # fmt: skip
    n = max((arm.means[-1].n for arm in found.arms if arm.means[-1]), default=0)
    if not said:
        return [_("There are too few whole draws yet to say anything.")]
    return [
        _(
            "Right on the {n_test:,} test images after training on {size:,}, mean of {n} random samples with its 95% "
            "interval: {means}.",
            n_test=found.n_test,
            size=size,
            n=n,
            means=_("; ").join(said),
        )
    ]


def _contrast(found: Answer, one: ContrastAnswer) -> list[str]:
    effect = one.largest
    if effect is None:
        return []
    return [_conclusion(one, effect), *_new_images(one), *_single_runs(found, one)]


def _conclusion(one: ContrastAnswer, effect: Estimate) -> str:
    """What can be said of the main contrast at the largest size."""
    if one.p_holm is None:
        return ""
    said = {"contrast": contrast_title(one.contrast), "points": points(effect), "p": _p(one.p_holm)}
    if one.is_sure and one.contrast.is_simple:
        first, second = (arm_title(arm) for arm in one.contrast.arms)
        better, worse = (first, second) if effect.mean > 0 else (second, first)
        return _(
            "{better} is better than {worse}: {points}, {p}; of 1,000 digits, {more:.0f} more right.",
            better=better,
            worse=worse,
            points=points(effect if effect.mean > 0 else turned(effect)),
            p=_p(one.p_holm),
            more=abs(1000 * effect.mean),
        )
    if one.is_sure:
        return _("{contrast}: {points}, {p}.", **said)
    if effect.excludes_zero and 2 / 2.0**effect.n > ALPHA:
        return _(
            "{contrast}: {points}; but {n} samples are too few for the test that assumes nothing ({p}): run at least "
            "{enough}.",
            **said,
            n=effect.n,
            enough=ENOUGH_DRAWS,
        )
    return _(
        "{contrast}: {points}, {p}; these runs don't show a difference. One of more than {largest:.2f} points "
        "would be surprising.",
        **said,
        largest=100 * max(abs(effect.low), abs(effect.high)),
    )


def _new_images(one: ContrastAnswer) -> list[str]:
    new = one.new_images
    if new is None:
        return []
    said = _(
        "That is for these test images; for new digits the interval is {low:+.2f} to {high:+.2f} points. The test "
        "images make up {share:.0%} of its variance, which no number of runs takes away.",
        low=100 * new.low,
        high=100 * new.high,
        share=new.share_of_images,
    )
    if one.is_sure and not one.is_sure_for_new_images:
        return [said, _("Whether the difference holds for new digits remains open.")]
    return [said]


def _single_runs(found: Answer, one: ContrastAnswer) -> list[str]:
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


def _first_images(found: Answer) -> list[str]:
    """The worksheet's own sample, beside the draws."""
    size = found.results.study.sizes[-1]
    said = [_first(arm) for arm in found.arms[:2] if arm.first[-1] is not None and arm.means[-1] is not None]
    if not said:
        return []
    return [
        _(
            "The first {size:,} images, which everyone in the lesson gets, are one sample and not among these: {said}.",
            size=size,
            said=_("; ").join(said),
        )
    ]


def _first(arm: ArmAnswer) -> str:
    first, rank, mean = arm.first[-1], arm.first_rank[-1], arm.means[-1]
    assert first is not None
    assert mean is not None
    return _(
        "{arm} {first:.1%}, rank {rank} of {n} from below",
        arm=arm_title(arm.name),
        first=first,
        rank=rank,
        n=mean.n + 1,
    )


def _sizes(found: Answer) -> list[str]:
    """How many images make the second model as good as the first."""
    said = []
    for one in found.contrasts:
        if one.equal_size is None:
            continue
        size, equal = one.equal_size
        first, second = (arm_title(arm) for arm in one.contrast.arms)
        named = {"first": first, "second": second, "size": size}
        if equal.size is not None:
            said.append(
                _(
                    "{second} needs about {n:,.0f} images to be as good as {first} with {size:,}.",
                    n=equal.size,
                    **named,
                )
            )
        elif equal.beyond == "more":
            said.append(
                _(
                    "{second} needs more than {n:,} images to be as good as {first} with {size:,}.",
                    n=equal.limit,
                    **named,
                )
            )
        else:
            said.append(
                _(
                    "{second} is as good as {first} with {size:,} from fewer than {n:,} images.",
                    n=equal.limit,
                    **named,
                )
            )
    return said


def _other(one: ContrastAnswer) -> str:
    """A contrast beyond the main one, with what it is there to tell."""
    effect = one.largest
    if effect is None:
        return ""
    question = _QUESTIONS.get(one.contrast.text)
    said = _conclusion(one, effect)
    return f"{question()} {said}" if question else said


_QUESTIONS = {
    f"{built_in.CNN} - {built_in.PLAIN}": lambda: _("Is it the number of parameters?"),
    f"{built_in.CNN} - {built_in.FROZEN}": lambda: _("Is it that filters are learned?"),
    f"{built_in.CNN} - {built_in.CNN_MOVED} - {built_in.BPNN} + {built_in.BPNN_MOVED}": lambda: _(
        "Is it that neighbours in the image are neighbours in the network?"
    ),
    f"{built_in.BPNN} - {built_in.BPNN_MOVED}": lambda: _(
        "The null: moved pixels must make no difference to the BPNN."
    ),
    f"{built_in.LONGER} - {built_in.BPNN}": lambda: _("Was the BPNN trained too briefly?"),
}
"""What the controls of `--why` are there to tell, by contrast."""


def _together(found: Answer) -> list[str]:
    """What the controls of `--why` come to, in numbers alone."""
    effects = {one.contrast.text: one.largest for one in found.contrasts}
    named = [effects.get(text) for text in (found.contrasts[0].contrast.text, *_QUESTIONS)] if effects else []
    if not named or any(effect is None for effect in named):
        return []
    lead, plain, frozen, moved, *_null = (100 * effect.mean for effect in named if effect)
    return [
        _(
            "Together: of the CNN's {lead:.2f} points, {parameters:.2f} are there with as many parameters in a plain "
            "network; moved pixels cost the CNN {moved:.2f} points more than the BPNN; learning the filters, in place "
            "of leaving them random, changes {frozen:+.2f}.",
            lead=lead,
            parameters=lead - plain,
            moved=moved,
            frozen=frozen,
        )
    ]


def _variances(found: Answer) -> list[str]:
    said = []
    for arm in found.arms:
        split = arm.variance
        if split is None or split.total == 0:
            continue
        said.append(
            _(
                "The scatter of single runs of {arm}: {draw:.0%} from the sample, {initialisation:.0%} from the "
                "initial weights, {order:.0%} from the order of the images, {rest:.0%} from their combination.",
                arm=arm_title(arm.name),
                draw=split.draw / split.total,
                initialisation=split.initialisation / split.total,
                order=split.order / split.total,
                rest=split.rest / split.total,
            )
        )
    return said


def _limits(found: Answer) -> list[str]:
    """What the reader must know about what the numbers rest on."""
    results, said = found.results, []
    if found.shares_pool:
        said.append(
            _(
                "The samples overlap: {draws} of {size:,} images are more than the {pool:,} there are, so the "
                "intervals are about this pool.",
                draws=results.study.draws,
                size=results.study.sizes[-1],
                pool=found.n_pool,
            )
        )
    if results.n_non_finite:
        said.append(
            _(
                "{n} runs ended with a loss that is not a finite number; they are left out.",
                n=results.n_non_finite,
            )
        )
    if results.n_failed:
        said.append(_("{n} runs failed; they are left out.", n=results.n_failed))
    if results.n_missing:
        said.append(_("{n} runs are missing; this is what the others say.", n=results.n_missing))
    return said


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
