"""The answer in words, made from its numbers: it says no more than they do."""

import math

from tatamilab.analysis.study_sequence import Sequential
from tatamilab.i18n import _
from tatamilab.study.answer import Answer, ArmAnswer, ContrastAnswer
from tatamilab.study.conclusion import ENOUGH_DRAWS, conclusion, for_new_images, of_single_runs
from tatamilab.study.controls import of_all_controls, of_control
from tatamilab.study.words import arm_title, percent, points


def verdict(found: Answer, stopped: Sequential | None = None) -> list[str]:
    """Sentences, the most important first.

    Args:
        found: what they are about.
        stopped: where a rule ended the study, the interval that it went by.
    """
    main = next(iter(found.contrasts), None)
    sentences = [
        *_means(found),
        *(_contrast(found, main) if main else []),
        *_stopped(stopped),
        *_first_images(found),
        *_sizes(found),
        *(of_control(found, one) for one in found.contrasts[1:]),
        *of_all_controls(found.contrasts),
        *_variances(found),
        *_limits(found, all_done=stopped is not None),
    ]
    return [sentence for sentence in sentences if sentence]


def _means(found: Answer) -> list[str]:
    size = found.results.study.sizes[-1]
    said = [
        _("{arm} at {score}", arm=arm_title(arm.name), score=percent(arm.means[-1]))
        for arm in found.arms
        if arm.means[-1] is not None
    ]
    fewest = min((arm.means[-1].n for arm in found.arms if arm.means[-1]), default=0)
    n = f"{fewest}" if fewest == found.n_draws else f"{fewest}–{found.n_draws}"
    if not said:
        return [_("There are too few whole draws yet to say anything.")]
    named = {"n_test": found.n_test, "n_validation": found.n_validation, "size": size, "n": n}
    means = _("; ").join(said)
    return [
        {
            "test_accuracy": _(
                "Right on the {n_test:,} test images after training on {size:,}, mean of {n} random samples with its "
                "95% interval: {means}.",
                **named,
                means=means,
            ),
            "best_epoch_accuracy": _(
                "Right on the {n_test:,} test images at the best epoch by validation, of {size:,} images, mean of {n} "
                "random samples with its 95% interval: {means}.",
                **named,
                means=means,
            ),
            "validation_accuracy": _(
                "Right on the {n_validation:,} validation images of {size:,}, mean of {n} random samples with its 95% "
                "interval: {means}.",
                **named,
                means=means,
            ),
        }[found.results.study.measure]
    ]


def _contrast(found: Answer, one: ContrastAnswer) -> list[str]:
    effect = one.largest
    if effect is None:
        return []
    return [conclusion(found, one, effect), *for_new_images(found, one), *of_single_runs(found, one)]


def _stopped(by: Sequential | None) -> list[str]:
    if by is None:
        return []
    return [
        _(
            "Ended as --until asked: the interval that holds however often one looks is {points}, from {n} samples.",
            points=points(by),
            n=by.n,
        )
    ]


def _first_images(found: Answer) -> list[str]:
    """The worksheet's own sample, beside the draws."""
    size = found.results.study.sizes[-1]
    said = [_first(arm) for arm in found.arms[:2] if arm.first[-1] is not None and arm.means[-1] is not None]
    if not said:
        return []
    named = {"size": size, "said": _("; ").join(said)}
    if found.results.study.data == "mnist":
        return [
            _(
                "The first {size:,} images, which everyone in the lesson gets, are one sample and not among these: "
                "{said}.",
                **named,
            )
        ]
    return [_("The first {size:,} images are one sample and not among these: {said}.", **named)]


def _first(arm: ArmAnswer) -> str:
    first, rank, mean = arm.first[-1], arm.first_rank[-1], arm.means[-1]
    assert first is not None
    assert mean is not None
    return _(
        "{arm} at {first:.1%}, rank {rank} of {n} from below",
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
                    "{second} needs about {n:,.0f} images to be as good as {first} with {size:,}, as interpolated "
                    "between {sizes} sizes.",
                    n=equal.size,
                    sizes=len(found.results.study.sizes),
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
        if split.images is not None:
            said.append(
                _(
                    "Other test images would add {images:.0%} to that, the same for all runs: {sd:.2f} points either "
                    "way.",
                    images=split.images / split.total,
                    sd=100 * math.sqrt(split.images),
                )
            )
    if said and found.n_draws < ENOUGH_DRAWS:
        said.append(_("With {n} samples these shares are rough.", n=found.n_draws))
    return said


def _limits(found: Answer, *, all_done: bool) -> list[str]:
    """What the reader must know about what the numbers rest on."""
    results, said = found.results, []
    if found.shares_pool:
        said.append(
            _(
                "The samples overlap: {draws} of {size:,} images are more than the {pool:,} there are, so the "
                "intervals are about this pool.",
                draws=found.n_draws,
                size=results.study.sizes[-1],
                pool=found.n_pool,
            )
        )
    if results.n_non_finite:
        said.append(
            _(
                "Runs left out because their loss ended as no finite number: {n}.",
                n=results.n_non_finite,
            )
        )
    if results.n_failed:
        said.append(_("Runs left out because they failed: {n}.", n=results.n_failed))
    if results.n_missing and not all_done:
        said.append(_("Runs still missing: {n}; this is what the others say.", n=results.n_missing))
    return said
