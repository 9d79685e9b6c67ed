"""How long each phase of a run takes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tatamilab.experiment.watching import Phase, Watcher


class Timings:
    """Clocks each phase, and tells a watcher of its beginning and end.

    Attributes:
        elapsed_s: seconds by phase, of the phases that are over.
    """

    def __init__(self, watcher: Watcher) -> None:
        self.elapsed_s: dict[str, float] = {}
        self._watcher = watcher

    @contextmanager
    def phase(self, phase: Phase) -> Iterator[None]:
        """Clock the block as `phase`; time spent in a phase twice adds up."""
        self._watcher.phase_started(phase)
        started = time.perf_counter()
        yield
        elapsed_s = time.perf_counter() - started
        self.elapsed_s[phase] = round(self.elapsed_s.get(phase, 0.0) + elapsed_s, 6)
        self._watcher.phase_finished(phase, elapsed_s)
