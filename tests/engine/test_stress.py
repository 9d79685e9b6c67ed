"""The team of threads under stress: whatever happens around a training, it has the same bits, or ends cleanly."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lab_graph import TRAINING, dense_graph, lab_graph

from tatamilab.engine import calling
from tatamilab.engine.calling import Calls
from tatamilab.engine.program import Program

N = 6000
RNG = np.random.default_rng(0)
X, Y = RNG.random((N, 8), np.float32), np.arange(N) % 3


def made(n_threads: int = 2) -> Program:
    program = Program(dense_graph(), TRAINING, batch_size=300, n_threads=n_threads)
    rng = np.random.default_rng(1)
    program.set_weights({p.name: rng.normal(0, 0.1, p.shape) for p in program.plan.graph.parameters})
    return program


def bits(program: Program) -> str:
    return hashlib.sha256(b"".join(w.tobytes() for w in program.get_weights().values())).hexdigest()


def trained(program: Program, watch: Callable[[Any], object] | None = None) -> str:
    """The bits after a call that takes long enough to be disturbed."""
    program.train(X, Y, np.tile(np.arange(N), 300), watch=watch)
    return bits(program)


@pytest.fixture(scope="module")
def expected() -> str:
    return trained(made(1))


def test_teams_come_and_go(expected: str) -> None:
    before = threading.active_count()
    for n in range(100):
        program = made(1 + n % 4)
        program.train(X[:300], Y[:300])
        del program
    for _look in range(6000):
        if threading.active_count() <= before:
            break
        time.sleep(0.01)  # the last thread of a team ends a moment after the program
    assert threading.active_count() <= before
    assert trained(made(2)) == expected


@pytest.mark.slow
def test_many_more_threads_than_cores(expected: str) -> None:
    assert trained(made(4 * (os.cpu_count() or 1) + 3)) == expected


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no threads to cores")
def test_cores_taken_away_and_given_back(expected: str) -> None:
    every = os.sched_getaffinity(0)
    program, stop = made(3), threading.Event()
    threads = [int(name) for name in os.listdir("/proc/self/task")]

    def disturb() -> None:
        while not stop.is_set():
            for cores in ({min(every)}, {max(every)}, every):
                for thread in threads:
                    os.sched_setaffinity(thread, cores)

    disturber = threading.Thread(target=disturb)
    disturber.start()
    try:
        assert trained(program) == expected
    finally:
        stop.set()
        disturber.join()
        for thread in threads:
            os.sched_setaffinity(thread, every)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no interval timer")
def test_signals_all_the_while(expected: str) -> None:
    count = 0

    def handler(_number: int, _frame: object) -> None:
        nonlocal count
        count += 1

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        assert trained(made(2)) == expected
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert count


def test_several_programs_in_several_threads(expected: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda n: trained(made(n)), (1, 2, 3, 2))) == {expected}


def test_one_program_from_several_threads() -> None:
    program = made(2)
    with ThreadPoolExecutor(4) as pool:
        totals = list(pool.map(lambda _n: program.train(X, Y), range(4)))
    assert {t.images for t in totals} == {N}
    assert program.iterations == 4 * N // 300


def test_the_count_of_steps_is_right_while_another_thread_begins_a_call() -> None:
    """The other thread's call, which begins with counters of 0, comes between the two halves of the look."""
    program = made(1)

    class Counters:
        def __init__(self, own: np.ndarray) -> None:
            self.own = own

        def __getitem__(self, at: tuple[int, int]) -> Any:
            if program._calls._taken[1] is self:
                program._calls._taken = (before, self.own)
                program.predict(X[:8])
            return self.own[at]

    for _step in range(3):
        program.train(X[:8], Y[:8])
    before, progress = program._calls._taken
    program._calls._taken = (before, Counters(progress))  # type: ignore[assignment]
    assert program.iterations == 3


def test_what_two_signals_leave_under_way_is_counted_before_the_next_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second signal comes while the end of the step in hand is waited for, which takes a while here."""
    size = 3000
    x, y = RNG.random((2 * size, 28, 28, 1), np.float32), np.arange(2 * size) % 10

    def fresh() -> Program:
        program = Program(lab_graph(side=28, filters=16, units=6), TRAINING, batch_size=size, n_threads=2)
        rng = np.random.default_rng(1)
        program.set_weights({p.name: rng.normal(0, 0.1, p.shape) for p in program.plan.graph.parameters})
        return program

    def interrupt(*_told: object) -> None:
        raise KeyboardInterrupt

    program, same = fresh(), fresh()
    with monkeypatch.context() as impatient:
        impatient.setattr(Calls, "_end", interrupt)
        impatient.setattr(calling, "POLL_S", 0.001)
        with pytest.raises(KeyboardInterrupt):
            program.train(x, y, watch=interrupt)
    program.train(x[:size], y[:size])
    for step in range(program.iterations):
        part = slice(0, size) if step == program.iterations - 1 else slice(step * size, (step + 1) * size)
        same.train(x[part], y[part])
    assert bits(program) == bits(same)


def test_small_stacks(expected: str) -> None:
    before = threading.stack_size(64 * 1024)
    try:
        program = made(3)
    finally:
        threading.stack_size(before)
    assert trained(program) == expected


IN_A_PROCESS = "import sys; sys.path.insert(0, {folder!r}); from test_stress import *; "


def ended(code: str, **how: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", IN_A_PROCESS.format(folder=str(Path(__file__).parent)) + code]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, **how)


def test_python_ends_while_a_thread_trains() -> None:
    code = (
        "p = made(2); order = np.tile(np.arange(N), 2000)\n"
        "threading.Thread(target=p.train, args=(X, Y, order), daemon=True).start()\n"
        "while p.iterations < 5: time.sleep(0.001)\n"
        "print('left')"
    )
    done = ended(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "left\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_in_the_middle_of_a_training(expected: str) -> None:
    """The child trains with a program of its own; the parent's training is not disturbed."""
    code = (
        "import warnings; warnings.simplefilter('ignore'); children = []\n"
        "def fork(_totals):\n"
        "    if not children:\n"
        "        children.append(os.fork())\n"
        "        if children == [0]: print(trained(made(2)), flush=True); os._exit(0)\n"
        "print(trained(made(2), watch=fork), len(children), flush=True); os.waitpid(children[0], 0)"
    )
    done = ended(code)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == sorted([expected, expected, "1"])
