"""One root seed becomes independent streams: which images are drawn, initial weights, the order of the images.

Each stream is a `numpy.random.SeedSequence` of the root with a spawn key of its own, so changing how many draws or
initialisations there are changes no number of those that were there before.
"""

import numpy as np
from numpy.typing import NDArray

_SAMPLE, _INITIALISATION, _ORDER, _PIXELS = range(4)

FIRST = -1
"""The number of the draw that is no draw: the first images of the data set."""


def sample(root: int, draw: int, size: int, n_images: int) -> NDArray[np.int64]:
    """The images of a draw, in their order: the beginning of one shuffle, so a smaller draw is part of a larger one.

    Example:
        >>> sample(0, 3, 2, 100).tolist() == sample(0, 3, 5, 100)[:2].tolist()
        True
    """
    if draw == FIRST:
        return np.arange(size)
    return _generator(root, _SAMPLE, draw).permutation(n_images)[:size]


def initialisation_seed(root: int, draw: int, initialisation: int) -> int:
    """The seed of a draw's initial weights, from 0 to 2³² - 1; the same for every model."""
    return int(_sequence(root, _INITIALISATION, draw + 1, initialisation).generate_state(1)[0])


def orders(root: int, draw: int, order: int) -> np.random.Generator:
    """Draws one permutation an epoch; the same for every model."""
    return _generator(root, _ORDER, draw + 1, order)


def pixel_permutation(root: int, n_pixels: int) -> NDArray[np.int64]:
    """Where each pixel comes from, for all images of a study."""
    return _generator(root, _PIXELS).permutation(n_pixels)


def _generator(root: int, *key: int) -> np.random.Generator:
    return np.random.default_rng(_sequence(root, *key))


def _sequence(root: int, *key: int) -> np.random.SeedSequence:
    return np.random.SeedSequence(root, spawn_key=key)
