"""`Worker`: a thread that does what is wanted portion by portion, and tells of every change."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from threading import Condition, Thread, main_thread
from typing import Generic, TypeVar

STALL_S = 10.0
"""Seconds after which a portion in hand is given up waiting for."""

Portion = TypeVar("Portion")
Done = TypeVar("Done")


class Worker(ABC, Generic[Portion, Done]):
    """What all that works in the background has in common; there is a thread as long as something is wanted.

    When the program ends, the thread ends with it, after the portion in hand: one that came back from native code after
    the interpreter has gone would abort the process.

    What derives from it holds what is left to do in `_wanted`, which is false where that is nothing. It changes that
    only with `_changed` held, and then calls `_wake`.

    Args:
        name: of the thread.
    """

    _wanted: object

    def __init__(self, name: str) -> None:
        self._name = name
        self._changed = Condition()
        self._busy = self._working = self._closed = False
        self._thread: Thread | None = None
        self._listeners: tuple[Callable[[], None], ...] = ()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after every change, from the thread that made it; returns what ends that."""
        self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            self._listeners = tuple(one for one in self._listeners if one is not listener)

        return unsubscribe

    def close(self) -> None:
        """End the thread after the portion in hand; nothing can be asked for any more."""
        with self._changed:
            self._closed = True
        if self._thread is not None:
            self._thread.join(STALL_S)

    @property
    def _is_over(self) -> bool:
        return self._closed or not main_thread().is_alive()

    @abstractmethod
    def _take(self) -> Portion:
        """The next portion of what is wanted; called with `_changed` held."""

    @abstractmethod
    def _do(self, portion: Portion) -> Done:
        """Do it; called with nothing held."""

    @abstractmethod
    def _keep(self, portion: Portion, done: Done) -> None:
        """Write down what has come of it, and what is left; called with `_changed` held."""

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def _wake(self) -> None:
        """See to it that what is wanted now is done; called with `_changed` held."""
        if self._wanted and not self._working and not self._is_over:
            self._working = True
            self._thread = Thread(target=self._work, name=self._name)
            self._thread.start()
        self._changed.notify_all()

    def _wait(self, timeout_s: float) -> None:
        """Wait until nothing is left to do."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy and not self._wanted, timeout_s)

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._wanted or self._is_over:
                    self._working = False
                    return
                self._busy = True
                portion = self._take()
            done = self._do(portion)
            with self._changed:
                self._keep(portion, done)
                self._busy = False
            self._tell()
            with self._changed:
                self._changed.notify_all()
