"""Rows computed ahead are the rows of the steps that are asked for, wherever the caller goes on."""

import numpy as np
import pytest

from tatamilab.engine import ahead as module
from tatamilab.engine.ahead import MOST, Ahead
from tatamilab.engine.graph import Optimizer
from tatamilab.engine.kernels.optimizer import rates

RULES = {
    "adam": Optimizer(kind="adam"),
    "nadam": Optimizer(kind="nadam"),
    "average": Optimizer(kind="sgd", ema_momentum=0.9, ema_overwrite_frequency=3),
}


@pytest.mark.parametrize("rule", RULES)
def test_rows_are_those_of_the_step(rule: str) -> None:
    """Steps one after the other; a count that is set, forwards and back; rates that change, and come back."""
    optimizer, rng = RULES[rule], np.random.default_rng(0)
    ahead, iterations, rate = Ahead(optimizer), 0, 0.5
    for _call in range(600):
        chance = rng.random()
        if chance < 0.03:
            iterations = int(rng.integers(0, 300))
        elif chance < 0.06:
            rate = float(rng.choice([0.5, 0.25, 0.125]))
        n_steps = int(rng.integers(0, 4)) if chance > 0.95 else 1
        given = np.full(n_steps, rate, np.float32) if chance > 0.98 else rate
        rows = ahead.rows(iterations, given, n_steps)
        expected = rates(optimizer, iterations, np.full(n_steps, rate, np.float32))
        np.testing.assert_array_equal(rows, expected)
        iterations += n_steps


def test_a_long_training_asks_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(optimizer: Optimizer, iterations: int, learning_rates: np.ndarray) -> np.ndarray:
        asked.append(len(learning_rates))
        return rates(optimizer, iterations, learning_rates)

    monkeypatch.setattr(module, "rates", counted)
    ahead = Ahead(RULES["adam"])
    for step in range(255):
        ahead.rows(step, 0.5, 1)
    assert asked == [1, 2, 4, 8, 16, 32, MOST, MOST, MOST]
