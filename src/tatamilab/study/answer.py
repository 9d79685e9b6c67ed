"""Arrays become an answer: means, contrasts with both intervals, ranks, sizes of equal accuracy, variances."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tatamilab.analysis.paired import holm
from tatamilab.analysis.study_effects import Estimate, mean_over_draws, p_of_draws, rank_among
from tatamilab.analysis.study_images import TwoWay, two_way_interval
from tatamilab.analysis.study_ranks import Ranked, single_runs
from tatamilab.analysis.study_sizes import EqualSize, size_of_equal_accuracy
from tatamilab.analysis.study_variance import VarianceSplit, variance_split
from tatamilab.data import split_sizes
from tatamilab.store import StudyStore
from tatamilab.study.contrast import Contrast
from tatamilab.study.design import Placed
from tatamilab.study.results import Results, Scores, by_image

ALPHA = 0.05


@dataclass(frozen=True, eq=False)
class ArmAnswer:
    """One arm.

    Attributes:
        name: of the arm.
        means: mean over draws at each size; None where fewer than two draws are whole.
        draws: score of each draw (sizes, draws).
        first: score on the first images at each size; None where there is none.
        first_rank: the first images' rank among all draws and itself, 1 for the lowest.
        variance: where its scatter comes from, at the largest size, test images included; None where the design
            can't tell.
    """

    name: str
    means: tuple[Estimate | None, ...]
    draws: Scores
    first: tuple[float | None, ...]
    first_rank: tuple[int | None, ...]
    variance: VarianceSplit | None


@dataclass(frozen=True, eq=False)
class ContrastAnswer:
    """One contrast.

    Attributes:
        contrast: what was asked.
        by_size: mean difference over draws at each size, for this test set.
        differences: of each draw (sizes, draws).
        new_images: at the largest size, the interval for new draws on new images; None where labels don't tell.
        p: sign-flip p-value, whole draws, all sizes together; None where there are too few draws.
        p_holm: corrected for all contrasts asked.
        on_test: how often single pairs of runs rank the two right on the test images, at the largest size.
        on_validation: likewise on the validation images.
        equal_size: how many images the second arm needs to be as good as the first with the smallest size at which
            it can be told; None with one size.
    """

    contrast: Contrast
    by_size: tuple[Estimate | None, ...]
    differences: Scores
    new_images: TwoWay | None
    p: float | None
    p_holm: float | None
    on_test: Ranked | None
    on_validation: Ranked | None
    equal_size: tuple[int, EqualSize] | None

    @property
    def largest(self) -> Estimate | None:
        """At the largest size."""
        return self.by_size[-1]

    @property
    def is_sure(self) -> bool:
        """Whether it holds on this test set: the interval excludes 0, and so does the test after Holm."""
        found = self.largest
        return bool(found and found.excludes_zero and self.p_holm is not None and self.p_holm < ALPHA)

    @property
    def is_sure_for_new_images(self) -> bool:
        """Whether it holds for new images, too."""
        new = self.new_images
        return self.is_sure and new is not None and (new.low > 0 or new.high < 0)


@dataclass(frozen=True, eq=False)
class Answer:
    """What a study found.

    Attributes:
        results: the numbers it rests on.
        arms: one each, in order.
        contrasts: one each, as asked.
        n_test: test images.
        n_validation: validation images at the largest size.
        n_pool: images that the draws are taken from.
    """

    results: Results
    arms: tuple[ArmAnswer, ...]
    contrasts: tuple[ContrastAnswer, ...]
    n_test: int
    n_validation: int
    n_pool: int

    @property
    def n_draws(self) -> int:
        """Draws that some arm has whole, at the largest size."""
        return max((arm.means[-1].n for arm in self.arms if arm.means[-1]), default=0)

    @property
    def shares_pool(self) -> bool:
        """Whether the draws must overlap: together they are larger than the data."""
        return self.n_draws * self.results.study.sizes[-1] > self.n_pool

    @property
    def is_about_digits(self) -> bool:
        """Whether the images are MNIST's; of others it is said that they are images."""
        return self.results.study.data == "mnist"

    @property
    def n_tests(self) -> int:
        """Contrasts that were tested, for which Holm's correction is made."""
        return sum(one.p is not None for one in self.contrasts)


