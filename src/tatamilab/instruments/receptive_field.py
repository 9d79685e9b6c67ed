"""Which pixels of the image one number of a deeper layer comes from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.instruments.model_facts import chain, window_of

if TYPE_CHECKING:
    import keras

_PIXEL_BY_PIXEL = (
    "Activation", "BatchNormalization", "Dropout", "ELU", "GaussianNoise", "LeakyReLU", "PReLU", "ReLU", "Rescaling",
    "SpatialDropout2D",
)  # fmt: skip
_WINDOWED = (
    "Conv2D",
    "DepthwiseConv2D",
    "SeparableConv2D",
    "MaxPooling2D",
    "AveragePooling2D",
)


@dataclass(frozen=True)
class ReceptiveField:
    """Output (i, j) of a layer sees the image from row `start[0] + i·step[0]` on, `size[0]` rows; so columns.

    Attributes:
        size: rows and columns.
        step: pixels between the fields of neighbouring outputs.
        start: first row and column of output (0, 0); negative in the padding.
    """

    size: tuple[int, int]
    step: tuple[int, int]
    start: tuple[int, int]

    def patch(self, image: NDArray[np.generic], row: int, column: int) -> NDArray[np.generic]:
        """What output (row, column) sees of an image (h, w, c): (*size, c), zeros outside of the image."""
        top, left = (self.start[axis] + self.step[axis] * (row, column)[axis] for axis in range(2))
        patch = np.zeros((*self.size, image.shape[2]), image.dtype)
        first_row, first_column = max(top, 0), max(left, 0)
        seen = image[first_row : max(top + self.size[0], 0), first_column : max(left + self.size[1], 0)]
        patch[
            first_row - top : first_row - top + seen.shape[0],
            first_column - left : first_column - left + seen.shape[1],
        ] = seen
        return patch


def receptive_field(model: "keras.Model", layer: "keras.Layer") -> ReceptiveField:
    """The receptive field of a layer of a chain.

    With kernel k, stride s and padding p of a layer, from the image on:

        size ← size + (k - 1)·step,    start ← start - p·step,    step ← s·step

    Args:
        model: a chain of layers.
        layer: one of its layers.

    Raises:
        BadInput: the model branches, or a layer before is neither a convolution, a pool, nor one that works pixel by
            pixel.

    Source:
        Araujo, Norris & Sim (2019), Computing receptive fields of convolutional neural networks.
    """
    size, step, start = [1, 1], [1, 1], [0, 0]
    for one in chain(model):
        kind = type(one).__name__
        window, strides = window_of(one)
        if kind in _WINDOWED and window is not None:
            for axis in range(2):
                reach = tuple(getattr(one, "dilation_rate", (1, 1)))[axis] * (window[axis] - 1)
                start[axis] -= step[axis] * _padding(one, axis, reach, strides[axis])
                size[axis] += step[axis] * reach
                step[axis] *= strides[axis]
        elif kind not in _PIXEL_BY_PIXEL:
            raise BadInput(
                _(
                    "Which pixels {layer!r} sees is known behind convolutions and pools only; {other!r} ({kind}) lies "
                    "before it.",
                    layer=layer.name,
                    other=one.name,
                    kind=kind,
                )
            )
        if one is layer:
            break
    return ReceptiveField((size[0], size[1]), (step[0], step[1]), (start[0], start[1]))


def _padding(layer: "keras.Layer", axis: int, reach: int, stride: int) -> int:
    """Rows or columns before the first that Keras's padding="same" adds."""
    if getattr(layer, "padding", "valid") != "same":
        return 0
    length = layer.input.shape[1 + axis]
    return int(max((-(-length // stride) - 1) * stride + reach + 1 - length, 0) // 2)
