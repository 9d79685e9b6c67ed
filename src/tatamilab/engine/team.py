"""The threads that share a native call.

The main thread touches nothing here but `SimpleQueue`, whose methods are C: Ctrl-C falls between two of them, never
inside one, so it cannot leave a lock held or a team incomplete.
"""

import weakref
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread, current_thread
from typing import Any

import numpy as np

from tatamilab.engine.availability import EngineUnavailable
from tatamilab.i18n import _


class Job:
    """One native call.

    Args:
        call: the function (table, thread).
        table: addresses and scalars.
        kept: what the addresses in `table` point to, kept as long as the call may run.
    """

    def __init__(self, call: Any, table: np.ndarray, kept: object) -> None:
        self.call, self.address = call, table.ctypes.data
        self.over = False
        self._kept = (table, kept)
        self._ended: SimpleQueue[None] = SimpleQueue()

    def run_here(self) -> None:
        """Run on the calling thread, alone: for a table that says so."""
        self.call(self.address, 0)
        self.over = True

    def end(self) -> None:
        """Say that the call is over."""
        self.over = True
        self._ended.put(None)

    def wait(self, timeout_s: float) -> bool:
        """Wait, but not for long; return whether the call is over."""
        if not self.over:
            with suppress(Empty):
                self._ended.get(timeout=timeout_s)
        return self.over


class Team:
    """Threads that wait for jobs; they end with this object.

    Args:
        n: how many.

    Raises:
        EngineUnavailable: the system does not give so many.
    """

    def __init__(self, n: int) -> None:
        self._queues: list[SimpleQueue[Job | None]] = [SimpleQueue() for _thread in range(n)]
        done: SimpleQueue[None] = SimpleQueue()
        threads = [Thread(target=_lead, args=(self._queues, done), daemon=True, name="tatamilab_0")]
        threads += [
            Thread(target=_follow, args=(thread, queue, done), daemon=True, name=f"tatamilab_{thread}")
            for thread, queue in enumerate(self._queues)
            if thread
        ]
        weakref.finalize(self, _dismiss, self._queues, threads[0])
        try:
            for thread in threads:
                thread.start()
        except RuntimeError as problem:
            raise EngineUnavailable(
                _("The system does not give {n} threads to the engine.", n=n)
            ) from problem

    def take(self, job: Job) -> None:
        """Run `job`, unless that was done before."""
        self._queues[0].put(job)


def _lead(queues: list["SimpleQueue[Job | None]"], done: "SimpleQueue[None]") -> None:
    """Thread 0: start the others, work, wait for them."""
    while (job := queues[0].get()) is not None:
        if not job.over:
            for queue in queues[1:]:
                queue.put(job)
            job.call(job.address, 0)
            for _queue in queues[1:]:
                done.get()
            job.end()
        del job


def _follow(thread: int, queue: "SimpleQueue[Job | None]", done: "SimpleQueue[None]") -> None:
    while (job := queue.get()) is not None:
        job.call(job.address, thread)
        del job
        done.put(None)


def _dismiss(queues: list["SimpleQueue[Job | None]"], leader: Thread) -> None:
    """Let the threads end; at the end of Python, not before the job in hand is over."""
    for queue in queues:
        queue.put(None)
    if leader.ident is not None and leader is not current_thread():
        leader.join()
