"""Filters whose form is known by construction, and noise of which nothing is to be found."""

from collections.abc import Callable

import numpy as np
import pytest

from tatamilab.analysis import (
    FORM_SCORES,
    SCORES,
    FilterKind,
    mean_orientation,
    orientation_along,
    paired_difference,
    rotated_banks,
    score_filters,
)
from tatamilab.analysis.contrasts import noise_bank_mean
from tatamilab.analysis.filter_scores import spatial_patterns
from tatamilab.analysis.fits import fit_differences_of_gaussians, fit_gabors

RNG = np.random.default_rng(0)


def places(side: int) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return x, y


def gabor(side: int, theta: float, frequency: float, phase: float = 0.4) -> np.ndarray:
    x, y = places(side)
    envelope = np.exp(-(x**2 + y**2) / (2 * (0.3 * side) ** 2))
    return envelope * np.cos(2 * np.pi * frequency * (x * np.cos(theta) + y * np.sin(theta)) - phase)


@pytest.mark.parametrize("side", [5, 7, 11])
@pytest.mark.parametrize("degrees", [0, 30, 45, 90, 140])
def test_a_planted_gabor_is_found_at_its_orientation_and_frequency(side: int, degrees: int) -> None:
    theta, frequency = np.deg2rad(degrees), 0.22
    planted = 3 * gabor(side, theta, frequency)
    fits = fit_gabors(planted[..., None])
    assert fits.r2[0] > 0.95
    angle, found = fits.parameters[0, :2]
    assert abs((angle - theta + np.pi / 2) % np.pi - np.pi / 2) < np.deg2rad(6)
    assert found == pytest.approx(frequency, abs=0.05)
    scores = score_filters(planted[:, :, None, None])
    assert abs((scores.orientation_angle[0] - theta + np.pi / 2) % np.pi - np.pi / 2) < np.deg2rad(6)
    assert scores.orientation[0] > 0.6
    assert scores.gabor_r2[0] > scores.dog_r2[0]


def test_a_planted_difference_of_gaussians_is_found() -> None:
    x, y = places(7)
    r2 = x**2 + y**2
    planted = np.exp(-r2 / 2 / 1.0**2) - 0.4 * np.exp(-r2 / 2 / 2.0**2)
    assert fit_differences_of_gaussians(planted[..., None]).r2[0] > 0.97
    scores = score_filters(planted[:, :, None, None])
    assert scores.centre_surround[0] == pytest.approx(1)
    assert scores.orientation[0] == pytest.approx(0, abs=1e-3)


def test_what_hand_made_filters_score() -> None:
    edge = np.tile([-1.0, -1, 0, 1, 1], (5, 1))
    checks = (-1.0) ** np.add.outer(np.arange(5), np.arange(5))
    scores = score_filters(np.stack([edge, checks, 1 + 0 * edge + 0.5 * edge], axis=-1)[:, :, None])
    assert scores.rank_one == pytest.approx([1, 1, 1])
    assert np.sin(scores.orientation_angle[0]) == pytest.approx(0, abs=1e-3)
    assert scores.smoothness[0] > 0.5 > 0 > scores.smoothness[1]
    assert scores.frequency[1] > 0.5 > scores.frequency[0]
    assert scores.dc_share[0] == pytest.approx(0)
    assert scores.dc_share[2] == pytest.approx(25 / (25 + 0.25 * 20))


def test_size_and_sign_of_a_filter_do_not_matter() -> None:
    kernel = RNG.normal(size=(5, 5, 1, 6))
    first, second = score_filters(kernel), score_filters(-7 * kernel)
    for name in SCORES:
        assert getattr(second, name) == pytest.approx(getattr(first, name), rel=1e-5)


def test_dead_filters_are_told_and_left_out() -> None:
    kernel = RNG.normal(size=(5, 5, 1, 5))
    kernel[..., 1], kernel[..., 2], kernel[0, 0, 0, 3] = 0, -0.3, np.nan
    scores = score_filters(kernel)
    kinds = ["alive", "zero", "constant", "not finite", "alive"]
    assert scores.kind.tolist() == kinds
    assert all(np.isfinite(getattr(scores, name)).all() for name in SCORES)
    alive = score_filters(kernel[..., [0, 4]])
    assert scores.bank_mean() == pytest.approx(alive.bank_mean())
    assert scores.kind[3] is FilterKind.NOT_FINITE
    assert all(np.isnan(value) for value in score_filters(np.zeros((3, 3, 1, 2))).bank_mean().values())


