"""The same bits whoever computes them: 1, 2, 3 or 8 threads, in processes of their own, run twice."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tatamilab.engine.target import runnable

TRAIN = """
import hashlib, sys
import numpy as np
from lab_graph import TRAINING, lab_graph
from tatamilab.data import load
from tatamilab.engine.program import Program

data = load("mnist", data_size=700).normalised()
graph = lab_graph()
program = Program(graph, TRAINING, batch_size=128)
rng = np.random.default_rng(0)
program.set_weights({p.name: rng.normal(0, 0.1, p.shape) for p in graph.parameters})
found = hashlib.sha256()
for _ in range(2):
    totals = program.train(data.x_train, data.y_train, rng.permutation(len(data.x_train)))
    found.update(repr(totals).encode())
    found.update(repr(program.evaluate(data.x_test[:150], data.y_test[:150])).encode())
for arrays in (program.get_weights(), *program.get_slots()):
    for value in arrays.values():
        found.update(value.tobytes())
found.update(program.predict(data.x_test[:150]).tobytes())
print(program.n_threads, found.hexdigest())
"""


def trained(target: str, n_threads: int, cache: Path) -> str:
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parent),
        "TATAMI_CACHE_DIR": str(cache),
        "TATAMI_TARGET": target,
        "TATAMI_THREADS": str(n_threads),
    }
    done = subprocess.run(
        [sys.executable, "-c", TRAIN], env=environment, capture_output=True, text=True, check=True
    )
    used, found = done.stdout.split()
    assert int(used) == n_threads
    return found


WIDEST, *NARROWER = runnable()


@pytest.mark.parametrize("target", [WIDEST, *(pytest.param(t, marks=pytest.mark.slow) for t in NARROWER)])
def test_bits_depend_on_the_plan_alone(target: str, tmp_path: Path) -> None:
    found = {(n, turn): trained(target, n, tmp_path) for n in (1, 2, 3, 8) for turn in range(2)}
    assert len(set(found.values())) == 1, found
