import numpy as np
import pytest

from tatamilab.analysis import neighbour_correlation, score_filters
from tatamilab.analysis.stimuli import (
    gabor_bank,
    permute_pixels,
    permute_within_filters,
    rotate_quarter,
    scramble_phases,
)

IMAGES = np.random.default_rng(0).random((6, 8, 10, 2), dtype=np.float32)


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_pixels_move_alike_in_all_images() -> None:
    moved = permute_pixels(IMAGES, rng())
    place = np.argwhere((moved == IMAGES[0, 0, 0, 0]).all(axis=0) | (moved[0] == IMAGES[0, 0, 0, 0]))[0][:2]
    assert np.array_equal(moved[:, place[0], place[1]], IMAGES[:, 0, 0])
    assert np.array_equal(np.sort(moved.ravel()), np.sort(IMAGES.ravel()))


def test_scrambling_keeps_the_power_spectrum_and_loses_the_phases() -> None:
    scrambled = scramble_phases(IMAGES, rng())
    before, after = (np.fft.fft2(x, axes=(1, 2)) for x in (IMAGES.astype(float), scrambled.astype(float)))
    assert np.abs(after) == pytest.approx(np.abs(before), rel=1e-3, abs=1e-4)
    assert scrambled.mean(axis=(1, 2)) == pytest.approx(IMAGES.mean(axis=(1, 2)), abs=1e-6)
    turns = np.angle(after * np.conj(before))[:, 1, 1:4, 0].ravel()
    assert abs(np.exp(1j * turns).mean()) < 0.6
    assert not np.allclose(scrambled[0], IMAGES[0], atol=0.1)


def test_a_quarter_turn() -> None:
    turned = rotate_quarter(IMAGES)
    assert turned.shape == (6, 10, 8, 2)
    assert np.array_equal(turned[:, -1, 0], IMAGES[:, 0, 0])


def test_weights_stay_in_their_filter() -> None:
    kernel = np.random.default_rng(1).normal(size=(5, 5, 1, 8)).astype(np.float32)
    permuted = permute_within_filters(kernel, rng())
    assert np.array_equal(np.sort(permuted.reshape(25, 8), axis=0), np.sort(kernel.reshape(25, 8), axis=0))
    smooth = np.cumsum(np.cumsum(kernel, axis=0), axis=1)
    assert neighbour_correlation(permute_within_filters(smooth, rng())) < neighbour_correlation(smooth) - 0.3


@pytest.mark.parametrize("shape", [(5, 5, 1, 32), (11, 11, 3, 70), (3, 3, 1, 4)])
def test_gabor_bank(shape: tuple[int, ...]) -> None:
    like = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    bank = gabor_bank(like)
    assert np.square(bank).sum(axis=(0, 1, 2)) == pytest.approx(np.square(like).sum(axis=(0, 1, 2)), rel=1e-5)
    assert bank.mean(axis=(0, 1)) == pytest.approx(0, abs=1e-6)
    assert len(np.unique(bank.reshape(-1, shape[-1]).round(4), axis=1).T) == shape[-1]
    assert score_filters(bank).orientation.mean() > score_filters(like).orientation.mean()
