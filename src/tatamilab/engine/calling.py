"""The native call: by whom it is run, how its end is waited for, and what its counters say meanwhile."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock, get_ident

import numpy as np

from tatamilab.engine.allocation import Arrays, aligned
from tatamilab.engine.graph import multiply_adds
from tatamilab.engine.jit import Code
from tatamilab.engine.memory import MAX_STATISTICS, PROGRESS, SCALARS
from tatamilab.engine.plan import Plan
from tatamilab.engine.target import IMAGES_PER_CHUNK
from tatamilab.engine.team import Job, Team
from tatamilab.engine.totals import Totals
from tatamilab.errors import BadInput
from tatamilab.i18n import _

POLL_S = 0.02
"""Seconds between two looks at the counters of a running call."""

ALONE_BELOW = 3_000_000
"""Multiply-adds of a forward pass below which a call is run where it was made, as waking the team would take longer;
Ctrl-C then waits for its end, a fraction of a millisecond."""

STEP, STOP_REQUEST = PROGRESS.index("step"), PROGRESS.index("stop_request")

Watch = Callable[[Totals], object]
"""Told how far a call is; training ends after the step in hand when it returns something true."""


class Calls:
    """The native calls of a program, one at a time.

    Args:
        plan: what is compiled.
        code: its functions.
        arrays: its memory.
        n_threads: how many threads share a call.

    Raises:
        EngineUnavailable: the system does not give so many threads.
    """

    def __init__(self, plan: Plan, code: Code, arrays: Arrays, n_threads: int) -> None:
        self._plan, self._code, self._arrays, self._n_threads = plan, code, arrays, n_threads
        self._n_meetings = plan.n_meetings
        self._multiply_adds = multiply_adds(plan.graph)
        self._n_metrics = len(plan.training.metrics) if plan.training else 0
        self._flags = np.zeros((max(plan.n_pieces, 64), 8), np.int64)
        arrays.place("flags", self._flags)
        self._ticket = 1
        self._start_team()

    def _start_team(self) -> None:
        self._team = Team(self._n_threads)
        self._process = os.getpid()
        self._left: Job | None = None
        self._lock, self._caller = Lock(), 0
        self._progress = _progress()
        self._arrays.place("progress", self._progress)
        self._taken = (0, NOTHING)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Callers from several threads take turns; what Ctrl-C has left under way ends before one begins.

        Raises:
            BadInput: the caller is the `watch` of the call in hand, which would wait for itself.
        """
        if os.getpid() != self._process:
            taken = self.iterations
            self._start_team()  # a forked process has none of its parent's threads
            self.iterations = taken
        if self._caller == get_ident():
            raise BadInput(_("A program that is training cannot be used from its own watch function."))
        with self._lock:
            self._caller = get_ident()
            try:
                if self._left is not None:
                    self._end(self._left)
                yield
            finally:
                self._caller = 0

    @property
    def iterations(self) -> int:
        """Steps of the optimizer so far; while a training runs, those that are done."""
        while True:
            taken = self._taken
            before, progress = taken
            count = before + int(progress[STEP, 0])
            if self._taken is taken:  # else a call began meanwhile, and the counters are its own
                return count

    @iterations.setter
    def iterations(self, count: int) -> None:
        self._taken = (int(count), NOTHING)

    def run(
        self,
        function: str,
        arrays: Mapping[str, np.ndarray],
        n_images: int,
        n_steps: int = 0,
        *,
        wants: int = 0,
        watch: Watch | None = None,
    ) -> Totals:
        """Run one of the compiled functions, in a turn of the caller's.

        Args:
            function: "train", "infer" or "gradient".
            arrays: what the function reads and writes beside the program's own memory.
            n_images, n_steps: how much there is to do; no steps unless it trains.
            wants: the bits that `memory` names.
            watch: called about 50 times a second.
        """
        if n_steps == 0 and n_chunks(n_images) > len(self._flags):
            self._flags = np.zeros((n_chunks(n_images), 8), np.int64)
            self._arrays.place("flags", self._flags)
        progress, taken = self._progress, self.iterations
        self._taken = (taken, NOTHING)
        progress.fill(0)
        alone = n_images * self._multiply_adds < ALONE_BELOW and n_steps <= 1
        team = 1 if alone else self._n_threads
        scalars = (n_images, team, n_steps, self._ticket, self._plan.batch_size, wants)
        table = self._arrays.table(arrays, dict(zip(SCALARS, scalars, strict=True)))
        self._ticket += n_steps * self._n_meetings + 1
        job = Job(self._code.function(function), table, (self._arrays, self._flags, progress, arrays))
        if n_steps:
            self._taken = (taken, progress)
        self._left = job
        try:
            if alone:
                job.run_here()
            else:
                self._team.take(job)
            while not job.wait(POLL_S):
                if watch and watch(self._totals(progress, n_images, n_steps)):
                    progress[STOP_REQUEST, 0] = 1
                    watch = None
        except BaseException:
            progress[STOP_REQUEST, 0] = 1
            self._end(job)
            raise
        self._left = None
        if self._plan.checked:
            self._arrays.raise_fault()
        return self._totals(progress, n_images, n_steps)

    def settle(self) -> None:
        """Wait for a call that Ctrl-C has left under way; one whose caller still waits is left alone."""
        if self._left is not None and self._caller == 0:
            self._end(self._left)

    def _end(self, job: Job) -> None:
        """Wait for a job that Ctrl-C has interrupted, perhaps before it was handed over."""
        if not job.over:
            self._team.take(job)
            while not job.wait(POLL_S):
                pass
        self._left = None

    def _totals(self, progress: np.ndarray, n_images: int, n_steps: int) -> Totals:
        steps = int(progress[STEP, 0])
        seen = min(n_images, steps * self._plan.batch_size) if n_steps else n_images
        sums = progress[len(PROGRESS) :, 0].view(np.float64)[: 1 + self._n_metrics].tolist()
        loss, *metrics = (total / max(seen, 1) for total in sums)
        return Totals(steps=steps, images=seen, loss=loss, metrics=tuple(metrics))


def n_chunks(n_images: int) -> int:
    """Chunks that so many images make."""
    return -(-n_images // IMAGES_PER_CHUNK)


def _progress() -> np.ndarray:
    """The counters of a call, each on a cache line of its own: int64 (counters, 8)."""
    counters = len(PROGRESS) + MAX_STATISTICS
    return aligned(64 * counters).view(np.int64).reshape(counters, 8)


NOTHING = _progress()
"""The counters where no call that trains is under way, or has ended since the steps were counted."""
