"""`Apart`: tells a listener in a thread of its own, once for however many changes come meanwhile."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock

_LOG = logging.getLogger(__name__)

THREADS = ThreadPoolExecutor(2, thread_name_prefix="tatami news")
"""Two, as more would take the cores from those whose news it is."""


class Apart:
    """Calls a listener soon, and not while the caller waits: a training goes on while its pictures are made.

    Args:
        listener: to be told that something has changed; what, it asks for itself.
    """

    def __init__(self, listener: Callable[[], None]) -> None:
        self._listener = listener
        self._lock = Lock()
        self._is_new = self._is_under_way = False

    def __call__(self) -> None:
        """Let it be told, once more if it is just being told."""
        with self._lock:
            self._is_new = True
            self._begin()

    def _begin(self) -> None:
        if self._is_new and not self._is_under_way:
            with suppress(RuntimeError):  # the program is ending, and nobody looks any more
                THREADS.submit(self._call)
                self._is_new, self._is_under_way = False, True

    def _call(self) -> None:
        try:
            self._listener()
        except Exception as problem:
            _LOG.error("%s: %s", type(problem).__name__, problem)
            _LOG.debug("", exc_info=problem)
        with self._lock:
            self._is_under_way = False
            self._begin()
