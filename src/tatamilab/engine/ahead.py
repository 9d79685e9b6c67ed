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
        self._known = (0, float("nan"), np.empty((0, 0), np.float32))

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
        first, rate, known = self._known
        at = iterations - first
        if learning_rate != rate or not 0 <= at < len(known):
            goes_on = learning_rate == rate and at == len(known)
            coming = np.full(min(2 * len(known), MOST) if goes_on else 1, learning_rate, np.float32)
            at, known = 0, rates(self._optimizer, iterations, coming)
            self._known = (iterations, learning_rate, known)
        return known[at : at + 1]
