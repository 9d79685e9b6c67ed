import numpy as np
import pytest

from tatamilab.analysis.attribution import class_activation_map, inked, integrated_gradients, map_similarity

RNG = np.random.default_rng(0)
W, B = RNG.normal(size=(36, 40)), RNG.normal(size=40)


def bent(images: np.ndarray) -> np.ndarray:
    """A score with forty bends: Σ relu(w·x + b)."""
    return np.maximum(images.reshape(len(images), -1) @ W + B, 0).sum(axis=1)


def slope(images: np.ndarray) -> np.ndarray:
    return ((images.reshape(len(images), -1) @ W + B > 0) @ W.T).reshape(images.shape)


def test_integrated_gradients_complete() -> None:
    image = RNG.random((6, 6, 1))
    found = integrated_gradients(bent, slope, image)
    assert found.completeness_error < 1e-4
    assert found.map.sum() == pytest.approx(found.difference, abs=1e-4)
    assert found.difference == pytest.approx(bent(image[None])[0] - bent(np.zeros((1, 6, 6, 1)))[0])


def test_integrated_gradients_of_a_linear_score_are_its_terms() -> None:
    image, weights = RNG.random((6, 6, 1)), RNG.normal(size=(6, 6, 1))
    found = integrated_gradients(
        lambda x: (x * weights).sum(axis=(1, 2, 3)), lambda x: np.broadcast_to(weights, x.shape), image
    )
    assert found.map == pytest.approx(image * weights, abs=1e-6)


def test_a_class_activation_map_is_stretched_over_the_image() -> None:
    values, slopes = np.zeros((4, 4, 2)), np.zeros((4, 4, 2))
    values[1, 2] = 3, 5
    slopes[..., 0] = 0.5  # the second channel speaks neither for nor against
    assert class_activation_map(values, slopes)[1, 2] == 1.5
    large = class_activation_map(values, slopes, size=(8, 8))
    assert large.shape == (8, 8)
    assert set(zip(*np.nonzero(large == large.max()), strict=True)) == {(2, 4), (2, 5), (3, 4), (3, 5)}
    assert large.sum() == pytest.approx(4 * 1.5)
    assert class_activation_map(values, -slopes).max() == 0


def test_similarity_of_maps() -> None:
    one = RNG.normal(size=(9, 9))
    assert map_similarity(one, -2 * one) == pytest.approx(1)
    assert np.isnan(map_similarity(one, np.zeros((9, 9))))


def test_shared_zeros_off_the_ink_do_not_make_maps_alike() -> None:
    image = np.zeros((20, 20, 1))
    image[5:15, 8:12] = RNG.uniform(0.2, 1, (10, 4, 1))
    one, other = (image[..., 0] * RNG.normal(size=(20, 20)) for _map in range(2))
    ink = inked(image)
    assert ink.sum() == 40
    assert map_similarity(one, other) > 0.9
    assert abs(map_similarity(one, other, ink)) < 0.45
    assert np.isnan(map_similarity(one, other, np.zeros((20, 20), bool)))
