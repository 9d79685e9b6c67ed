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
    """Points in order; when there are too many, neighbours are merged."""

    def __init__(self) -> None:
        self.points: list[Point] = []

    def append(self, point: Point) -> None:
        """Add a point behind the others."""
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
    share = a.images / n
    return Point(
        b.epoch, n, a.loss * share + b.loss * (1 - share), a.accuracy * share + b.accuracy * (1 - share)
    )