def test_the_pattern_of_several_channels_is_the_one_they_share() -> None:
    pattern = gabor(5, 0.5, 0.2)
    kernel = (pattern[:, :, None] * np.array([0.5, -2.0, 1.0]))[..., None]
    found = spatial_patterns(kernel)[..., 0]
    cosine = (found * pattern).sum() / np.linalg.norm(found) / np.linalg.norm(pattern)
    assert cosine == pytest.approx(-1)  # the sign of the strongest channel
    assert np.linalg.norm(found) == pytest.approx(np.linalg.norm(kernel))


@pytest.mark.parametrize("shape", [(3, 3, 1, 4), (11, 11, 3, 2), (5, 5, 16, 1), (2, 4, 2, 3)])
def test_kernels_of_all_shapes_are_scored(shape: tuple[int, ...]) -> None:
    scores = score_filters(RNG.normal(size=shape))
    assert all(getattr(scores, name).shape == shape[-1:] for name in SCORES)
    assert all(np.isfinite(value) for value in scores.bank_mean().values())


def test_turning_filters_by_90_degrees_turns_their_orientation() -> None:
    kernel = np.stack([gabor(5, 0.3, 0.2), gabor(5, 0.5, 0.2)], axis=-1)[:, :, None]
    axis = mean_orientation(kernel)
    assert orientation_along(kernel, axis) > 0.5
    turned = np.rot90(kernel)
    assert orientation_along(turned, axis) == pytest.approx(-orientation_along(kernel, axis), rel=1e-3)


def test_rotated_banks_keep_all_correlations() -> None:
    kernel = RNG.normal(size=(5, 5, 1, 32)) * np.linspace(0.1, 2, 32)
    noise = rotated_banks(kernel, 1, np.random.default_rng(1))[0]
    flat, other = kernel.reshape(25, 32), noise.reshape(25, 32)
    assert other @ other.T == pytest.approx(flat @ flat.T)
    first, second = score_filters(kernel).bank_mean(), score_filters(noise).bank_mean()
    for name in ("frequency", "dc_share", "centre_surround"):
        assert second[name] == pytest.approx(first[name], rel=0.15)


def test_smooth_noise_is_not_taken_for_form() -> None:
    """Banks of Gaussian noise, smooth and of very different sizes: paired with their own null nothing is found,
    though a Gabor function explains most of each filter."""
    rng = np.random.default_rng(2)
    y, x = np.mgrid[:5, :5].reshape(2, -1)
    covariance = np.exp(-(np.subtract.outer(x, x) ** 2 + np.subtract.outer(y, y) ** 2) / 4)
    root = np.linalg.cholesky(covariance + 1e-9 * np.eye(25))
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in FORM_SCORES}
    for _network in range(12):
        bank = (root @ rng.normal(size=(25, 32)) * np.exp(rng.normal(0, 0.4, 32))).reshape(5, 5, 1, 32)
        own, null = score_filters(bank).bank_mean(), noise_bank_mean(bank, rng, 10)
        for name in FORM_SCORES:
            found[name].append((own[name], null[name]))
    assert np.mean([own for own, _null in found["gabor_r2"]]) > 0.8
    for name in FORM_SCORES:
        own, null = np.transpose(found[name])
        assert paired_difference(own, null).p > 0.02


def test_form_beyond_correlation_is_found() -> None:
    rng = np.random.default_rng(3)
    own, null = [], []
    for _network in range(8):
        bank = np.stack([gabor(5, rng.uniform(0, np.pi), 0.2, rng.uniform(0, 6)) for _ in range(32)], axis=-1)
        own.append(score_filters(bank[:, :, None]).bank_mean()["orientation"])
        null.append(noise_bank_mean(bank[:, :, None], rng, 10)["orientation"])
    found = paired_difference(own, null)
    assert found.p == found.smallest_p
    assert found.low > 0.1


def test_refuses_a_kernel_without_form(refused: Callable[..., None]) -> None:
    refused(
        lambda: score_filters(np.zeros((1, 1, 3, 8))),
        en="The form of a filter can be scored from 2×2 weights on, in four axes (rows, columns, channels, filters); "
        "received shape (1, 1, 3, 8).",
        ja="フィルタの形を数値にするには、2×2 以上の大きさで、4次元（行・列・チャネル・フィルタ）の配列が必要です"
        "（形状 (1, 1, 3, 8) が渡されました）。",
    )
