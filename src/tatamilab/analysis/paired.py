"""Differences between trained networks in pairs: how large, how sure, and how often chance alone would do it.

The unit is a trained network. Two networks form a pair when they share their seed: the same initial weights, the
same order of images. The filters of one network are no independent observations, because one training made them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.errors import BadInput
from tatamilab.i18n import _

MOST_EXACT = 16
"""Up to so many pairs every pattern of signs is counted; beyond, `RESAMPLES` of them are drawn."""

RESAMPLES = 99_999

AT_ONCE = 1_000_000
"""Numbers whose signs are flipped at a time: more would not fit into a cache. The p-value is the same."""


@dataclass(frozen=True)
class PairedDifference:
    """The mean of a - b over pairs.

    Attributes:
        n: pairs.
        mean: of the differences, in their own unit.
        low: lower end of the interval of the mean.
        high: its upper end.
        confidence: of the interval, for example 0.95.
        p: two-sided sign-flip p-value of "a and b are interchangeable within a pair", uncorrected.
        smallest_p: the smallest that so many pairs can give.
    """

    n: int
    mean: float
    low: float
    high: float
    confidence: float
    p: float
    smallest_p: float


def paired_difference(a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> PairedDifference:
    """Compare two ways of training over pairs of networks.

        d_s = a_s - b_s,    mean(d) ± t · sd(d)/√n    with t of n - 1 degrees of freedom

    The p-value flips the signs of the d_s: if a and b were interchangeable, d_s and -d_s would be equally
    likely, so all 2ⁿ patterns would; p is the share of patterns whose mean is at least as far from 0, twice the smaller
    tail. It assumes no distribution. With n pairs it cannot fall below 2/2ⁿ.

    What it can't tell: how the result would change with other data or another recipe; every pair shares them.

    Args:
        a: one number a pair (n,).
        b: likewise, in the same order.
        confidence: of the interval, between 0 and 1.

    Raises:
        BadInput: fewer than two pairs, different numbers of them, or one that is not finite.

    Source:
        Fisher (1935), The design of experiments, §21; Student (1908) for the interval.

    Example:
        >>> paired_difference([3, 4, 5, 6], [1, 3, 3, 4]).p
        0.125
    """
    from scipy import stats

    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.ndim != 1 or first.shape != second.shape or len(first) < 2:
        raise BadInput(
            _(
                "A paired comparison needs the same number of values on both sides, at least two; received "
                "shapes {a} and {b}.",
                a=first.shape,
                b=second.shape,
            )
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise BadInput(_("A paired comparison needs finite values; one of them is NaN or infinite."))
    differences = first - second
    n, mean = len(differences), float(differences.mean())
    spread = float(differences.std(ddof=1) / np.sqrt(n) * stats.t.ppf((1 + confidence) / 2, n - 1))
    return PairedDifference(
        n, mean, mean - spread, mean + spread, confidence, sign_flip_p(differences), 2 / 2.0**n
    )


def sign_flip_p(differences: ArrayLike) -> float:
    """The two-sided sign-flip p-value of a mean: exact up to `MOST_EXACT` differences, else from `RESAMPLES` draws.

    Example:
        >>> sign_flip_p([1.0, 2.0, 3.0])
        0.25
    """
    from scipy import stats

    values = np.asarray(differences, dtype=np.float64)
    n_resamples = np.inf if len(values) <= MOST_EXACT else RESAMPLES
    result = stats.permutation_test(
        (values,),
        lambda x, axis: x.mean(axis=axis),
        permutation_type="samples",
        n_resamples=n_resamples,
        batch=max(1, AT_ONCE // len(values)),
        vectorized=True,
        rng=np.random.default_rng(0),
    )
    return float(result.pvalue)


def holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """Holm's corrected p-values of a family of tests: below α where the family's chance of any false alarm is.

        sorted p₁ ≤ … ≤ p_m:    p̃_i = max over j ≤ i of min(1, (m - j + 1) p_j)

    Args:
        p_values: of all tests of the family (m,).

    Returns:
        float64 (m,), in the order given.

    Source:
        Holm (1979), A simple sequentially rejective multiple test procedure.

    Example:
        >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
        [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    steps = np.minimum(1, p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.maximum.accumulate(steps) if len(p) else steps
    return corrected
