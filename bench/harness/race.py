"""Runs the programs of a case side by side: all are started, then take turns: noise meets all alike."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from harness.cases import Case
from harness.programs import Program

BENCH = Path(__file__).resolve().parents[1]
PATIENCE_S = 900
"""After so long without an answer a program counts as hung."""
PAUSE_S = 0.2
"""Before each measurement, for the threads of the program measured before to stop spinning."""


@dataclass
class Measured:
    """What one program measured. `first` is its warm-up (compiling, tracing), kept apart."""

    versions: dict[str, str]
    first: float
    values: list[float] = field(default_factory=list)
    checks: dict[str, float] = field(default_factory=dict)

    @property
    def minimum(self) -> float:
        return min(self.values)

    @property
    def median(self) -> float:
        return median(self.values)


@dataclass(frozen=True)
class Missing:
    """Why a program measured nothing."""

    reason: str


class Failure(Exception):
    """A program gave no measurement."""


class Runner:
    """A running program, as the bench sees it."""

    def __init__(self, program: Program, folder: Path, log: Path) -> None:
        self._log = log
        command = program.command()
        if shutil.which(command[0]) is None:
            raise Failure(f"{command[0]} was not found")
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(BENCH), **program.variables},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )

    def ready(self) -> dict[str, str]:
        """Waits until everything is loaded; the versions of what is measured."""
        answer = self._answer()
        if "skip" in answer:
            raise Failure(answer["skip"])
        return answer["ready"]

    def measure(self) -> dict[str, float]:
        """One measurement: "value", and what shows that the work was done."""
        try:
            self._process.stdin.write("go\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Failure(self._last_words()) from None
        return self._answer()

    def close(self) -> None:
        """Ends the program."""
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._kill()
            self._process.wait()
        self._process.stdout.close()

    def _answer(self) -> dict:
        with self._watchdog():
            line = self._process.stdout.readline()
        if not line:
            raise Failure(self._last_words())
        return json.loads(line)

    @contextmanager
    def _watchdog(self) -> Iterator[None]:
        watchdog = threading.Timer(PATIENCE_S, self._kill)
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()

    def _kill(self) -> None:
        """Ends the program and what it has started (`uv` has started another)."""
        if hasattr(os, "killpg"):
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()

    def _last_words(self) -> str:
        status = self._process.wait()
        lines = self._log.read_text(errors="replace").splitlines()
        statements = [line for line in lines if line and not line[0].isspace()]
        return f"ended with status {status}: {statements[-1] if statements else 'nothing was said'}"


def race(
    case: Case, rounds: int, folder: Path, logs: Path, say: Callable[[str], None] = print
) -> dict[str, Measured | Missing]:
    """Measures all programs of a case: a warm-up each, then `rounds` rounds in which each has one turn.

    Args:
        case: what is measured.
        rounds: measurements of each program.
        folder: the current folder of all of them; holds the workload.
        logs: folder for what they say on stderr.
        say: told how it goes.

    Returns:
        By name of program: what it measured, or why it measured nothing.
    """
    results: dict[str, Measured | Missing] = {}
    runners: dict[str, Runner] = {}

    def turn(name: str, act: Callable[[str], None]) -> None:
        try:
            act(name)
        except Failure as failure:
            results[name] = Missing(str(failure))
            if name in runners:
                runners.pop(name).close()
            say(f"  {case.programs[name].label}: {failure}")

    def start(name: str) -> None:
        program = case.programs[name]
        runners[name] = Runner(program, folder, logs / f"{case.name}-{name}.log")
        versions = runners[name].ready()
        first = runners[name].measure()["value"]
        results[name] = Measured(versions, first)
        say(f"  {program.label}: ready, warm-up {first:.4g} {case.unit}")

    def measure(name: str) -> None:
        time.sleep(PAUSE_S)
        answer = runners[name].measure()
        result = results[name]
        assert isinstance(result, Measured)
        result.values.append(answer.pop("value"))
        result.checks = answer

    try:
        say(f"{case.name}: {case.title}")
        for name in case.programs:
            turn(name, start)
        for n in range(rounds):
            for name in list(runners):
                turn(name, measure)
            say(f"  round {n + 1} of {rounds}")
    finally:
        for runner in runners.values():
            runner.close()
    return results
