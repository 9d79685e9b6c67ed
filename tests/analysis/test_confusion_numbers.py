from collections.abc import Callable

import numpy as np
import pytest

from tatamilab.analysis import confusion_matrix, row_percent

Refused = Callable[..., None]


def test_rows_are_truth() -> None:
    matrix = confusion_matrix([2, 2, 2, 0], [1, 1, 2, 0], n_classes=3)
    assert matrix.dtype == np.int64
    assert matrix.tolist() == [[1, 0, 0], [0, 0, 0], [0, 2, 1]]


def test_counts_every_image_whatever_the_label_type() -> None:
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 10, (2, 500), dtype=np.uint8)
    matrix = confusion_matrix(truth, predicted, 10)
    assert matrix.sum() == 500
    assert np.array_equal(matrix.sum(axis=1), np.bincount(truth, minlength=10))
    assert np.trace(matrix) == (truth == predicted).sum()


def test_row_percent_is_nan_for_a_class_without_images() -> None:
    percent = row_percent(confusion_matrix([0, 0, 0, 2], [0, 0, 1, 2], 3))
    assert percent[0] == pytest.approx([200 / 3, 100 / 3, 0])
    assert np.isnan(percent[1]).all()


BAD = [
    (
        ([0, 1], [0], 2),
        "y_true and y_pred must hold one label for each image; received shapes (2,) and (1,).",
        "y_true と y_pred には画像1枚につき1つのラベルを渡してください（形状は (2,) と (1,) でした）。",
    ),
    (
        ([[0]], [[0]], 2),
        "y_true and y_pred must hold one label for each image; received shapes (1, 1) and (1, 1).",
        "y_true と y_pred には画像1枚につき1つのラベルを渡してください（形状は (1, 1) と (1, 1) でした）。",
    ),
    (
        ([0, 5], [0, 1], 2),
        "Labels must be whole numbers from 0 to 1; y_true holds 5 at position 1.",
        "ラベルは0から 1 までの整数にしてください（y_true の 1 番目が 5 です）。",
    ),
    (
        ([0, 1], [-1, 1], 2),
        "Labels must be whole numbers from 0 to 1; y_pred holds -1 at position 0.",
        "ラベルは0から 1 までの整数にしてください（y_pred の 0 番目が -1 です）。",
    ),
    (
        ([0, 1], [0.5, 1], 2),
        "Labels must be whole numbers from 0 to 1; y_pred holds 0.5 at position 0.",
        "ラベルは0から 1 までの整数にしてください（y_pred の 0 番目が 0.5 です）。",
    ),
    (
        ([0, float("nan")], [0, 1], 2),
        "Labels must be whole numbers from 0 to 1; y_true holds nan at position 1.",
        "ラベルは0から 1 までの整数にしてください（y_true の 1 番目が nan です）。",
    ),
]


@pytest.mark.parametrize(("arguments", "english", "japanese"), BAD)
def test_refuses(arguments: tuple[list, list, int], english: str, japanese: str, refused: Refused) -> None:
    refused(lambda: confusion_matrix(*arguments), en=english, ja=japanese)
