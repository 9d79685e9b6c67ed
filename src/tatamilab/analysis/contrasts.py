"""What the controls come to: every arm against the baseline, and the filters' scores against their nulls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tatamilab.analysis.filter_scores import (
    FORM_SCORES,
    SCORES,
    bank_means,
    mean_orientation,
    orientation_along,
    rotated_banks,
)
from tatamilab.analysis.paired import PairedDifference, holm, paired_difference
from tatamilab.analysis.patches import PatchComponents, energy_in_components, neighbour_correlation

N_ROTATIONS = 20
"""Banks of noise that stand for the null of one network."""


@dataclass(frozen=True, eq=False)
class Series:
    """Networks of one arm, one a seed, in the same order of seeds as every other arm's.

    Attributes:
        accuracy: float64 (s,), 0-1.
        before: (s, h, w, c, o), first filters at the start.
        after: (s, h, w, c, o), at the end.
        components: (s, d, h, w, c), principal components of the patches that the network saw.
    """

    accuracy: NDArray[np.float64]
    before: NDArray[np.float32]
    after: NDArray[np.float32]
    components: NDArray[np.float64]


class Mean(NamedTuple):
    """A mean over networks, and the interval of Student's t at 95%."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Contrast:
    """One arm.

    Attributes:
        arm: its name.
        accuracy: of its networks.
        difference: arm - baseline; None for the baseline itself.
        p_holm: the difference's p-value, corrected for the family of all arms; None likewise.
        energy: share of the change of the filters in the first `leading(d)` patch components; None where they are
            frozen.
        neighbours: `neighbour_correlation` of the final filters.
        scores: mean `bank_mean` of the final filters, by name.
    """

    arm: str
    accuracy: Mean
    difference: PairedDifference | None
    p_holm: float | None
    energy: Mean | None
    neighbours: float
    scores: dict[str, float]


@dataclass(frozen=True)
class ScoreTest:
    """A score of the learned filters against a null.

    Attributes:
        score: its name.
        null: "start" (the same network's initial filters), "noise" (`rotated_banks` of the learned ones) or "labels"
            (the same start, trained on shuffled labels).
        learned: mean over networks of the score of the learned filters.
        expected: the same under the null.
        difference: learned - null.
        p_holm: corrected for all scores and nulls.
    """

    score: str
    null: str
    learned: float
    expected: float
    difference: PairedDifference
    p_holm: float


def leading(d: int) -> int:
    """How many components of d count as the first ones: about a quarter, 6 of 25.

    Example:
        >>> leading(25), leading(9)
        (6, 2)
    """
    return max(1, round(0.24 * d))


def mean_over_networks(values: Sequence[float]) -> Mean:
    """The mean of one number a network, with its interval.

    Raises:
        BadInput: fewer than two networks.
    """
    interval = paired_difference(values, np.zeros(len(values)))
    return Mean(interval.mean, interval.low, interval.high)


def contrasts(arms: Mapping[str, Series], baseline: str) -> list[Contrast]:
    """Every arm against the baseline, p-values corrected after Holm over the family.

    Raises:
        BadInput: fewer than two networks an arm, or arms of different lengths.
    """
    rows = [_contrast(name, series, arms[baseline], name == baseline) for name, series in arms.items()]
    tested = [row for row in rows if row.difference is not None]
    corrected = iter(holm([row.difference.p for row in tested if row.difference]))
    return [replace(row, p_holm=float(next(corrected))) if row.difference else row for row in rows]


def _contrast(name: str, series: Series, base: Series, is_baseline: bool) -> Contrast:
    scores = bank_means(series.after)
    return Contrast(
        arm=name,
        accuracy=mean_over_networks(list(series.accuracy)),
        difference=None if is_baseline else paired_difference(series.accuracy, base.accuracy),
        p_holm=None,
        energy=None if np.array_equal(series.before, series.after) else mean_over_networks(energies(series)),
        neighbours=float(np.mean([neighbour_correlation(kernel) for kernel in series.after])),
        scores={score: float(np.mean([one[score] for one in scores])) for score in SCORES},
    )


def energies(series: Series) -> list[float]:
    """The share of each network's change of filters in the first `leading` components of its patches."""
    shares = []
    for before, after, components in zip(series.before, series.after, series.components, strict=True):
        patches = PatchComponents(components, np.zeros(len(components)), 0)
        shares.append(float(energy_in_components(after - before, patches)[leading(len(components))]))
    return shares


def score_tests(learned: Series, shuffled: Series, *, seed: int = 0) -> list[ScoreTest]:
    """The scores of learned filters against all nulls, one family under Holm.

    The test's unit is the network: its bank mean, paired with the bank mean of its own null. "noise" is tested for
    `FORM_SCORES` alone, because a rotation leaves the other scores' mean as it is.

    Args:
        learned: networks trained in earnest.
        shuffled: from the same starts, trained on shuffled labels.
        seed: of the noise.

    Raises:
        BadInput: fewer than two networks, or different numbers of them.
    """
    rng = np.random.default_rng(seed)
    own = bank_means(learned.after)
    nulls = {
        "start": (SCORES, bank_means(learned.before)),
        "noise": (FORM_SCORES, [noise_bank_mean(kernel, rng) for kernel in learned.after]),
        "labels": (SCORES, bank_means(shuffled.after)),
    }
    tests = [
        (score, null, [one[score] for one in own], [one[score] for one in expected])
        for null, (scores, expected) in nulls.items()
        for score in scores
    ]
    differences = [paired_difference(a, b) for _score, _null, a, b in tests]
    return [
        ScoreTest(score, null, float(np.mean(a)), float(np.mean(b)), difference, float(p))
        for (score, null, a, b), difference, p in zip(
            tests, differences, holm([one.p for one in differences]), strict=True
        )
    ]


def noise_bank_mean(
    kernel: NDArray[np.floating], rng: np.random.Generator, n_rotations: int = N_ROTATIONS
) -> dict[str, float]:
    """The mean of `bank_mean` over many banks of noise with the correlations of `kernel`."""
    banks = bank_means(rotated_banks(kernel, n_rotations, rng))
    return {score: float(np.mean([bank[score] for bank in banks])) for score in SCORES}


def turning(learned: Series, rotated: Series, axis: complex) -> tuple[Mean, Mean, PairedDifference]:
    """Whether filters turn with the images: how far their change varies along the axis along which images vary.

    Args:
        learned: trained on the images as they are.
        rotated: trained on images turned by 90°, from the same starts.
        axis: `patch_axis` of the images as they are.

    Returns:
        `orientation_along` the axis after training on upright images, the same after training on turned ones (of the
        opposite sign if the filters turned too), and the paired difference turned - upright.
    """
    upright, turned = (
        [
            orientation_along(after - before, axis)
            for before, after in zip(series.before, series.after, strict=True)
        ]
        for series in (learned, rotated)
    )
    return mean_over_networks(upright), mean_over_networks(turned), paired_difference(turned, upright)


def patch_axis(patches: PatchComponents) -> complex:
    """The axis along which patches vary most, as a double-angle vector: `mean_orientation` of their components, each
    in the size of its standard deviation."""
    scaled = patches.components * np.sqrt(patches.variances)[:, None, None, None]
    return mean_orientation(np.moveaxis(scaled, 0, -1))
