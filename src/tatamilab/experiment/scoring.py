"""How good a network is on images it never saw."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tatamilab.analysis import wilson_interval

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Score:
    """Loss and accuracy on `n` test images.

    Attributes:
        loss: mean cross-entropy; `None` if it is not a finite number, as when training diverged.
        accuracy: share of the images that were recognised, 0–1.
        correct: how many were.
        n: how many there are.
        low: lower end of the accuracy's Wilson interval.
        high: its upper end.
        confidence: of the interval.
        covers: what the interval covers: the choice of the test images, and nothing else.
    """

    loss: float | None
    accuracy: float
    correct: int
    n: int
    low: float
    high: float
    confidence: float = 0.95
    covers: str = "choice of test images only; another training moves the score too"


def evaluate(
    model: "keras.Model", x: NDArray[np.float32], y: NDArray[np.integer], batch_size: int
) -> tuple[Score, NDArray[np.float32]]:
    """Score `model` on test images, as in the worksheet's cells 1-7 and 1-12.

    Returns:
        The score, and the probabilities (n, classes) as float32.
    """
    loss, _accuracy = model.evaluate(x, y, batch_size=batch_size, verbose=0)
    probabilities = np.asarray(model.predict(x, batch_size=batch_size, verbose=0), np.float32)
    correct, n = int(np.sum(probabilities.argmax(axis=1) == y)), len(y)
    interval = wilson_interval(correct, n)
    score = Score(
        loss=float(loss) if math.isfinite(loss) else None,
        accuracy=correct / n,
        correct=correct,
        n=n,
        low=interval.low,
        high=interval.high,
        confidence=interval.confidence,
    )
    return score, probabilities
