"""Measures which schedule is the fastest here: one number after the other, each candidate beside the best so far.

Nothing but speed is at stake: a schedule never changes a bit of a result (see `schedule.py`).
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from tatamilab.engine.graph import Graph, Training
from tatamilab.engine.jit import machine_code
from tatamilab.engine.program import Program
from tatamilab.engine.schedule import BY_REGISTERS, Schedule
from tatamilab.engine.target import Target
from tatamilab.files import write_whole

CANDIDATES: dict[str, tuple[int, ...]] = {
    "wide": (2, 3, 4, 6),
    "deep": (2, 4, 6, 8),
    "dense_outputs": (8, 12, 20, 24),
    "dense_features": (8, 12, 16, 24),
    "dense_rows": (32, 64, 128),
    "wide_outputs": (8, 16, 32),
    "few_channels": (10, 20, 30),
    "row_tiles": (10, 16, 24),
    "row_tiles_across": (2, 3, 4, 6),
}
"""What is tried for each number of a schedule."""

ENOUGH = 0.02
"""A candidate must be faster by this share: less may be noise."""

ROUNDS = 5
ROUND_S = 0.08


@dataclass(frozen=True)
class Trial:
    """One candidate beside the best before it.

    Args:
        name, value: which number was changed, and to what.
        speed: time of a step before, over that with the candidate; above 1 it is faster.
        taken: whether it is the best from here on.
    """

    name: str
    value: int
    speed: float
    taken: bool


def tune(
    graph: Graph, training: Training, *, target: Target, batch_size: int, tell: Callable[[Trial], None]
) -> Schedule:
    """The fastest schedule found for training a network here, on one thread.

    Args:
        graph, training: what is trained; the images are random.
        target: the register file, which must run here.
        batch_size: images in a step.
        tell: told of each trial; a candidate that leads to the same code is none.
    """
    best = BY_REGISTERS[target.registers]

    def compiled(schedule: Schedule) -> Program:
        program = Program(
            graph, training, batch_size=batch_size, target=target, n_threads=1, schedule=schedule
        )
        rng = np.random.default_rng(0)
        program.set_weights({p.name: 0.05 * rng.standard_normal(p.shape) for p in graph.parameters})
        return program

    program = compiled(best)
    for name, values in CANDIDATES.items():
        for value in values:
            candidate = replace(best, **{name: value})
            if candidate == best:
                continue
            other = compiled(candidate)
            if machine_code(other.plan, "train") == machine_code(program.plan, "train"):
                continue
            speed = _speed(program, other)
            if speed > 1 + ENOUGH:
                speed = min(speed, _speed(program, other))  # luck seldom comes twice
            taken = speed > 1 + ENOUGH
            tell(Trial(name, value, speed, taken))
            if taken:
                best, program = candidate, other
    return best


def _speed(before: Program, after: Program) -> float:
    """How many times faster `after` does a step: the fastest round of each, taken in turns."""
    plan = before.plan
    rng = np.random.default_rng(0)
    x = rng.random((plan.batch_size, *plan.graph.input.shape), np.float32)
    width = plan.graph.output.size
    sparse = plan.training is not None and plan.training.loss.kind.startswith("sparse")
    y = (
        rng.integers(0, width, plan.batch_size)
        if sparse
        else rng.random((plan.batch_size, width), np.float32)
    )
    order = np.tile(np.arange(plan.batch_size), _steps(before, x, y))
    least = [float("inf"), float("inf")]
    for _round in range(ROUNDS):
        for i, program in enumerate((before, after)):
            least[i] = min(least[i], _seconds(program, x, y, order))
    return least[0] / least[1]


def _steps(program: Program, x: np.ndarray, y: np.ndarray) -> int:
    """Steps that a round takes."""
    order = np.arange(len(x))
    _seconds(program, x, y, order)
    return max(1, round(ROUND_S / _seconds(program, x, y, order)))


def _seconds(program: Program, x: np.ndarray, y: np.ndarray, order: np.ndarray) -> float:
    start = time.perf_counter()
    program.train(x, y, order)
    return time.perf_counter() - start


def write(path: Path, target: str, schedule: Schedule) -> None:
    """Put a target's schedule into a table, beside those of other targets that it has.

    Raises:
        OSError: the file cannot be written.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        table = {}
    table = table if isinstance(table, dict) else {}
    table[target] = asdict(schedule)
    write_whole(path, json.dumps(table, indent=2) + "\n")
