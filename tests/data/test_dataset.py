"""What a data set must be, whoever read it."""

import numpy as np
import pytest

from tatamilab.data import Dataset, Provenance


def dataset(x=(4, 2, 2, 1), y=(0, 1, 1, 0), x_test=(2, 2, 2, 1), y_test=(0, 1), names=("a", "b")) -> Dataset:
    return Dataset(
        "mine",
        np.zeros(x, np.uint8),
        np.array(y, np.int64),
        np.zeros(x_test, np.uint8),
        np.array(y_test, np.int64),
        tuple(names),
        Provenance("here"),
    )


def test_shape_and_classes():
    assert dataset().image_shape == (2, 2, 1)
    assert dataset().n_classes == 2


def test_arrays_that_were_given_stay_writable():
    labels = np.array([0, 1])
    images = np.zeros((2, 2, 2, 1), np.uint8)
    data = Dataset("mine", images, labels, images, labels, ("a", "b"), Provenance("here"))
    labels[0] = 1
    images[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        data.x_train[0] = 2


def test_one_class_only(refused):
    refused(
        lambda: dataset(y=(0, 0, 0, 0), y_test=(0, 0), names=("a",)),
        en="A classifier needs images of at least two classes; mine has 1: add a second class.",
        ja="分類には少なくとも 2 クラスの画像が必要ですが、mine には 1 クラスしかありません。"
        "クラスを追加してください。",
    )


@pytest.mark.parametrize(
    ("shapes", "en", "ja"),
    [
        ({"x": (0, 2, 2, 1), "y": ()}, "training data", "学習データ"),
        ({"x_test": (0, 2, 2, 1), "y_test": ()}, "test data", "テストデータ"),
    ],
)
def test_an_empty_part(refused, shapes, en, ja):
    refused(
        lambda: dataset(**shapes),
        en=f"There are no images in the {en} of mine: add some.",
        ja=f"mine の{ja}に画像がありません。画像を追加してください。",
    )


def test_counts_differ(refused):
    refused(
        lambda: dataset(y=(0, 1, 1)),
        en="Every image needs one label; the training data of mine has 4 images and 3 labels: check that the "
        "two belong together.",
        ja="画像 1 枚につき正解ラベルが 1 つ必要ですが、mine の学習データには画像が 4 枚、"
        "正解ラベルが 3 個あります。両者の対応を確認してください。",
    )


def test_shapes_differ(refused):
    refused(
        lambda: dataset(x_test=(2, 3, 2, 1)),
        en="All images must have one shape (rows, columns, channels); in mine the training images are "
        "(2, 2, 1), the test images (3, 2, 1): resize one of them.",
        ja="画像の形（縦、横、チャネル）はすべて同じでなければなりませんが、mine の学習用の画像は (2, 2, 1)、"
        "テスト用の画像は (3, 2, 1) です。どちらかの大きさを変えてください。",
    )


@pytest.mark.parametrize("label", [-1, 2])
def test_label_out_of_range(refused, label):
    refused(
        lambda: dataset(y_test=(0, label)),
        en=f"Labels must be from 0 to 1; in the test data of mine, label 1 is {label}: renumber the labels.",
        ja=f"正解ラベルは 0 から 1 まででなければなりませんが、mine のテストデータの 1 番目は {label} です。"
        "番号を振り直してください。",
    )
