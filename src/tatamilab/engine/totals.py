"""`Totals`: what a call of a program added up."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Totals:
    """What a call added up.

    Args:
        steps: steps done.
        images: images seen.
        loss: mean over the images of weight × loss (each with the weights of its own step).
        metrics: share of the images that are right, in the order of `Training.metrics`.
    """

    steps: int
    images: int
    loss: float
    metrics: tuple[float, ...]


def added(a: Totals, b: Totals) -> Totals:
    """The totals of two calls, one after the other."""
    n = max(a.images + b.images, 1)

    def mean(of_a: float, of_b: float) -> float:
        return (of_a * a.images + of_b * b.images) / n

    metrics = tuple(mean(*pair) for pair in zip(a.metrics, b.metrics, strict=True))
    return Totals(a.steps + b.steps, a.images + b.images, mean(a.loss, b.loss), metrics)
