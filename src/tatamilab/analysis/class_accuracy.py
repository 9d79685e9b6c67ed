"""How often each class is recognised, and which classes are taken for each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis.intervals import Interval, wilson_interval


@dataclass(frozen=True)
class Share:
    """A share of images.

    Attributes:
        count: images counted.
        n: of so many; may be 0.
        interval: Wilson's, at 95%; None without images.
    """

    count: int
    n: int
    interval: Interval | None

    @property
    def value(self) -> float:
        """`count` / `n`; NaN without images."""
        return self.count / self.n if self.n else float("nan")


@dataclass(frozen=True)
class Confusion:
    """A class that was taken for another.

    Attributes:
        true: the images' class.
        predicted: what they were taken for.
        share: how many of that class's images were.
    """

    true: int
    predicted: int
    share: Share


def class_accuracy(matrix: ArrayLike) -> list[Share]:
    """The share of each class's images that are recognised, with Wilson's interval.

    The interval covers which images of the class happened to be drawn for the test, and not what another training
    would have given. With c classes, about c/20 intervals miss their true share.

    Args:
        matrix: counts (classes, classes), [true, predicted], as `confusion_matrix` gives them.

    Source:
        Wilson (1927), see `intervals`.

    Example:
        >>> [(one.count, one.n) for one in class_accuracy([[9, 1], [0, 0]])]
        [(9, 10), (0, 0)]
    """
    counts = np.asarray(matrix, dtype=np.int64)
    return [_share(int(right), int(n)) for right, n in zip(np.diag(counts), counts.sum(axis=1), strict=True)]


def most_confused(matrix: ArrayLike, most: int = 8) -> list[Confusion]:
    """The classes that are most often taken for another, by count; those of equal count in the matrix's order.

    What it can't tell: why. And the largest of many counts is large by chance too: on other images the first pair
    would be lower on average, so its interval is a little too high.

    Args:
        matrix: counts (classes, classes), [true, predicted].
        most: how many pairs at most; pairs that never occurred are left out.

    Example:
        >>> [(one.true, one.predicted, one.share.count) for one in most_confused([[5, 2], [1, 5]])]
        [(0, 1, 2), (1, 0, 1)]
    """
    counts: NDArray[np.int64] = np.array(matrix, dtype=np.int64)
    n = counts.sum(axis=1)
    np.fill_diagonal(counts, 0)
    places = np.argsort(-counts, axis=None, kind="stable")[:most]
    pairs = (divmod(int(place), len(counts)) for place in places)
    return [
        Confusion(true, predicted, _share(int(counts[true, predicted]), int(n[true])))
        for true, predicted in pairs
        if counts[true, predicted]
    ]


def _share(count: int, n: int) -> Share:
    return Share(count, n, wilson_interval(count, n) if n else None)
