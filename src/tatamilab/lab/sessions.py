"""The runs of each browser, one for each setup: a reload, a second tab or the way back finds them again.

A run that no page shows is paused; after ten minutes, or once many have been left, it is put on disk, and from there it
is taken up again. One that is trained is written every minute, so that a server that is killed loses no more.

What takes long, building a network or writing a run, is done for one browser at a time, one thing after the other; no
other browser's pages wait for it.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from threading import Lock
from weakref import WeakValueDictionary

from tatamilab.errors import TatamiError
from tatamilab.session import LiveRun, Phase, Setup, Shelf
from tatamilab.session.moment import Kept

LEFT_ALONE_S = 600.0
"""Seconds without a page after which a run is put on disk."""

MOST_RUNS = 4
"""Runs of a browser that are held in memory; beyond, those left longest are put on disk."""

MOST_ALONE = 24
"""Runs without a page that are held in memory, of all browsers together; beyond, those left longest are put on disk."""

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
    def stands(self) -> tuple[str, Setup, int, int]:
        """Which training it is, and how far it has come."""
        moment = self.run.moment()
        return self.run.id, self.setup, moment.epoch, moment.step

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
        self._lock = Lock()  # of what follows; nothing that takes long is done with it
        self._spare: LiveRun | None = make(Setup())
        self._held: list[_Held] = []
        self._to_begin: dict[str, Setup] = {}  # by browser
        self._turns = WeakValueDictionary[str, Lock]()  # of browsers for which something is done

    def shelf(self, browser: str) -> Shelf:
        """Where the runs of this browser are kept."""
        return _SharedShelf(self, browser)

    def begin_at_next_page(self, browser: str, setup: Setup) -> None:
        """Start the run with this setup as soon as its page is open, if that is the next page this browser opens.

        The address says nothing of it: a reload, the ways back and forward and a link start nothing.
        """
        with self._lock:
            self._to_begin[browser] = setup

    def enter(self, browser: str, setup: Setup) -> Visit:
        """Open a page on the run of this browser with this setup: from memory, from disk, or a new one."""
        with self._alone_with(browser):
            held = self._find(browser, setup) or self._hold(browser, setup, self._found(browser, setup))
            visit = Visit(self, held)
            with self._lock:
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
        with self._alone_with(browser):
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
        for held in self._all():
            if now - held.left_at > LEFT_ALONE_S:
                self._put_away(held)
        for held in self._all():
            with self._alone_with(held.browser):
                if held in self._all():
                    self._keep(held)

    def close(self) -> None:
        """Put all runs on disk and end them."""
        everything = self._all()
        for held in everything:
            held.run.hush()
            held.run.pause()
            held.pages.clear()
        with ThreadPoolExecutor(AT_ONCE) as writers:
            list(writers.map(self._put_away, everything))
        if self._spare:
            self._spare.close()

    @contextmanager
    def _alone_with(self, browser: str) -> Iterator[None]:
        """Nothing else is done meanwhile with the runs of this browser, in memory or on disk."""
        with self._lock:
            turn = self._turns.setdefault(browser, Lock())
        with turn:
            yield

    def _all(self) -> list[_Held]:
        with self._lock:
            return list(self._held)

    def _find(self, browser: str, setup: Setup) -> _Held | None:
        mine = (held for held in reversed(self._all()) if held.browser == browser and held.setup == setup)
        return next(mine, None)

    def _hold(self, browser: str, setup: Setup, run: LiveRun) -> _Held:
        held = _Held(browser, setup, run)
        with self._lock:
            self._held.append(held)
        return held

    def _leave(self, visit: Visit) -> None:
        held = visit._held
        with self._alone_with(held.browser):
            with self._lock:
                held.pages.discard(visit)
                held.left_at = time.monotonic()
            if not held.pages and held.run.moment().phase is Phase.RUNNING:
                held.run.pause()
        for surplus in self._surplus(held.browser):
            self._put_away(surplus)

    def _surplus(self, browser: str) -> list[_Held]:
        """The runs left longest, where this browser or all together have left too many."""
        everything = self._all()
        alone = sorted((held for held in everything if not held.pages), key=lambda held: held.left_at)
        mine = [held for held in alone if held.browser == browser]
        n_mine = sum(held.browser == browser for held in everything)
        return [*mine[: max(0, n_mine - MOST_RUNS)], *alone[: max(0, len(alone) - MOST_ALONE)]]

    def _found(self, browser: str, setup: Setup) -> LiveRun:
        shelf = self._disk(browser)
        run = self._new(setup)
        entry = shelf.newest(setup)
        if entry is not None:
            try:
                run.restore(shelf.take(entry.progress.id)[1])
            except TatamiError as problem:
                _LOG.warning("%s", problem)
        return run

    def _new(self, setup: Setup) -> LiveRun:
        if setup == Setup():
            with self._lock:
                spare, self._spare = self._spare, None
            if spare is not None:
                return spare
        return self._make(setup)

    def _put_away(self, held: _Held) -> None:
        """Put a run on disk and end it, unless a page has come to it, or somebody else has done so."""
        with self._alone_with(held.browser):
            if held.pages or held not in self._all():
                return
            self._keep(held)
            with self._lock:
                self._held.remove(held)
            held.run.close()

    def _keep(self, held: _Held) -> None:
        """Keep a run that is not kept as it stands; a full disk is logged, and the others are kept."""
        stands = held.stands
        if held.run.moment().phase is Phase.READY or stands == held.written:
            return
        try:
            self._disk(held.browser).keep(held.setup, held.run.kept())
            held.written = stands
        except TatamiError as problem:
            _LOG.warning("%s", problem)

    def _disk(self, browser: str) -> Shelf:
        return Shelf(self._folder / sha256(browser.encode()).hexdigest()[:16])


class _SharedShelf(Shelf):
    """A browser's shelf for its pages, while its runs in memory are written there too: one thing after the other."""

    def __init__(self, sessions: Sessions, browser: str) -> None:
        super().__init__(sessions._disk(browser).folder)
        self._sessions, self._browser = sessions, browser

    def keep(self, setup: Setup, kept: Kept) -> None:
        with self._sessions._alone_with(self._browser):
            super().keep(setup, kept)
            for held in self._in_memory([kept.progress.id]):
                held.written = None  # a later state of it may have been replaced

    def take(self, id: str) -> tuple[Setup, Kept]:
        with self._sessions._alone_with(self._browser):
            return super().take(id)

    def delete(self, ids: Iterable[str]) -> None:
        """As of every shelf; a run that a page still shows is not written again until it is trained further."""
        ids = list(ids)
        with self._sessions._alone_with(self._browser):
            super().delete(ids)
            for held in self._in_memory(ids):
                held.written = held.stands

    def _in_memory(self, ids: list[str]) -> list[_Held]:
        everything = self._sessions._all()
        return [held for held in everything if held.browser == self._browser and held.run.id in ids]
