from collections.abc import Callable

import numpy as np
import pytest

from tatamilab.analysis import filter_change, filter_norms, strongest_channels, symmetric_limit

Refused = Callable[..., None]

RNG = np.random.default_rng(0)
BEFORE = RNG.normal(size=(5, 5, 3, 8)).astype(np.float32)
AFTER = RNG.normal(size=(5, 5, 3, 8)).astype(np.float32)


def test_norms_take_rows_columns_and_channels() -> None:
    expected = [np.linalg.norm(BEFORE[..., o].ravel()) for o in range(8)]
    assert filter_norms(BEFORE) == pytest.approx(expected, rel=1e-6)


def test_change_of_a_filter_that_doubles() -> None:
    change = filter_change(BEFORE, 2 * BEFORE)
    assert change.norm_after == pytest.approx(2 * change.norm_before)
    assert change.norm_change == pytest.approx(change.norm_before)
    assert change.similarity == pytest.approx(np.ones(8))


def test_similarity_of_a_filter_that_is_zero_is_nan() -> None:
    zero = BEFORE.copy()
    zero[..., 2] = 0
    similarity = filter_change(zero, AFTER).similarity
    assert np.isnan(similarity[2])
    assert np.isfinite(np.delete(similarity, 2)).all()


@pytest.mark.parametrize(
    ("arrays", "limit"),
    [
        ([[0.1, -0.7], [0.3]], 0.7),
        ([[np.nan, 0.2], [-np.inf]], 0.2),
        ([[0.0, 0.0]], 1.0),
        ([[np.nan]], 1.0),
        ([[]], 1.0),
    ],
)
def test_symmetric_limit(arrays: list[list[float]], limit: float) -> None:
    assert symmetric_limit(*arrays) == limit


def test_strongest_channel_of_each_filter() -> None:
    kernel = np.zeros((3, 3, 4, 2))
    kernel[1, 1, 2, 0] = -5
    kernel[:, :, 1, 1] = np.nan
    kernel[0, 0, 3, 1] = 1
    assert strongest_channels(kernel).tolist() == [2, 3]


def test_refuses_kernels_of_two_shapes(refused: Refused) -> None:
    refused(
        lambda: filter_change(BEFORE[:3], AFTER),
        en="Filters before and after must have the same shape; received (3, 5, 3, 8) before and "
        "(5, 5, 3, 8) after, so give the initial weights of the same layer.",
        ja="学習前と学習後のフィルタは同じ形状でなければならないため、同じ層の初期値を渡してください"
        "（学習前 (3, 5, 3, 8)、学習後 (5, 5, 3, 8)）。",
    )


def test_refuses_a_kernel_without_four_axes(refused: Refused) -> None:
    refused(
        lambda: filter_change(BEFORE[0], AFTER),
        en="Filters must have four axes (rows, columns, channels, filters); before has shape (5, 3, 8).",
        ja="フィルタは4次元（行・列・チャネル・フィルタ）の配列で渡してください"
        "（before の形状は (5, 3, 8) です）。",
    )
