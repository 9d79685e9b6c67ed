"""The statistics of studies, on numbers whose answer is known by construction."""

import numpy as np
import pytest

from tatamilab.analysis.study_effects import mean_over_draws, p_of_draws, rank_among
from tatamilab.analysis.study_images import two_way_interval
from tatamilab.analysis.study_ranks import single_runs
from tatamilab.analysis.study_sequence import sequential_interval
from tatamilab.analysis.study_sizes import size_of_equal_accuracy
from tatamilab.analysis.study_variance import variance_split
from tatamilab.errors import BadInput
from tatamilab.study.answer import ALPHA
from tatamilab.study.conclusion import enough_draws


def test_t_interval_below_30_draws_is_the_book_s() -> None:
    found = mean_over_draws([1.0, 2.0, 3.0, 4.0, 5.0])
    assert found.method == "t"
    assert (found.low, found.high) == pytest.approx((3 - 1.9632, 3 + 1.9632), abs=1e-4)


def test_bca_from_30_draws() -> None:
    values = np.random.default_rng(0).exponential(size=30)
    found = mean_over_draws(values)
    assert found.method == "BCa"
    assert found.low < values.mean() < found.high
    assert found.high - found.mean > found.mean - found.low


def test_equal_draws_have_no_width() -> None:
    assert mean_over_draws([0.25] * 40) == mean_over_draws([0.25] * 40)
    assert mean_over_draws([0.25] * 40).low == 0.25


@pytest.mark.parametrize("values", [[1.0], [1.0, np.nan], []])
def test_too_little_is_refused(values: list[float]) -> None:
    with pytest.raises(BadInput):
        mean_over_draws(values)


def test_whole_draws_change_sign() -> None:
    """Eight draws that all agree: 2 of 2⁸ patterns are as extreme, however many sizes repeat them."""
    for n_sizes in (1, 7):
        assert p_of_draws(np.ones((8, n_sizes))) == 2 / 2**8


def test_a_draw_that_contradicts_itself_over_sizes_counts_as_nothing() -> None:
    assert p_of_draws([[1.0, -1.0], [2.0, -2.0], [3.0, -3.0]]) == 1.0


def test_rank() -> None:
    assert [rank_among(x, [1, 2, 3]) for x in (0, 2.5, 9)] == [1, 3, 4]


def test_two_way_interval_finds_the_variances_it_was_made_from() -> None:
    rng = np.random.default_rng(1)
    runs, images, rest = rng.normal(0, 2, (60, 1)), rng.normal(0, 3, (1, 4000)), rng.normal(0, 1, (60, 4000))
    found = two_way_interval(runs + images + rest)
    assert found.variance_of_runs == pytest.approx(4, rel=0.3)
    assert found.variance_of_images == pytest.approx(9, rel=0.1)
    assert found.variance_of_rest == pytest.approx(1, rel=0.02)


def test_two_way_interval_covers_new_runs_on_new_images() -> None:
    rng, covered = np.random.default_rng(2), 0
    for _trial in range(300):
        x = rng.normal(0, 1, (8, 1)) + rng.normal(0, 4, (1, 100)) + rng.normal(0, 1, (8, 100))
        found = two_way_interval(x)
        covered += found.low < 0 < found.high
    assert 0.92 < covered / 300 < 0.985


def test_new_images_never_narrow_the_interval_of_few_runs() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(0, 1, (4, 1)) + rng.normal(0, 0.1, (4, 1000))
    found, on_these = two_way_interval(x), mean_over_draws(x.mean(axis=1))
    assert found.high - found.low >= (on_these.high - on_these.low) * (1 - 1e-6)


def test_draws_that_suffice_grow_with_the_contrasts() -> None:
    assert enough_draws(1) == 6
    for n_tests in (1, 2, 5, 11, 40):
        n = enough_draws(n_tests)
        assert n_tests * 2 / 2**n < ALPHA <= n_tests * 2 / 2 ** (n - 1)


def test_more_runs_leave_what_comes_from_images() -> None:
    images = np.random.default_rng(3).normal(size=(1, 500))
    widths = [
        np.ptp([f.low, f.high]) for n in (4, 400) if (f := two_way_interval(np.repeat(images, n, axis=0)))
    ]
    assert widths[0] == pytest.approx(widths[1], rel=1e-3)
    assert two_way_interval(np.repeat(images, 4, axis=0)).share_of_images == pytest.approx(1)


def test_single_runs_are_counted_from_the_better_side() -> None:
    ranked = single_runs([1, 1, 0, -1], -1)
    assert (ranked.right, ranked.tied, ranked.wrong) == (0.25, 0.25, 0.5)


def test_variance_split_finds_the_variances_it_was_made_from() -> None:
    rng = np.random.default_rng(4)
    x = (
        rng.normal(0, 3, (3000, 1, 1)) + rng.normal(0, 2, (3000, 3, 1)) + rng.normal(0, 1, (3000, 1, 4))
        + rng.normal(0, 0.5, (3000, 3, 4))
    )  # fmt: skip
    found = variance_split(x)
    parts = (found.draw, found.initialisation, found.order, found.rest)
    assert parts == pytest.approx((9, 4, 1, 0.25), rel=0.1)


def test_the_sequence_is_left_by_the_truth_in_at_most_one_case_of_twenty() -> None:
    rng, left = np.random.default_rng(5), 0
    for _trial in range(300):
        x = rng.normal(0, 1, 60)
        looks = (sequential_interval(x[:n]) for n in range(2, 61))
        left += any(not look.low <= 0 <= look.high for look in looks)
    assert 0 < left <= 0.05 * 300 * 1.3


def test_the_sequence_gets_narrow() -> None:
    x = np.random.default_rng(6).normal(0, 1, 400)
    assert sequential_interval(x).half_width < 0.25
    assert sequential_interval(x[:2]).half_width == np.inf


def test_size_of_equal_accuracy_is_interpolated_and_never_beyond() -> None:
    sizes, curve = [100, 200, 400, 800], [0.7, 0.8, 0.9, 0.95]
    assert size_of_equal_accuracy(sizes, curve, 0.9).size == pytest.approx(400)
    assert size_of_equal_accuracy(sizes, curve, 0.96).beyond == "more"
    assert size_of_equal_accuracy(sizes, curve, 0.5).beyond == "fewer"
    dented = size_of_equal_accuracy(sizes, [0.7, 0.82, 0.8, 0.95], 0.9).size
    assert dented is not None
    assert 400 < dented < 800
