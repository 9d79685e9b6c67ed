"""Sessions drawn at random, played by plain Keras and natively, and compared after every call.

`TATAMI_CASES=5000 pytest -m campaign -rP tests/accelerate/test_differential.py` plays so many calls of Keras, in parts
of `PART` networks; `-k "part3-"` plays one of the parts.
"""

import contextlib
import os
from dataclasses import dataclass
from typing import Any

import hypothesis
import keras
import numpy as np
import pytest
import sessions
from hypothesis import HealthCheck, Phase, given, settings
from sessions import Data
from twins import same

from tatamilab.acceleration import accelerated

CASES = int(os.environ.get("TATAMI_CASES", "5000"))
N_CALLS, PART = 12, 25
"""Of a network drawn for the campaign; networks in one of its parts."""

CLOSE = {"rtol": 5e-3, "atol": 5e-4}

CONVOLUTION = {
    "kind": "conv",
    "filters": 3,
    "kernel": 3,
    "strides": 1,
    "padding": "valid",
    "around": False,
    "normalised": True,
    "pool": "max",
}
ONE: Data = {
    "side": 7,
    "channels": 1,
    "convolutions": [CONVOLUTION],
    "flat": "flatten",
    "units": [6],
    "activation": "elu",
    "penalty": "l2",
    "classes": 3,
    "loss": "sparse",
    "optimizer": "adam",
    "clipping": {"clipnorm": 0.5},
    "schedule": "constant",
    "execution": 1,
    "batch": 9,
    "rest": 0,
    "images": "float32",
    "labels": "int64",
    "column": False,
    "weights": "none",
    "calls": [
        {"what": "evaluate", "n": 18, "together": False},
        {
            "what": "fit",
            "n": 18,
            "epochs": 3,
            "first_epoch": 1,
            "shuffle": True,
            "feed": "arrays",
            "callback": "looks",
            "validation": "split",
            "n_validation": 9,
            "validation_freq": 1,
            "together": False,
        },
        {"what": "single batches", "n": 9, "together": False},
        {"what": "rate", "together": False},
        {
            "what": "fit",
            "n": 18,
            "epochs": 2,
            "first_epoch": 0,
            "shuffle": False,
            "feed": "dataset",
            "callback": "meddles",
            "validation": "data",
            "n_validation": 9,
            "validation_freq": 2,
            "together": True,
        },
        {"what": "predict", "n": 18, "together": False},
    ],
}
"""The session of the default tests; Keras compiles one step for all of it."""


@dataclass
class State:
    """All that can be seen of a model after a call."""

    returned: Any
    weights: list[np.ndarray]
    optimizer: list[np.ndarray]
    metrics: list[float]
    draws: Any

    @classmethod
    def of(cls, model: keras.Model, returned: Any) -> "State":
        groups = [getattr(metric, "metrics", [metric]) for metric in model.metrics]
        return cls(
            returned=returned,
            weights=model.get_weights(),
            optimizer=[np.array(variable.value) for variable in model.optimizer.variables],
            metrics=[float(metric.result()) for group in groups for metric in group],
            draws=np.random.get_state()[1:3],
        )

    def give(self, model: keras.Model) -> None:
        """Bring weights and optimizer of another model to the same numbers."""
        model.set_weights(self.weights)
        for variable, value in zip(model.optimizer.variables, self.optimizer, strict=True):
            variable.assign(value)


def play(session: Data, expected: list[State] | None = None) -> list[State]:
    """Play a session; natively, and beside the states that it should come to, if there are any."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(3)
    model = sessions.network(session)
    states: list[State] = []
    with contextlib.nullcontext() if expected is None else accelerated(strict=True):
        for at, call in enumerate(session["calls"]):
            states.append(state := State.of(model, sessions.act(model, session, call)))
            if expected is not None:
                where = f"call {at}, {call['what']}"
                same(vars(state), vars(expected[at]), where=where, **CLOSE)
                if call["together"]:
                    expected[at].give(model)
    return states


def check(session: Data) -> int:
    """Compare a session played both ways; returns how many calls of Keras it has."""
    play(session, play(session))
    return sum(sessions.N_CALLS.get(call["what"], 0) for call in session["calls"])


def drawn(n_networks: int, n_calls: int, seed: int) -> int:
    """Check so many sessions; returns how many calls of Keras they have."""
    total = 0

    @hypothesis.seed(seed)
    @settings(
        max_examples=n_networks,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),  # shrinking would train for an hour
        database=None,
    )
    @given(sessions.sessions(n_calls))
    def test(session: Data) -> None:
        nonlocal total
        total += check(session)

    test()
    return total


pytestmark = pytest.mark.filterwarnings("ignore:.*(shuffle=True|ran out of data):UserWarning")


def test_one_session() -> None:
    assert check(ONE) == 7


@pytest.mark.slow
def test_some_sessions() -> None:
    assert drawn(10, 8, seed=1) > 40


@pytest.mark.campaign
@pytest.mark.parametrize("part", [f"part{i}-" for i in range(-(-CASES // (PART * N_CALLS)))])
def test_many_sessions(part: str) -> None:
    print(drawn(PART, N_CALLS, seed=100 + int(part[4:-1])), "calls of Keras")
