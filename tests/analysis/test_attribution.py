import numpy as np
import pytest

from tatamilab.analysis.attribution import integrated_gradients, map_similarity, occlusion_map

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


def test_occlusion_finds_the_one_pixel_that_counts() -> None:
    found = occlusion_map(lambda x: 3 * x[:, 2, 4, 0], np.ones((6, 7, 1)), side=3)
    expected = np.zeros((6, 7))
    expected[1:4, 3:6] = 3
    assert np.array_equal(found, expected)


def test_similarity_of_maps() -> None:
    one = RNG.normal(size=(9, 9))
    assert map_similarity(one, -2 * one) == pytest.approx(1)
    assert np.isnan(map_similarity(one, np.zeros((9, 9))))
