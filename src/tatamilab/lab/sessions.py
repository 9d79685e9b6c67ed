"""One live run for each browser: a reload, or a second tab, finds it again."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from tatamilab.session import LiveRun, Phase

LEFT_ALONE_S = 600.0
"""Seconds without a page after which a run is closed."""


@dataclass
class _Held:
    run: LiveRun
    pages: int = 0
    left_at: float = field(default_factory=time.monotonic)


class Sessions:
    """The runs by browser.

    Args:
        make: makes a run; called once beforehand, so that the first page need not wait.
    """

    def __init__(self, make: Callable[[], LiveRun]) -> None:
        self._make = make
        self._spare: LiveRun | None = make()
        self._held: dict[str, _Held] = {}
        self._lock = Lock()

    def enter(self, browser: str) -> LiveRun:
        """The run of this browser, made if it has none; a page is open on it from now on."""
        with self._lock:
            held = self._held.get(browser)
            if held is None:
                run, self._spare = self._spare or self._make(), None
                held = self._held[browser] = _Held(run)
            held.pages += 1
            return held.run

    def leave(self, browser: str) -> None:
        """A page was closed; a run that no page shows any more is paused."""
        with self._lock:
            held = self._held.get(browser)
            if held is None:
                return
            held.pages -= 1
            held.left_at = time.monotonic()
            if not held.pages and held.run.moment().phase is Phase.RUNNING:
                held.run.pause()

    def sweep(self, now: float | None = None) -> None:
        """Close the runs that have been left alone for long."""
        now = time.monotonic() if now is None else now
        with self._lock:
            for browser, held in list(self._held.items()):
                if not held.pages and now - held.left_at > LEFT_ALONE_S:
                    self._held.pop(browser).run.close()

    def close(self) -> None:
        """End all runs."""
        with self._lock:
            for held in self._held.values():
                held.run.close()
            if self._spare:
                self._spare.close()