def answer(
    results: Results, runs: Sequence[Placed], store: StudyStore, truth: NDArray[np.integer], n_pool: int
) -> Answer:
    """The answer that the runs give so far.

    Args:
        results: of `runs`.
        runs: all runs of the study.
        store: that holds what they predicted.
        truth: labels of the test images (n,).
        n_pool: training images of the data set.
    """
    study = results.study
    contrasts = [_contrast(results, asked, runs, store, truth) for asked in study.asked()]
    tested = [one.p for one in contrasts if one.p is not None]
    corrected = iter(holm(tested))
    contrasts = [one if one.p is None else replace(one, p_holm=float(next(corrected))) for one in contrasts]
    return Answer(
        results=results,
        arms=tuple(_arm(results, name, runs, store, truth) for name in results.arms),
        contrasts=tuple(contrasts),
        n_test=len(truth),
        n_validation=split_sizes(study.sizes[-1], study.validation_split).n_validation,
        n_pool=n_pool,
    )


def _arm(
    results: Results, name: str, runs: Sequence[Placed], store: StudyStore, truth: NDArray[np.integer]
) -> ArmAnswer:
    draws, first = results.of_draws(name), results.of_first(name)
    firsts = tuple(float(value) if np.isfinite(value) else None for value in first)
    ranks = tuple(
        None if value is None else rank_among(value, _whole(row))
        for value, row in zip(firsts, draws, strict=True)
    )
    means = tuple(_possible(_estimate(row)) for row in draws)
    variance = _variance(results, name)
    if variance is not None and results.study.measure == "test_accuracy":
        scores = by_image({name: 1}, results.study.sizes[-1], runs, store, truth)
        if scores is not None:
            variance = replace(variance, images=two_way_interval(scores).variance_of_images / len(truth))
    return ArmAnswer(name, means, draws, firsts, ranks, variance)


def _variance(results: Results, name: str) -> VarianceSplit | None:
    scores = results.scores[results.arm(name), -1, 1:]
    whole = scores[np.isfinite(scores).all(axis=(1, 2))]
    return variance_split(whole) if min(whole.shape) >= 2 else None


def _contrast(
    results: Results,
    contrast: Contrast,
    runs: Sequence[Placed],
    store: StudyStore,
    truth: NDArray[np.integer],
) -> ContrastAnswer:
    each = results.differences(contrast)
    of_draws = each.mean(axis=(-2, -1))
    whole = of_draws[:, np.isfinite(of_draws).all(axis=0)].T
    by_size = tuple(_estimate(row) for row in of_draws)
    new_images = None
    if results.study.measure == "test_accuracy":
        differences = by_image(contrast.signs, results.study.sizes[-1], runs, store, truth)
        new_images = None if differences is None else two_way_interval(differences)
    largest = by_size[-1]
    better = 0 if largest is None or not contrast.is_simple else int(np.sign(largest.mean))
    validation = results.differences(contrast, validation=True)
    return ContrastAnswer(
        contrast=contrast,
        by_size=by_size,
        differences=of_draws,
        new_images=new_images,
        p=p_of_draws(whole) if len(whole) >= 2 else None,
        p_holm=None,
        on_test=_ranked(each[-1], better),
        on_validation=_ranked(validation[-1], better),
        equal_size=_equal_size(results, contrast) if contrast.is_simple else None,
    )


def _ranked(differences: Scores, better: int) -> Ranked | None:
    whole = _whole(differences.ravel())
    return single_runs(whole, better) if better and len(whole) else None


def _equal_size(results: Results, contrast: Contrast) -> tuple[int, EqualSize] | None:
    """The size of the second arm as good as the first at the middle size that was tried."""
    sizes = results.study.sizes
    curves = [results.of_draws(arm) for arm in contrast.arms]
    if len(sizes) < 2 or not all(np.isfinite(curve).any(axis=1).all() for curve in curves):
        return None
    first, second = (np.nanmean(curve, axis=1) for curve in curves)
    at = (len(sizes) - 1) // 2
    return sizes[at], size_of_equal_accuracy(sizes, second, float(first[at]))


def _estimate(row: Scores) -> Estimate | None:
    whole = _whole(row)
    return mean_over_draws(whole) if len(whole) >= 2 else None


def _possible(share: Estimate | None) -> Estimate | None:
    """The part of an interval in which a share can lie: that of few draws would reach beyond all or nothing."""
    return None if share is None else replace(share, low=max(share.low, 0.0), high=min(share.high, 1.0))


def _whole(values: Scores) -> Scores:
    return values[np.isfinite(values)]
