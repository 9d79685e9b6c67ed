"""What an answer rests on: cover each place of an image in turn, and see how much of the answer is lost."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.errors import BadInput
from tatamilab.i18n import _

Score = Callable[[NDArray[np.float32]], NDArray[np.floating]]
"""What a network says of images (n, h, w, c): one number each (n,)."""

_AT_ONCE = 1024
"""Covered images that are scored in one call, so that large images need no more memory than small ones."""


def occlusion_map(
    score: Score, image: ArrayLike, *, side: int = 5, stride: int = 1, fill: float = 0.0
) -> NDArray[np.float64]:
    """How far the score falls when a square around each place is covered.

        m[i,j] = s(x) - s(x with the side×side square around (stride·i, stride·j) set to `fill`)

    Positive where the score needs what is there, negative where it speaks against it.

    What it can't tell: what the network would say of images that exist. A covered image is unlike
    those that it learned.

    Args:
        score: of images (n, h, w, c), for example the probability or the logit of one class.
        image: (h, w, c).
        side: of the square, odd, at least 1.
        stride: pixels from one square's middle to the next, at least 1.
        fill: value of the covered pixels.

    Returns:
        float64 (⌈h / stride⌉, ⌈w / stride⌉).

    Raises:
        BadInput: `side` is even or below 1, or `stride` is below 1.

    Source:
        Zeiler & Fergus (2014), Visualizing and understanding convolutional networks, §4.2; there with grey squares.
    """
    if side < 1 or side % 2 == 0:
        raise BadInput(
            _("The side of the covering square must be odd and at least 1; received {side}.", side=side)
        )
    if stride < 1:
        raise BadInput(
            _(
                "The step from one covering square to the next must be at least 1; received {stride}.",
                stride=stride,
            )
        )
    x = np.asarray(image, dtype=np.float32)
    rows, columns = (range(0, length, stride) for length in x.shape[:2])
    places = [(i, j) for i in rows for j in columns]
    whole = float(np.asarray(score(x[None]), dtype=np.float64)[0])
    without = [
        np.asarray(score(_covered(x, places[start : start + _AT_ONCE], side // 2, fill)), dtype=np.float64)
        for start in range(0, len(places), _AT_ONCE)
    ]
    return (whole - np.concatenate(without)).reshape(len(rows), len(columns))


def _covered(
    x: NDArray[np.float32], places: list[tuple[int, int]], reach: int, fill: float
) -> NDArray[np.float32]:
    copies = np.repeat(x[None], len(places), axis=0)
    for copy, (i, j) in zip(copies, places, strict=True):
        copy[max(i - reach, 0) : i + reach + 1, max(j - reach, 0) : j + reach + 1] = fill
    return copies
