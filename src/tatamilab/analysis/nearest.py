"""Which training images are nearest to an image."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.errors import BadInput
from tatamilab.i18n import _

_AT_ONCE = 8192
"""Training images that are compared in one product."""


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest training images of some images, the nearest first.

    Attributes:
        indices: int64 (n, k), positions among the training images.
        distances: float64 (n, k), √Σ (a - b)² over all pixels and channels, of values 0-1.
    """

    indices: NDArray[np.int64]
    distances: NDArray[np.float64]

    def part(self, rows: slice) -> "Nearest":
        """The same of some of the images."""
        return Nearest(self.indices[rows], self.distances[rows])


@dataclass(frozen=True)
class NearDuplicates:
    """What the training images nearest to mistaken test images say, beside those nearest to recognised ones.

    Attributes:
        n: mistakes.
        of_predicted: those whose nearest training image has the label that was wrongly predicted.
        of_true: those whose nearest training image has the true label.
        closer: those whose nearest training image is nearer than `usual`.
        usual: the distance below which one in twenty recognised images has its nearest training image.
        n_recognised: recognised images that were looked at.
        recognised_of_true: those whose nearest training image has the true label.
    """

    n: int
    of_predicted: int
    of_true: int
    closer: int
    usual: float
    n_recognised: int
    recognised_of_true: int


def near_duplicates(
    mistaken: Nearest,
    recognised: Nearest,
    labels: ArrayLike,
    *,
    mistaken_true: ArrayLike,
    mistaken_predicted: ArrayLike,
    recognised_true: ArrayLike,
) -> NearDuplicates:
    """Count what the nearest training images are called, and how many are unusually near.

    What it can't tell: that a near training image *made* the mistake. A mislabelled or ambiguous training image with
    the predicted label is one explanation among others.

    Args:
        mistaken: `nearest_images` of the mistaken test images.
        recognised: of a sample of the recognised ones.
        labels: of all training images.
        mistaken_true: true labels of the mistaken images (n,).
        mistaken_predicted: what they were taken for (n,).
        recognised_true: labels of the recognised sample.
    """
    names = np.asarray(labels)
    nearest, usual_nearest = names[mistaken.indices[:, 0]], names[recognised.indices[:, 0]]
    usual = float(np.quantile(recognised.distances[:, 0], 0.05)) if len(usual_nearest) else 0.0
    return NearDuplicates(
        n=len(nearest),
        of_predicted=int(np.sum(nearest == np.asarray(mistaken_predicted))),
        of_true=int(np.sum(nearest == np.asarray(mistaken_true))),
        closer=int(np.sum(mistaken.distances[:, 0] < usual)),
        usual=usual,
        n_recognised=len(usual_nearest),
        recognised_of_true=int(np.sum(usual_nearest == np.asarray(recognised_true))),
    )


def nearest_images(images: ArrayLike, among: ArrayLike, k: int = 3) -> Nearest:
    """The k training images nearest to each image, by the distance of their pixels.

        ‖a - b‖² = ‖a‖² - 2 a·b + ‖b‖²

    What it can't tell: what is alike to the eye. A digit moved by two pixels is far away; two digits in the same
    place and pen are near, whatever they mean.

    Args:
        images: (n, …) of any image shape; uint8 is divided by 255.
        among: the training images (m, …), of the same image shape and dtype.
        k: how many of them, from 1 to m.

    Raises:
        BadInput: other shapes, or no k such images.

    Numerics:
        float32 products find the candidates; the distances returned are computed anew in float64. Two training images
        whose squared distances differ by less than about 10⁻⁴ may change places.
    """
    own, others = np.asarray(images), np.asarray(among)
    if own.shape[1:] != others.shape[1:]:
        raise BadInput(
            _(
                "Images can be compared if they have one shape; received {images} and {among}.",
                images=own.shape[1:],
                among=others.shape[1:],
            )
        )
    if not 1 <= k <= len(others):
        raise BadInput(
            _(
                "Of {n} training images, from 1 to {n} nearest can be found; received k={k}.",
                n=len(others),
                k=k,
            )
        )
    queries = _flat(own)
    best = np.empty((len(queries), 0), np.float32)
    found = np.empty((len(queries), 0), np.int64)
    for start in range(0, len(others), _AT_ONCE):
        part = _flat(others[start : start + _AT_ONCE])
        closeness = np.square(part).sum(axis=1) - 2 * (queries @ part.T)
        first = _smallest(closeness, k)
        found = np.concatenate([found, first + start], axis=1)
        best = np.concatenate([best, np.take_along_axis(closeness, first, 1)], axis=1)
        first = _smallest(best, k)
        found, best = np.take_along_axis(found, first, 1), np.take_along_axis(best, first, 1)
    distances = np.array([_distances(query, others[row]) for query, row in zip(own, found, strict=True)])
    distances = distances.reshape(found.shape)
    order = np.argsort(distances, axis=1, kind="stable")
    return Nearest(np.take_along_axis(found, order, 1), np.take_along_axis(distances, order, 1))


def _smallest(values: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Columns of the k smallest values of each row, or of all if there are no more, in any order."""
    if values.shape[1] <= k:
        return np.tile(np.arange(values.shape[1]), (len(values), 1))
    return np.argpartition(values, k - 1, axis=1)[:, :k]


def _flat(images: NDArray[np.generic]) -> NDArray[np.float32]:
    flat = images.reshape(len(images), math.prod(images.shape[1:]))
    return flat.astype(np.float32) / np.float32(_full_scale(images))


def _distances(image: NDArray[np.generic], others: NDArray[np.generic]) -> NDArray[np.float64]:
    difference = others.astype(np.float64) - image.astype(np.float64)
    squares = np.square(difference / _full_scale(others)).reshape(len(others), -1)
    return np.asarray(np.sqrt(squares.sum(axis=1)))


def _full_scale(images: NDArray[np.generic]) -> int:
    return 255 if images.dtype == np.uint8 else 1
