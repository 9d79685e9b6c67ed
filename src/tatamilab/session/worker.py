"""`Worker`: a thread that does what is wanted portion by portion, in turn with others, and tells of every change."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Thread, current_thread, main_thread
from typing import Generic, TypeVar

from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.session.turns import HERE, Turns

_LOG = logging.getLogger(__name__)

STALL_S = 10.0
"""Seconds after which a portion in hand is given up waiting for."""

Portion = TypeVar("Portion")
Done = TypeVar("Done")


class Worker(ABC, Generic[Portion, Done]):
    """What all that works in the background has in common; there is a thread as long as something is wanted.

    When the program ends, the thread ends with it, after the portion in hand: one that came back from native code after
    the interpreter has gone would abort the process. A portion that fails is the last one until something else is
    wanted; why is in `problem`.

    What derives from it holds what is left to do in `_wanted`, which is false where that is nothing. It changes that
    only with `_changed` held, and then calls `_wake`.

    Args:
        name: of the thread.
        turns: with whom it takes turns.

    Attributes:
        problem: why the last portion failed; empty if it did not.
    """

    _wanted: object

    def __init__(self, name: str, turns: Turns = HERE) -> None:
        self._name = name
        self._turns, self._seat = turns, turns.seat(self._tell)
        self._changed = Condition()
        self._busy = self._working = self._closed = False
        self._visitors = 0
        self._thread: Thread | None = None
        self._listeners: tuple[Callable[[], None], ...] = ()
        self.problem = ""

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after every change, from the thread that made it; returns what ends that."""
        self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            self._listeners = tuple(one for one in self._listeners if one is not listener)

        return unsubscribe

    def hush(self) -> None:
        """Tell nobody any more: whoever looked on is about to be gone."""
        self._listeners = ()

    def close(self) -> None:
        """End the thread after the portion in hand; nothing can be asked for any more."""
        with self._changed:
            self._closed = True
        self._seat.look_again()
        if self._thread is not None:
            self._thread.join(STALL_S)

    @property
    def is_at_work(self) -> bool:
        """Whether the caller is the thread that works, and has more to do."""
        return bool(self._wanted) and current_thread() is self._thread

    @property
    def _is_over(self) -> bool:
        return self._closed or not main_thread().is_alive()

    @property
    def _is_due(self) -> bool:
        return bool(self._wanted) and not self._is_over

    def _get_ready(self) -> None:
        """What takes a while and needs no turn; called with nothing held, before a turn is asked for."""

    @abstractmethod
    def _take(self) -> Portion:
        """The next portion of what is wanted; called with `_changed` held."""

    @abstractmethod
    def _do(self, portion: Portion) -> Done:
        """Do it; called with nothing held, in a turn of this worker's."""

    @abstractmethod
    def _keep(self, portion: Portion, done: Done) -> bool:
        """Write down what has come of it, and what is left; called with `_changed` held.

        Returns:
            Whether there is anything to tell.
        """

    @abstractmethod
    def _give_up(self) -> None:
        """Want nothing any more, since a portion has failed; called with `_changed` held."""

    def _tell(self) -> None:
        for listener in self._listeners:
            try:
                listener()
            except Exception as problem:
                self._log(problem)

    def _log(self, problem: Exception) -> None:
        _LOG.error("%s: %s: %s", self._name, type(problem).__name__, problem)
        _LOG.debug("", exc_info=problem)

    def _wake(self) -> None:
        """See to it that what is wanted now is done; called with `_changed` held."""
        if self._is_due and not self._working:
            self.problem = ""
            self._thread = Thread(target=self._work, name=self._name)
            self._thread.start()
            self._working = True
        self._seat.look_again()

    @contextmanager
    def _at_rest(self) -> Iterator[None]:
        """Hold `_changed` while no portion is in hand, and none is begun.

        Raises:
            BadInput: the portion in hand takes very long.
        """
        with self._changed:
            self._visitors += 1
            try:
                if not self._changed.wait_for(lambda: not self._busy, STALL_S):
                    raise BadInput(_("A step of this training takes very long; try again when it is over."))
                yield
            finally:
                self._visitors -= 1
                self._changed.notify_all()

    def _wait(self, timeout_s: float) -> None:
        """Wait until nothing is left to do, and all have been told."""
        with self._changed:
            self._changed.wait_for(lambda: not self._working, timeout_s)

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._is_due:
                    self._working = False
                    self._seat.leave()
                    self._changed.notify_all()
                    return
            with self._giving_up():
                self._get_ready()
            with self._seat.turn(lambda: self._is_due) as given:
                news = given and self._one()
            if news or self.problem:
                self._tell()

    def _one(self) -> bool:
        """One portion; returns whether there is anything to tell of it."""
        with self._changed:
            self._changed.wait_for(lambda: not self._visitors)
            if not self._is_due:
                return False
            self._busy = True
            portion = self._take()
        try:
            with self._giving_up():
                done = self._do(portion)
                with self._changed:
                    return self._keep(portion, done)
            return True
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    @contextmanager
    def _giving_up(self) -> Iterator[None]:
        """Want nothing any more if the block fails."""
        try:
            yield
        except Exception as problem:
            self._log(problem)
            with self._changed:
                self.problem = str(problem) or type(problem).__name__
                self._give_up()
