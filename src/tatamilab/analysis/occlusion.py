"""Which parts of an image a prediction rests on: cover each place in turn, and see how much of it is lost."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Probabilities (n, classes) for images (n, h, w, c)."""


def occlusion_map(
    predict: Predict, image: NDArray[np.float32], class_: int, *, size: int = 5, stride: int = 2
) -> NDArray[np.float32]:
    """How much of a class's probability rests on each place.

        m[i,j] = P(class | image) − P(class | image with size × size pixels around (s·i, s·j) set to 0)

    Args:
        predict: the network; called once, with all covered images.
        image: float32 (h, w, c).
        class_: whose probability.
        size: rows and columns of the cover, odd.
        stride: s, pixels from one cover's centre to the next.

    Returns:
        float32 (⌈h/s⌉, ⌈w/s⌉); positive where the class needs what is there, negative where it speaks against it.

    Source:
        Zeiler, Fergus, "Visualizing and Understanding Convolutional Networks", 2014, section 4.2, with paper in
        place of grey as the cover.
    """
    h, w = image.shape[:2]
    centres = [(i, j) for i in range(0, h, stride) for j in range(0, w, stride)]
    covered = np.repeat(image[None], len(centres) + 1, axis=0)
    reach = size // 2
    for picture, (i, j) in zip(covered[1:], centres, strict=True):
        picture[max(i - reach, 0) : i + reach + 1, max(j - reach, 0) : j + reach + 1] = 0
    probability = predict(covered)[:, class_]
    return (probability[0] - probability[1:]).reshape(-(-h // stride), -(-w // stride))
