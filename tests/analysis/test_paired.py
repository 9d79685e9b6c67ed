from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import kstest, ttest_1samp

from tatamilab.analysis import holm, paired_difference
from tatamilab.analysis.paired import sign_flip_p


def test_all_of_one_sign_gives_the_smallest_p() -> None:
    found = paired_difference(np.arange(10) + 1.0, np.zeros(10))
    assert found.p == found.smallest_p == 2 / 2**10


def test_counts_the_patterns_of_signs() -> None:
    d = np.array([1.0, 2, -4, 8])  # |Σ| ≥ 7 in 10 of 16 patterns: 15 13 11 9 7 and their opposites, by hand
    sums = [
        sum(s * v for s, v in zip(signs, d, strict=True))
        for signs in np.ndindex(2, 2, 2, 2)
        for signs in [np.array(signs) * 2 - 1]
    ]
    assert sign_flip_p(d) == pytest.approx(np.mean(np.abs(sums) >= 7))


def test_the_interval_is_students() -> None:
    d = np.random.default_rng(0).normal(0.2, 1, 12)
    found, expected = paired_difference(d, np.zeros(12)), ttest_1samp(d, 0).confidence_interval()
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_p_values_are_uniform_under_the_null() -> None:
    rng = np.random.default_rng(1)
    p = [sign_flip_p(rng.standard_t(3, 8)) for _ in range(300)]
    assert kstest(p, "uniform").pvalue > 0.01
    assert np.mean(np.array(p) <= 0.05) < 0.09


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.02, 0.03, 0.5]).tolist() == pytest.approx([0.04, 0.06, 0.06, 0.5])
    assert holm([]).tolist() == []
    assert holm([0.9, 0.8]).tolist() == [1, 1]


def test_ten_pairs_are_enough_for_seven_contrasts_and_eight_are_not() -> None:
    assert holm([2 / 2**10] * 7).max() < 0.05
    assert holm([2 / 2**8] * 7).max() > 0.05


def test_refuses_what_is_no_pair(refused: Callable[..., None]) -> None:
    refused(
        lambda: paired_difference([1.0], [2.0]),
        en="A paired comparison needs the same number of values on both sides, at least two; received shapes "
        "(1,) and (1,).",
        ja="対応のある比較では、両側に同じ個数の値が2つ以上必要です（形状 (1,) と (1,) が渡されました）。",
    )
    refused(
        lambda: paired_difference([1.0, np.nan], [2.0, 1.0]),
        en="A paired comparison needs finite values; one of them is NaN or infinite.",
        ja="対応のある比較には有限の値が必要ですが、NaN または無限大が含まれています。",
    )
