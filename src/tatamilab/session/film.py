"""The weights of earlier moments: a film of bounded length that covers the whole training evenly."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tatamilab.session.network import Weights

BUDGET_BYTES = 16 * 2**20
"""Memory that a film may take: a class of thirty has one each."""

SHORTEST, LONGEST = 16, 240


@dataclass(frozen=True)
class Frame:
    """One picture of the film.

    Args:
        step: steps of the optimizer before it.
        weights: then.
    """

    step: int
    weights: "Weights"


class Film:
    """Keeps every frame while there is room; then every second, every fourth, … and always the first.

    Args:
        weights_bytes: size of one frame.
    """

    def __init__(self, weights_bytes: int) -> None:
        self.capacity = min(max(BUDGET_BYTES // max(weights_bytes, 1), SHORTEST), LONGEST)
        self.frames: list[Frame] = []
        self._stride = 1
        self._offered = 0

    def offer(self, frame: Frame) -> None:
        """Keep the frame, if it is one of those to keep."""
        due = self._offered % self._stride == 0
        self._offered += 1
        if not due:
            return
        if len(self.frames) == self.capacity:
            self.frames = self.frames[::2]
            self._stride *= 2
            if (self._offered - 1) % self._stride:
                return
        self.frames.append(frame)
