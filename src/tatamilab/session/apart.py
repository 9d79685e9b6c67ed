"""`Apart`: tells a listener in a thread of its own, once for however many changes come meanwhile."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Condition

_LOG = logging.getLogger(__name__)

THREADS = ThreadPoolExecutor(2, thread_name_prefix="tatami news")
"""Two, as more would take the cores from those whose news it is."""


class Apart:
    """Calls a listener soon, and not while the caller waits: a training goes on while its pictures are made.

    Args:
        listener: to be told that something has changed; what, it asks for itself.
        start: lets what it is given be called in another thread.
    """

    def __init__(
        self,
        listener: Callable[[], None],
        start: Callable[[Callable[[], None]], object] = THREADS.submit,
    ) -> None:
        self._listener, self._start = listener, start
        self._changed = Condition()
        self._is_new = self._is_under_way = False

    def __call__(self) -> None:
        """Let it be told, once more if it is just being told."""
        with self._changed:
            self._is_new = True
            self._begin()

    def wait(self, timeout_s: float) -> None:
        """Wait until it has been told of everything."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_under_way, timeout_s)

    def _begin(self) -> None:
        if self._is_new and not self._is_under_way:
            with suppress(RuntimeError):  # the program is ending, and nobody looks any more
                self._start(self._call)
                self._is_new, self._is_under_way = False, True

    def _call(self) -> None:
        try:
            self._listener()
        except Exception as problem:
            _LOG.error("%s: %s", type(problem).__name__, problem)
            _LOG.debug("", exc_info=problem)
        with self._changed:
            self._is_under_way = False
            self._begin()
            self._changed.notify_all()
