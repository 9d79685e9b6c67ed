"""Where runs are done: processes of this machine, one a core, or a Dask cluster.

Both take a task and give a `concurrent.futures.Future`; a worker that dies fails the run in hand and no other.
"""

import multiprocessing
import os
import re
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from typing import Any, ParamSpec, Protocol, TypeVar

from tatamilab.engine import threads
from tatamilab.engine.target import choose, runnable
from tatamilab.errors import BadInput, MissingExtra, OutputError
from tatamilab.i18n import _
from tatamilab.study import training
from tatamilab.study.training import Task, Trained

PATIENCE_S = 5
"""How long a scheduler may take to answer."""

MOST_WORKERS = 1024

TARGET = "TATAMI_TARGET"
"""Names a narrower vector unit than the CPU has, here or on a worker."""


P = ParamSpec("P")
T = TypeVar("T")


class WorkerLost(Exception):
    """The process that did a run has ended without an answer."""


class NoWorkerBegins(Exception):
    """Processes end before they have done anything, a second one in place of the first, too."""


def none_begins() -> BadInput:
    """What to say then: the usual cause is a script that asks as soon as it is read, and workers read it, too."""
    return BadInput(
        _(
            "The processes that do the runs end before they begin; in a script, write what asks below `if __name__ == "
            '"__main__":`, as each of them reads the script first.'
        )
    )


class Where(Protocol):
    """Where runs are done.

    Attributes:
        n_workers: runs that may be under way at a time.
        target: name of the vector unit that all workers have; None for the widest here.
        notice: a sentence about it for the user, or "".
        draws_random_numbers: whether threads of its own draw from Python's global generator in this process.
    """

    n_workers: int
    target: str | None
    notice: str
    draws_random_numbers: bool

    def submit(self, task: Task) -> "Future[Trained]":
        """Begin a run; at most `n_workers` are under way at a time."""

    def close(self) -> None:
        """End the workers."""


def open_place(address: str | None, data: str, *, soon: bool = True) -> Where:
    """The place that `address` names.

    Args:
        address: None or "local" for a process a core, "local:N" for N, or Dask's "tcp://HOST:PORT" or
            "dask://HOST:PORT".
        data: name or path of the data set, which workers load while the study is put together.
        soon: whether there will be runs, so that workers begin to start up at once.

    Raises:
        BadInput: no such place.
        OutputError: no scheduler answers there.
        MissingExtra: Dask is not installed.
    """
    if n_workers := workers_here(address):
        return Local(n_workers, data, soon=soon)
    assert address is not None
    if re.match(r"(dask|tcp|tls)://.", address):
        return Cluster(re.sub("^dask://", "tcp://", address))
    raise BadInput(
        _("{address!r} names no place to run; write local, local:N or dask://HOST:PORT.", address=address)
    )


def workers_here(address: str | None) -> int:
    """How many processes of this machine `address` names; 0 where it names something else."""
    if address is None or address == "local":
        return threads.default()
    match = re.fullmatch(r"local:(\d{1,4})", address)
    n_workers = int(match[1]) if match else 0
    return n_workers if n_workers <= MOST_WORKERS else 0


class Local:
    """Processes of this machine, each with the engine on one thread.

    Each is a pool of its own, so that when one dies it is known which run it had in hand. One that dies before it
    begins costs no run: another takes its place, and if that dies so, too, no more are started.

    Args:
        n_workers: how many.
        data: what they load at once.
        soon: whether they start up at once, or each when it is first needed.
    """

    notice = ""
    draws_random_numbers = False

    def __init__(self, n_workers: int, data: str, *, soon: bool = True) -> None:
        self.n_workers, self._data = n_workers, data
        self.target: str | None = os.environ.get(TARGET)
        self._idle: list[ProcessPoolExecutor] = []
        self._every: dict[ProcessPoolExecutor, Future[None]] = {}
        self._second: set[ProcessPoolExecutor] = set()
        for _number in range(n_workers if soon else 0):
            self._begin_worker()

    def _begin_worker(self) -> ProcessPoolExecutor:
        worker = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=begin_worker)
        self._every[worker] = first_task(worker, training.prepare, self._data)
        self._idle.append(worker)
        return worker

    def submit(self, task: Task) -> "Future[Trained]":
        """Begin a run on an idle worker.

        Its outcome is `WorkerLost` if the worker dies, and `NoWorkerBegins` if none comes to life.
        """
        outer: Future[Trained] = Future()
        self._do(task, outer)
        return outer

    def _do(self, task: Task, outer: "Future[Trained]") -> None:
        if not self._idle:
            self._begin_worker()
        worker = self._idle.pop()
        try:
            inner = worker.submit(training.train, task)
        except BrokenProcessPool:  # it died while it had nothing in hand
            self._replace_and_do(worker, task, outer)
            return
        inner.add_done_callback(lambda done: self._hand_over(done, outer, worker, task))

    def _hand_over(
        self, inner: "Future[Trained]", outer: "Future[Trained]", worker: ProcessPoolExecutor, task: Task
    ) -> None:
        error = inner.exception()
        if isinstance(error, BrokenProcessPool):
            if not self._began(worker):
                self._replace_and_do(worker, task, outer)
                return
            self._replace(worker)
            outer.set_exception(WorkerLost(_("the process that did it was ended from outside")))
            return
        self._idle.append(worker)
        if error is not None:
            outer.set_exception(error)
        else:
            outer.set_result(inner.result())

    def _began(self, worker: ProcessPoolExecutor) -> bool:
        return not isinstance(self._every[worker].exception(), BrokenProcessPool)

    def _replace_and_do(self, worker: ProcessPoolExecutor, task: Task, outer: "Future[Trained]") -> None:
        if worker in self._second and not self._began(worker):
            outer.set_exception(NoWorkerBegins())
            return
        self._replace(worker)
        self._do(task, outer)

    def _replace(self, worker: ProcessPoolExecutor) -> None:
        began = self._began(worker)
        del self._every[worker]
        worker.shutdown(wait=False)
        new = self._begin_worker()
        if not began:
            self._second.add(new)

    def close(self) -> None:
        """End the workers once they have done what they have in hand."""
        for wait in (False, True):  # all are told before the first is waited for
            for worker in tuple(self._every):
                worker.shutdown(wait=wait, cancel_futures=True)


