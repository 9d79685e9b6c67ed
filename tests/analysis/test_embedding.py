from collections.abc import Callable

import numpy as np
import pytest

from tatamilab.analysis.embedding import principal_plane

RNG = np.random.default_rng(0)


def test_planted_axes_are_found_with_their_shares() -> None:
    axes = np.linalg.qr(RNG.normal(size=(9, 9)))[0]
    parts = RNG.normal(size=(5000, 9)) * [4, 2, 1, 0, 0, 0, 0, 0, 0]
    found = principal_plane(parts @ axes.T + 7, np.zeros(5000))
    assert found.axis_shares == pytest.approx([16 / 21, 4 / 21], abs=0.02)
    for axis in range(2):
        assert abs(np.corrcoef(found.places[:, axis], parts[:, axis])[0, 1]) > 0.999
    assert found.places.mean(axis=0) == pytest.approx([0, 0], abs=1e-9)
    assert found.between_classes == pytest.approx(0, abs=1e-9)


def test_classes_at_points_share_all_variance_and_shuffled_ones_little() -> None:
    labels = np.repeat([0, 1, 2], 100)
    points = RNG.normal(size=(3, 5))[labels]
    assert principal_plane(points, labels).between_classes == pytest.approx(1)
    assert principal_plane(points, RNG.permutation(labels)).between_classes < 0.1


def test_more_values_than_images_will_do() -> None:
    assert principal_plane(RNG.normal(size=(4, 6, 6, 2)), np.arange(4)).places.shape == (4, 2)


def test_refuses_too_few_images(refused: Callable[..., None]) -> None:
    refused(
        lambda: principal_plane(np.ones((2, 5)), np.ones(2)),
        en="A plane needs at least 3 images with at least 2 values and a label each; received shapes (2, 5) and (2,).",
        ja="平面に表すには、値が2個以上あり正解ラベルの付いた画像が3枚以上必要です"
        "（形状 (2, 5) と (2,) が渡されました）。",
    )
