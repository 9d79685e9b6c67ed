from collections.abc import Callable

import numpy as np
import pytest

from tatamilab.analysis.calibration import calibration
from tatamilab.analysis.intervals import wilson_interval


def test_bins_hold_equally_many_and_count_what_is_right() -> None:
    sure = np.repeat([0.9, 0.3], 50)
    right = np.concatenate([np.arange(50) < 40, np.arange(50) < 15])
    found = calibration(sure, right, n_bins=2)
    assert found.n.tolist() == [50, 50]
    assert found.confidence == pytest.approx([0.3, 0.9])
    assert found.accuracy == pytest.approx([0.3, 0.8])
    assert found.error == pytest.approx(0.05)
    assert (found.low[1], found.high[1]) == (wilson_interval(40, 50).low, wilson_interval(40, 50).high)


def test_sure_and_always_wrong_is_as_wrong_as_can_be() -> None:
    assert calibration(np.ones(100), np.zeros(100)).error == 1
    assert calibration(np.ones(100), np.ones(100)).error == 0


def test_a_calibrated_network_is_told_so_in_95_of_100_cases() -> None:
    """The bias is found: the error of calibrated answers is above 0, and about what chance gives."""
    rng = np.random.default_rng(1)
    errors, above = [], 0
    for trial in range(200):
        sure = rng.beta(4, 1, 600)
        found = calibration(sure, rng.random(600) < sure, seed=trial)
        errors.append(found.error - found.error_by_chance)
        above += found.error > found.error_by_chance_high
    assert np.mean(errors) == pytest.approx(0, abs=0.003)
    assert found.error_by_chance > 0.02
    assert 2 <= above <= 19  # 10 expected; outside with probability 0.5%


def test_intervals_cover_the_true_share() -> None:
    rng = np.random.default_rng(2)
    sure = np.linspace(0.5, 1, 400)
    covered = [
        (one.low <= one.confidence) & (one.confidence <= one.high)
        for one in (calibration(sure, rng.random(400) < sure, n_bins=4) for _trial in range(100))
    ]
    assert 0.92 < np.mean(covered) < 0.99


def test_overconfidence_is_found() -> None:
    rng = np.random.default_rng(3)
    sure = rng.uniform(0.5, 1, 2000)
    found = calibration(sure, rng.random(2000) < sure - 0.15)
    assert found.error > found.error_by_chance_high
    assert (found.accuracy < found.confidence).all()


def test_refuses_too_few_images_and_what_is_no_probability(refused: Callable[..., None]) -> None:
    refused(
        lambda: calibration(np.full(99, 0.5), np.ones(99)),
        en="Calibration needs at least 1 bin, and at least 10 images a bin; received 99 images for 10 bins.",
        ja="較正を調べるには1個以上の区間と、区間ごとに10枚以上の画像が必要です（10 区間に対し 99 枚が渡されました）。",
    )
    refused(
        lambda: calibration(np.full(100, 87.0), np.ones(100)),
        en="Confidences are probabilities from 0 to 1; received values from 87 to 87.",
        ja="確信度は0〜1の確率でなければなりません（87 から 87 の値が渡されました）。",
    )
    refused(
        lambda: calibration(np.full(100, 0.5), np.ones(90)),
        en="Calibration needs one confidence and one answer for each image; received shapes (100,) and (90,).",
        ja="較正を調べるには画像ごとに確信度と正誤が1つずつ必要です（形状 (100,) と (90,) が渡されました）。",
    )