def first_task(
    worker: ProcessPoolExecutor, call: Callable[P, T], *args: P.args, **named: P.kwargs
) -> "Future[T]":
    """Start a worker with its first task.

    Where this is itself a worker that reads its parent's script, multiprocessing refuses; it then ends without a
    word, as the parent will say what is wrong.
    """
    try:
        return worker.submit(call, *args, **named)
    except RuntimeError as error:
        raise SystemExit(1) from error


def begin_worker() -> None:
    """What a worker does first: leave Ctrl-C to the parent, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end_with_parent() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def _answered(call: Callable[[], Any]) -> Any:
    """What a call returns or raises, if it comes within `PATIENCE_S`: Dask waits for ever for one who accepts and is
    silent.

    Raises:
        TimeoutError: it did not.
    """
    answer: Future[Any] = Future()

    def wait() -> None:
        try:
            answer.set_result(call())
        except Exception as error:  # whatever it is, the caller is to have it
            answer.set_exception(error)

    threading.Thread(target=wait, daemon=True).start()
    return answer.result(timeout=PATIENCE_S + 1)


class Cluster:
    """A Dask cluster.

    All workers compute by one plan, that of the widest vector unit that all of them have.

    Args:
        address: of the scheduler.
    """

    draws_random_numbers = True

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise MissingExtra("dask", "distributed") from error
        try:
            self._client: Any = _answered(lambda: Client(address, timeout=PATIENCE_S, set_as_default=False))
        except (OSError, TimeoutError, ValueError) as error:
            raise OutputError(
                _(
                    "No Dask scheduler answers at {address} within {seconds} s; start one with `dask scheduler`, or "
                    "leave --on out.",
                    address=address,
                    seconds=PATIENCE_S,
                )
            ) from error
        able: dict[str, tuple[str, ...]] = self._client.run(_able)
        if not able:
            self._client.close()
            raise OutputError(
                _(
                    "The scheduler at {address} has no workers; start some with `dask worker`.",
                    address=address,
                )
            )
        self.n_workers = max(1, sum(self._client.nthreads().values()))
        self.target: str | None
        self.target, self.notice = _common(able)

    def submit(self, task: Task) -> "Future[Trained]":
        """Begin a run somewhere; Dask begins it again elsewhere if its worker is lost."""
        outer: Future[Trained] = Future()
        inner = self._client.submit(training.train, task, pure=False)

        def hand_over(done: Any) -> None:
            if done.status == "finished":
                _settle(outer, done)
            else:
                outer.set_exception(_reason(done))

        inner.add_done_callback(hand_over)
        return outer

    def close(self) -> None:
        """Leave the cluster; its workers stay."""
        self._client.close()


def _settle(outer: "Future[Trained]", done: Any) -> None:
    try:
        outer.set_result(done.result(timeout=60))
    except Exception as error:  # whatever was lost on the way is the run's outcome
        outer.set_exception(error)


def _reason(done: Any) -> BaseException:
    get: Callable[..., BaseException | None] = getattr(done, "exception", lambda **_named: None)
    error = None if done.status == "cancelled" else get(timeout=60)
    return error or WorkerLost(_("its worker was lost"))


def _able() -> tuple[str, ...]:
    """The targets that this process may compute for, the widest first."""
    able = runnable()
    named = os.environ.get(TARGET)
    return able if named is None else able[able.index(choose(named).name) :]


def _common(able: dict[str, tuple[str, ...]]) -> tuple[str, str]:
    """The widest target that all workers have, and a sentence if some have wider ones."""
    first, *others = able.values()
    common = [name for name in first if all(name in one for one in others)]
    if not common:
        raise BadInput(_("The cluster's workers have no vector unit in common, so their bits would differ."))
    if all(one[0] == common[0] for one in able.values()):
        return common[0], ""
    return common[0], _(
        "The workers' CPUs differ: all compute for {target}, which all have.", target=common[0]
    )
