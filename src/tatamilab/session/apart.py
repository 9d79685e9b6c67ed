"""`Apart`: tells a listener in a thread of its own, once for however many changes come meanwhile."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

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
        self._is_asked = False

    def __call__(self) -> None:
        """Let it be told, unless that is about to happen anyway."""
        if not self._is_asked:
            self._is_asked = True
            with suppress(RuntimeError):  # the program is ending, and nobody looks any more
                THREADS.submit(self._call)

    def _call(self) -> None:
        self._is_asked = False
        try:
            self._listener()
        except Exception as problem:
            _LOG.error("%s: %s", type(problem).__name__, problem)
            _LOG.debug("", exc_info=problem)
