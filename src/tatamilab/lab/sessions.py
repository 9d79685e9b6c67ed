"""The runs of each browser, one for each setup: a reload, a second tab or the way back finds them again.

A run that no page shows is paused; after ten minutes it is put on disk, and from there it is taken up again. One that
is trained is written every minute, so that a server that is killed loses no more.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
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

_LOG = logging.getLogger(__name__)


@dataclass(eq=False)
class _Held:
    browser: str
    begun_with: Setup
    run: LiveRun
    pages: "set[Visit]" = field(default_factory=set)
    left_at: float = field(default_factory=time.monotonic)
    written: object = None  # where the run stood when it was last kept

    @property
    def stands(self) -> tuple[Setup, int, int]:
        """How far the run has come."""
        moment = self.run.moment()
        return self.setup, moment.epoch, moment.step

    @property
    def setup(self) -> Setup:
        """As it is by now: seed, learning rate and batch size can be changed on the page."""
        run = self.run
        return replace(
            self.begun_with, seed=run.seed, learning_rate=run.learning_rate, batch_size=run.batch_size
        )


class Visit:
    """A page that is open on a run.

    Attributes:
        run: which.
    """

    def __init__(self, sessions: "Sessions", held: _Held) -> None:
        self._sessions, self._held, self.run = sessions, held, held.run

    @property
    def setup(self) -> Setup:
        """What the run is trained with, as chosen by now."""
        return self._held.setup

    def leave(self) -> None:
        """The page was closed; a run that no page shows any more is paused."""
        self._sessions._leave(self)


class Sessions:
    """The runs by browser and setup.

    Args:
        make: makes a run; called once beforehand for the usual setup, so that the first page need not wait.
        folder: where runs are kept, a folder for each browser.
    """

    def __init__(self, make: Callable[[Setup], LiveRun], folder: Path) -> None:
        self._make, self._folder = make, folder
        self._spare: LiveRun | None = make(Setup())
        self._held: list[_Held] = []
        self._to_begin: dict[str, Setup] = {}  # by browser
        self._lock = Lock()

    def shelf(self, browser: str) -> Shelf:
        """Where the runs of this browser are kept."""
        return Shelf(self._folder / sha256(browser.encode()).hexdigest()[:16])

    def begin_at_next_page(self, browser: str, setup: Setup) -> None:
        """Start the run with this setup as soon as its page is open, if that is the next page this browser opens.

        The address says nothing of it: a reload, the ways back and forward and a link start nothing.
        """
        with self._lock:
            self._to_begin[browser] = setup

    def enter(self, browser: str, setup: Setup) -> Visit:
        """Open a page on the run of this browser with this setup: from memory, from disk, or a new one."""
        with self._lock:
            held = self._find(browser, setup) or self._hold(browser, setup, self._found(browser, setup))
            visit = Visit(self, held)
            held.pages.add(visit)
            begins = self._to_begin.pop(browser, None) == setup
        if begins:
            held.run.start()
        return visit

    def put(self, browser: str, setup: Setup, kept: Kept) -> Setup:
        """Let the browser's run with this setup be the one kept.

        Returns:
            The setup as it is by now: learning rate and batch size may have been changed while it was trained.

        Raises:
            BadInput: the run kept does not fit its setup.
        """
        with self._lock:
            held = self._find(browser, setup)
            if held is None:
                held = self._hold(browser, setup, self._new(setup))
            else:
                self._keep(held)
            held.run.restore(kept)
            return held.setup

    def sweep(self, now: float | None = None) -> None:
        """Put on disk the runs that have been left alone for long, and write down those that have gone on."""
        now = time.monotonic() if now is None else now
        with self._lock:
            for held in list(self._held):
                if not held.pages and now - held.left_at > LEFT_ALONE_S:
                    self._put_away(held)
            gone_on = [held for held in self._held if held.stands != held.written]
        for held in gone_on:
            self._keep(held)

    def close(self) -> None:
        """Put all runs on disk and end them."""
        with self._lock:
            for held in self._held:
                held.run.pause()
            with ThreadPoolExecutor(AT_ONCE) as writers:
                list(writers.map(self._put_away, list(self._held)))
            if self._spare:
                self._spare.close()

    def _find(self, browser: str, setup: Setup) -> _Held | None:
        mine = (held for held in reversed(self._held) if held.browser == browser and held.setup == setup)
        return next(mine, None)

    def _hold(self, browser: str, setup: Setup, run: LiveRun) -> _Held:
        held = _Held(browser, setup, run)
        self._held.append(held)
        self._make_room(browser, but=held)
        return held

    def _leave(self, visit: Visit) -> None:
        with self._lock:
            held = visit._held
            held.pages.discard(visit)
            held.left_at = time.monotonic()
            if not held.pages and held.run.moment().phase is Phase.RUNNING:
                held.run.pause()

    def _found(self, browser: str, setup: Setup) -> LiveRun:
        shelf = self.shelf(browser)
        run = self._new(setup)
        entry = shelf.newest(setup)
        if entry is not None:
            try:
                run.restore(shelf.take(entry.progress.id)[1])
            except TatamiError as problem:
                _LOG.warning("%s", problem)
        return run

    def _new(self, setup: Setup) -> LiveRun:
        if setup == Setup() and self._spare is not None:
            run, self._spare = self._spare, None
            return run
        return self._make(setup)

    def _make_room(self, browser: str, but: _Held) -> None:
        mine = [held for held in self._held if held.browser == browser]
        alone = sorted(
            (held for held in mine if not held.pages and held is not but), key=lambda held: held.left_at
        )
        for held in alone[: max(0, len(mine) - MOST_RUNS)]:
            self._put_away(held)

    def _put_away(self, held: _Held) -> None:
        self._held.remove(held)
        self._keep(held)
        held.run.close()

    def _keep(self, held: _Held) -> None:
        """Keep a run in which anything was trained; a full disk is logged, and the others are kept."""
        if held.run.moment().phase is Phase.READY:
            return
        stands = held.stands
        try:
            self.shelf(held.browser).keep(held.setup, held.run.kept())
            held.written = stands
        except TatamiError as problem:
            _LOG.warning("%s", problem)
