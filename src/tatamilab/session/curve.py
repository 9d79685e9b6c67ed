"""Losses and accuracies so far, as few points as a screen can show."""

from dataclasses import dataclass

MOST_POINTS = 400
"""Points that a curve is thinned to: about the pixels of its width."""


@dataclass(frozen=True)
class Point:
    """The mean over some steps in a row.

    Args:
        epoch: place of their end, in epochs from the start: 1.5 is the middle of the second.
        images: how many there were.
        loss: their mean loss, each with the weights of its own step.
        accuracy: share that was right.
    """

    epoch: float
    images: int
    loss: float
    accuracy: float


class Curve:
    """Points in order, none of very few images; when there are too many, neighbours are merged.

    Args:
        least: images that a point stands for before the next one begins; the mean of fewer is mostly noise.
    """

    def __init__(self, least: int = 1) -> None:
        self.points: list[Point] = []
        self._least = least

    def append(self, point: Point) -> None:
        """Add a point behind the others."""
        if self.points and self.points[-1].images < self._least:
            self.points = [*self.points[:-1], merged(self.points[-1], point)]
        else:
            self.points = [*self.points, point]
        if len(self.points) > MOST_POINTS:
            pairs = zip(self.points[::2], self.points[1::2], strict=False)
            rest = self.points[len(self.points) // 2 * 2 :]
            self.points = [*(merged(a, b) for a, b in pairs), *rest]


def merged(a: Point, b: Point) -> Point:
    """One point for two neighbours, weighted by their images.

    Example:
        >>> merged(Point(0.5, 100, 2.0, 0.2), Point(1.0, 300, 1.0, 0.6))
        Point(epoch=1.0, images=400, loss=1.25, accuracy=0.5)
    """
    n = a.images + b.images

    def mean(of_a: float, of_b: float) -> float:
        return (a.images * of_a + b.images * of_b) / n

    return Point(b.epoch, n, mean(a.loss, b.loss), mean(a.accuracy, b.accuracy))
