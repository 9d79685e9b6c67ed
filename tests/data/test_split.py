"""Split arithmetic, against Keras's own."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tatamilab import backend
from tatamilab.data import split_sizes, steps_per_epoch
from tatamilab.errors import BadInput


@pytest.mark.parametrize(
    ("n_images", "n_train", "n_validation", "steps"), [(60_000, 54_000, 6_000, 422), (600, 540, 60, 5)]
)
def test_the_worksheets_numbers(n_images, n_train, n_validation, steps):
    assert split_sizes(n_images, 0.1) == (n_train, n_validation)
    assert steps_per_epoch(n_train, 128) == steps


@pytest.fixture(scope="module")
def keras_split():
    backend.choose()
    from keras.src.trainers.data_adapters.array_slicing import train_validation_split

    return train_validation_split


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 70_000), st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_sizes_are_those_of_keras(keras_split, n, split):
    images = np.arange(n, dtype=np.int32)
    try:
        (train,), (validation,) = keras_split((images,), split)
    except ValueError:
        with pytest.raises(BadInput):
            split_sizes(n, split)
    else:
        assert split_sizes(n, split) == (len(train), len(validation))
        assert validation[-1] == n - 1  # validation is cut from the end


@pytest.mark.parametrize("split", [0, 1, -0.1, 1.5, math.nan, math.inf])
def test_split_out_of_range(refused, split):
    refused(
        lambda: split_sizes(100, split),
        en=f"The validation split must be between 0 and 1, both excluded; received {split}: "
        "0.1 holds back one image in ten.",
        ja=f"検証データの割合は 0 より大きく 1 より小さくなければなりませんが、{split} が指定されました。"
        "たとえば 0.1 なら 10 枚に 1 枚を検証に使います。",
    )


@pytest.mark.parametrize(("n", "split", "n_train", "n_validation"), [(1, 0.1, 0, 1), (10, 0.99, 0, 10)])
def test_an_empty_part(refused, n, split, n_train, n_validation):
    refused(
        lambda: split_sizes(n, split),
        en=f"A validation split of {split} of {n} images leaves {n_train} for training and {n_validation} "
        "for validation, and neither may be 0: use more images or another split.",
        ja=f"{n} 枚の画像を検証データの割合 {split} で分けると、学習用が {n_train} 枚、"
        f"検証用が {n_validation} 枚"
        "になります。どちらも 0 枚にはできません。画像を増やすか、割合を変えてください。",
    )


def test_batch_size_below_1(refused):
    refused(
        lambda: steps_per_epoch(100, 0),
        en="The batch size must be at least 1; received 0.",
        ja="バッチサイズは 1 以上でなければなりませんが、0 が指定されました。",
    )
