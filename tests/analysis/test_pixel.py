from collections.abc import Callable

import numpy as np
import pytest

from tatamilab import backend
from tatamilab.analysis.pixel import pixel_arithmetic

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("strides", "padding", "dilation"),
    [
        ((1, 1), "valid", (1, 1)),
        ((2, 1), "same", (1, 1)),
        ((3, 2), "valid", (1, 1)),
        ((1, 1), "same", (2, 3)),
    ],
)
def test_equals_the_layers_output_everywhere(
    strides: tuple[int, int], padding: str, dilation: tuple[int, int]
) -> None:
    backend.choose()
    import keras

    layer = keras.layers.Conv2D(3, (4, 3), strides=strides, padding=padding, dilation_rate=dilation)
    image = RNG.normal(size=(1, 11, 10, 2)).astype(np.float32)
    layer.build(image.shape)
    layer.set_weights([RNG.normal(size=weight.shape) for weight in layer.get_weights()])
    expected = np.asarray(layer(image))[0]
    kernel, bias = layer.get_weights()
    for i, j, o in np.ndindex(expected.shape):
        one = pixel_arithmetic(
            image[0], kernel, bias, (i, j), o, strides=strides, padding=padding, dilation=dilation
        )
        assert one.linear == pytest.approx(expected[i, j, o], abs=1e-5)
        assert one.products.sum() + one.bias == one.linear


def test_it_is_a_correlation() -> None:
    image = np.zeros((3, 3, 1))
    image[0, 2] = 1
    kernel = np.arange(9.0).reshape(3, 3, 1, 1)
    assert pixel_arithmetic(image, kernel, [0.5], (0, 0), 0).linear == 2.5


def test_refuses_a_place_that_is_not_there(refused: Callable[..., None]) -> None:
    refused(
        lambda: pixel_arithmetic(np.zeros((6, 7, 1)), np.zeros((3, 3, 1, 2)), np.zeros(2), (4, 0), 1),
        en="The layer's output has 4 rows, 5 columns and 2 filters, each counted from 0; there is no place (4, 0) "
        "of filter 1.",
        ja="この層の出力は 4 行 5 列、フィルタ 2 個（いずれも0から数えます）で、"
        "フィルタ 1 の位置 (4, 0) はありません。",
    )
