"""What steps need to know beside their images; for callers that take one step at a time, some steps ahead."""

import numpy as np

from tatamilab.engine.arguments import check_rates
from tatamilab.engine.graph import Optimizer
from tatamilab.engine.kernels.optimizer import rates

MOST = 64
"""Steps that are computed ahead."""


class Ahead:
    """The rows of `rates`.

    Args:
        optimizer: the rule.

    Example:
        >>> ahead = Ahead(Optimizer(kind="sgd"))
        >>> [float(ahead.rows(step, 0.5, 1)[0, 0]) for step in range(3)]
        [0.5, 0.5, 0.5]
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self._optimizer = optimizer
        self._first, self._rate = 0, float("nan")
        self._rows = np.empty((0, 0), np.float32)

    def rows(self, iterations: int, learning_rate: float | np.ndarray, n_steps: int) -> np.ndarray:
        """What `rates` gives.

        Args:
            iterations: steps taken before the first of these.
            learning_rate: one for all steps, or one a step.
            n_steps: how many.

        Returns:
            float32 (steps, RATES), the caller's to write to until the next call.

        Raises:
            BadInput: neither one learning rate nor one for each step.
        """
        if n_steps != 1 or not isinstance(learning_rate, float):
            return rates(self._optimizer, iterations, check_rates(learning_rate, n_steps))
        at, known = iterations - self._first, len(self._rows)
        if learning_rate != self._rate or not 0 <= at < known:
            goes_on = learning_rate == self._rate and at == known
            coming = np.full(min(2 * known, MOST) if goes_on else 1, learning_rate, np.float32)
            self._rows = rates(self._optimizer, iterations, coming)
            self._first, self._rate, at = iterations, learning_rate, 0
        return self._rows[at : at + 1]
