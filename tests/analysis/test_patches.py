from collections.abc import Callable

import numpy as np
import pytest

from tatamilab.analysis import change_energy, energy_in_components, neighbour_correlation, patch_components

RNG = np.random.default_rng(0)


def plane_images() -> tuple[np.ndarray, np.ndarray]:
    """Images whose 3×3 patches all are multiples of two forms, plus a little noise; and the two forms."""
    forms = np.linalg.qr(RNG.normal(size=(9, 2)))[0].T
    weights = RNG.normal(size=(4000, 2)) * [3, 1]
    patches = weights @ forms + 1e-3 * RNG.normal(size=(4000, 9))
    return patches.reshape(-1, 3, 3, 1).astype(np.float32), forms


def test_planted_components_are_found_in_their_order() -> None:
    images, forms = plane_images()
    found = patch_components(images, (3, 3), n_patches=4000)
    assert np.abs(found.components[:2].reshape(2, 9) @ forms.T) == pytest.approx(np.eye(2), abs=0.05)
    assert found.variances[:2] == pytest.approx([9, 1], rel=0.1)
    assert found.variances[2:] == pytest.approx(np.zeros(7), abs=1e-4)
    assert found.size == (3, 3, 1)


def test_components_are_orthonormal_in_many_channels() -> None:
    found = patch_components(RNG.normal(size=(30, 12, 12, 3)), (5, 3), n_patches=500)
    flat = found.components.reshape(45, 45)
    assert flat @ flat.T == pytest.approx(np.eye(45), abs=1e-9)


def test_patches_of_one_value_have_one_component() -> None:
    images = RNG.normal(0, 3, size=(30, 12, 12, 1))
    found = patch_components(images, (1, 1), n_patches=4000)
    assert np.abs(found.components) == pytest.approx(np.ones((1, 1, 1, 1)))
    assert found.variances == pytest.approx([9], rel=0.15)


def test_a_patch_is_upright() -> None:
    """A ramp along the columns varies along v, not along u."""
    images = np.tile(np.arange(20.0) ** 2, (5, 20, 1))[..., None]
    first = patch_components(images, (3, 4), n_patches=300).components[0, :, :, 0]
    assert np.ptp(first, axis=0).max() < 1e-9
    assert np.ptp(first, axis=1).min() > 1e-3


def test_energy_of_filters_in_and_outside_of_the_components() -> None:
    images, forms = plane_images()
    patches = patch_components(images, (3, 3), n_patches=4000)
    inside = (forms.T @ RNG.normal(size=(2, 5))).reshape(3, 3, 1, 5)
    assert energy_in_components(inside, patches)[2] == pytest.approx(1, abs=1e-4)
    white = energy_in_components(RNG.normal(size=(3, 3, 1, 5000)), patches)
    assert white == pytest.approx(np.arange(10) / 9, abs=0.02)
    assert (white[0], white[-1]) == (0, pytest.approx(1))
    start = RNG.normal(size=(3, 3, 1, 5))
    assert change_energy(start, start + inside, patches)[2] == pytest.approx(1, abs=1e-4)
    assert np.isnan(energy_in_components(np.zeros((3, 3, 1, 2)), patches)).all()


def test_neighbour_correlation() -> None:
    ramp = np.add.outer(np.arange(5.0), np.arange(5.0))[:, :, None, None]
    assert neighbour_correlation(ramp) == pytest.approx(1)
    checks = (-1.0) ** np.add.outer(np.arange(5), np.arange(5))[:, :, None, None]
    assert neighbour_correlation(checks) == pytest.approx(-1)
    assert abs(neighbour_correlation(RNG.normal(size=(5, 5, 1, 2000)))) < 0.02
    assert np.isnan(neighbour_correlation(np.ones((5, 5, 1, 2))))
    assert np.isnan(neighbour_correlation(np.ones((1, 1, 1, 2))))


def test_refuses_too_small_images_and_too_few_patches(refused: Callable[..., None]) -> None:
    refused(
        lambda: patch_components(np.zeros((9, 4, 4, 1)), (5, 5)),
        en="Patches of 5×5 need images of shape (n, rows, columns, channels) that are at least as large; "
        "received shape (9, 4, 4, 1).",
        ja="5×5 のパッチを取り出すには、それ以上の大きさで形状 (n, 行, 列, チャネル) の画像が必要です"
        "（形状 (9, 4, 4, 1) が渡されました）。",
    )
    refused(
        lambda: patch_components(np.zeros((9, 8, 8, 1)), (5, 5), n_patches=25),
        en="Principal components of 25 values need more patches than that; received n_patches=25.",
        ja="25 個の値の主成分を求めるには、それより多くのパッチが必要です（n_patches=25 が渡されました）。",
    )


def test_refuses_filters_of_another_size(refused: Callable[..., None]) -> None:
    patches = patch_components(RNG.normal(size=(9, 8, 8, 1)), (5, 5), n_patches=100)
    refused(
        lambda: energy_in_components(np.zeros((3, 3, 1, 4)), patches),
        en="Filters must have the size of the patches, 5×5×1, to be compared with them; received shape (3, 3, 1, 4).",
        ja="パッチと比べるフィルタは、パッチと同じ大きさ 5×5×1 でなければなりません"
        "（形状 (3, 3, 1, 4) が渡されました）。",
    )
