"""The runs of each browser, one for each setup: a reload, a second tab or the way back finds them again.

A run that no page shows is paused; after ten minutes it is put on disk, and from there it is taken up again.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from threading import Lock

from tatamilab.errors import TatamiError
from tatamilab.session import LiveRun, Phase, Setup, Shelf
from tatamilab.session.moment import Kept

LEFT_ALONE_S = 600.0
"""Seconds without a page after which a run is put on disk."""

MOST_RUNS = 4
"""Runs of a browser that are held in memory; beyond, those left longest are put on disk."""

AT_ONCE = 8
"""Runs that are written side by side when the laboratory is closed: most of that is waiting for the disk."""

Key = tuple[str, Setup]


@dataclass
class _Held:
    run: LiveRun
    pages: int = 0
    left_at: float = field(default_factory=time.monotonic)


class Sessions:
    """The runs by browser and setup.

    Args:
        make: makes a run; called once beforehand for the usual setup, so that the first page need not wait.
        folder: where runs are kept, a folder for each browser.
    """

    def __init__(self, make: Callable[[Setup], LiveRun], folder: Path) -> None:
        self._make, self._folder = make, folder
        self._spare: LiveRun | None = make(Setup())
        self._held: dict[Key, _Held] = {}
        self._lock = Lock()

    def shelf(self, browser: str) -> Shelf:
        """Where the runs of this browser are kept."""
        return Shelf(self._folder / sha256(browser.encode()).hexdigest()[:16])

    def enter(self, browser: str, setup: Setup) -> LiveRun:
        """The run of this browser with this setup, from memory, from disk, or a new one; a page is open on it."""
        with self._lock:
            held = self._held.get((browser, setup))
            if held is None:
                held = self._held[browser, setup] = _Held(self._found(browser, setup))
                self._make_room(browser, but=setup)
            held.pages += 1
            return held.run

    def put(self, browser: str, setup: Setup, kept: Kept) -> None:
        """Let the browser's run with this setup be the one kept.

        Raises:
            BadInput: the run kept does not fit its setup.
        """
        with self._lock:
            held = self._held.get((browser, setup))
            if held is None:
                held = self._held[browser, setup] = _Held(self._new(setup))
                self._make_room(browser, but=setup)
            else:
                self._keep(browser, setup, held.run)
            held.run.restore(kept)

    def leave(self, browser: str, setup: Setup) -> None:
        """A page was closed; a run that no page shows any more is paused."""
        with self._lock:
            held = self._held.get((browser, setup))
            if held is None:
                return
            held.pages -= 1
            held.left_at = time.monotonic()
            if not held.pages and held.run.moment().phase is Phase.RUNNING:
                held.run.pause()

    def sweep(self, now: float | None = None) -> None:
        """Put on disk the runs that have been left alone for long."""
        now = time.monotonic() if now is None else now
        with self._lock:
            for key, held in list(self._held.items()):
                if not held.pages and now - held.left_at > LEFT_ALONE_S:
                    self._put_away(key)

    def close(self) -> None:
        """Put all runs on disk and end them."""
        with self._lock:
            for held in self._held.values():
                held.run.pause()
            with ThreadPoolExecutor(AT_ONCE) as writers:
                list(writers.map(self._put_away, list(self._held)))
            if self._spare:
                self._spare.close()

    def _found(self, browser: str, setup: Setup) -> LiveRun:
        shelf = self.shelf(browser)
        run = self._new(setup)
        entry = shelf.newest(setup)
        if entry is not None:
            try:
                run.restore(shelf.take(entry.progress.id)[1])
            except TatamiError as problem:
                logging.getLogger(__name__).warning("%s", problem)
        return run

    def _new(self, setup: Setup) -> LiveRun:
        if setup == Setup() and self._spare is not None:
            run, self._spare = self._spare, None
            return run
        return self._make(setup)

    def _make_room(self, browser: str, but: Setup) -> None:
        mine = [key for key, held in self._held.items() if key[0] == browser and not held.pages]
        mine = sorted((key for key in mine if key[1] != but), key=lambda key: self._held[key].left_at)
        for key in mine[: max(0, sum(key[0] == browser for key in self._held) - MOST_RUNS)]:
            self._put_away(key)

    def _put_away(self, key: Key) -> None:
        held = self._held.pop(key)
        self._keep(*key, held.run)
        held.run.close()

    def _keep(self, browser: str, setup: Setup, run: LiveRun) -> None:
        """Keep a run in which anything was trained; a full disk is logged, and the others are kept."""
        if run.moment().phase is Phase.READY:
            return
        try:
            self.shelf(browser).keep(setup, run.kept())
        except TatamiError as problem:
            logging.getLogger(__name__).warning("%s", problem)
