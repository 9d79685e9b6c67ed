"""`Turns`: the cores of this machine, lent for a moment at a time, fairly.

A few trainings share the machine, slice by slice of a twentieth of a second, so that each is seen to move. Who comes
later stands in line, and is told the place. Who has computed for half a second while others stand in line goes to the
end of it. So in a class of thirty all trainings move on, none waits for another's end, and everyone knows how long.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Lock

KERAS = Lock()
"""Held while a Keras model is built: its initializers draw from generators that the whole process shares."""

AT_ONCE = 4
"""Trainings that share the machine; with more, none would be seen to move."""

LOOKS_A_S = 50
"""How often a second those in line look at their places, all together: the longer the line, the less often each."""

STAY_S = 0.5
"""Seconds of computing after which a training makes room, if others stand in line."""


class Turns:
    """Who computes, who shares the machine, who stands in line.

    Args:
        at_once: how many share the machine.
        stay_s: seconds of computing after which one of them makes room.
    """

    def __init__(self, at_once: int = AT_ONCE, stay_s: float = STAY_S) -> None:
        self.at_once, self.stay_s = at_once, stay_s
        self.lock = Lock()
        self.inside: list[Seat] = []
        self.asking: deque[Seat] = deque()
        self.line: deque[Seat] = deque()
        self.is_taken = False

    def seat(self, moved: Callable[[], None] | None = None) -> "Seat":
        """A place for one who will compute now and then.

        Args:
            moved: called while the seat waits for a turn, when its place in the line has changed.
        """
        return Seat(self, moved)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """One turn that is soon over: not behind the line, but next to those who share the machine now."""
        seat = self.seat()
        with self.lock:
            self.inside.append(seat)
        try:
            with seat.turn():
                yield
        finally:
            seat.leave()

    @property
    def n_sharing(self) -> int:
        """How many compute or wait for it at this moment.

        Example:
            >>> turns = Turns()
            >>> with turns.taken():
            ...     turns.n_sharing
            1
        """
        with self.lock:
            return len(self.inside) + len(self.line)


class Seat:
    """One that takes turns with others: `turn` by `turn`, until it `leaves`."""

    def __init__(self, turns: Turns, moved: Callable[[], None] | None) -> None:
        self._turns, self._moved = turns, moved
        self._called = Condition(turns.lock)
        self._used_s = 0.0

    @property
    def place(self) -> int:
        """1 for the next to be let in, 2 for the one behind it, …; 0 where there is nothing to wait for but a turn."""
        with self._turns.lock:
            return self._place()

    @contextmanager
    def turn(self, wanted: Callable[[], object] = lambda: True) -> Iterator[bool]:
        """Wait until it is this one's turn; the block is its turn.

        Args:
            wanted: whether the turn is wanted still; looked at again after `look_again`.

        Yields:
            Whether it is one's turn; False where it is not wanted any more.
        """
        given = self._wait(wanted)
        began = time.perf_counter()
        try:
            yield given
        finally:
            if given:
                self._end(time.perf_counter() - began)

    def look_again(self) -> None:
        """Let a `turn` that waits see whether it is wanted still."""
        with self._turns.lock:
            self._called.notify_all()

    def leave(self) -> None:
        """Make room for the next in line, until another turn is asked for."""
        turns = self._turns
        with turns.lock:
            if self in turns.inside:
                turns.inside.remove(self)
            elif self in turns.line:
                turns.line.remove(self)
            self._let_in()

    def _place(self) -> int:
        line = self._turns.line
        return line.index(self) + 1 if self in line else 0

    def _wait(self, wanted: Callable[[], object]) -> bool:
        place = self.place
        while True:
            with self._turns.lock:
                self._join()
                while (now := self._place()) == place:
                    if not wanted():
                        self._ask_no_more()
                        return False
                    if self._is_next():
                        self._turns.asking.popleft()
                        self._turns.is_taken = True
                        return True
                    self._called.wait(len(self._turns.line) / LOOKS_A_S if now else None)
            place = now
            if self._moved:
                self._moved()

    def _join(self) -> None:
        turns = self._turns
        if self not in turns.inside and self not in turns.line:
            self._used_s = 0.0
            turns.line.append(self)
            self._let_in()

    def _is_next(self) -> bool:
        turns = self._turns
        if self in turns.inside and self not in turns.asking:
            turns.asking.append(self)
        return not turns.is_taken and bool(turns.asking) and turns.asking[0] is self

    def _ask_no_more(self) -> None:
        turns = self._turns
        if self in turns.asking:
            turns.asking.remove(self)
        self._call_next()

    def _end(self, used_s: float) -> None:
        turns = self._turns
        with turns.lock:
            turns.is_taken = False
            self._used_s += used_s
            if turns.line and self._used_s >= turns.stay_s:
                self._used_s = 0.0
                turns.inside.remove(self)
                turns.line.append(self)
                self._let_in()
            self._call_next()

    def _let_in(self) -> None:
        """Fill the room that there is from the line; those behind see their new places when they look next."""
        turns = self._turns
        while turns.line and len(turns.inside) < turns.at_once:
            turns.inside.append(turns.line.popleft())
            turns.inside[-1]._called.notify_all()
        self._call_next()

    def _call_next(self) -> None:
        if self._turns.asking and not self._turns.is_taken:
            self._turns.asking[0]._called.notify_all()


HERE = Turns()
"""Of this process."""
