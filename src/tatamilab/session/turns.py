"""`Turns`: the cores of this machine, lent for a moment at a time to whoever has waited longest.

A training asks for a turn before each slice of a twenty-fifth of a second. So thirty trainings go on side by side, each
as fast as the others, and none waits for another's end.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock

KERAS = Lock()
"""Held while a Keras model is built: its initializers draw from generators that the whole process shares."""


class Turns:
    """A queue of those who want to compute."""

    def __init__(self) -> None:
        self._queue: deque[object] = deque()
        self._changed = Condition()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait until all who came before have had their turn; the block is this one's."""
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            self._changed.wait_for(lambda: self._queue[0] is ticket)
        try:
            yield
        finally:
            with self._changed:
                self._queue.popleft()
                self._changed.notify_all()

    @property
    def n_sharing(self) -> int:
        """How many compute or wait for it at this moment.

        Example:
            >>> turns = Turns()
            >>> with turns.taken():
            ...     turns.n_sharing
            1
        """
        with self._changed:
            return len(self._queue)


HERE = Turns()
"""Of this process."""
