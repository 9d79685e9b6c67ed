"""Ctrl-C in two steps: the first asks to stop after the step in hand, the second ends at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Whether someone has asked to stop."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    @property
    def asked(self) -> bool:
        """True from the first Ctrl-C on."""
        return self._asked.is_set()

    def ask(self) -> None:
        """Ask to stop after the step in hand."""
        self._asked.set()


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Inside the block, the first Ctrl-C asks to stop and no more; the second raises KeyboardInterrupt.

    The handler prints nothing: it may run while the display holds its locks, and would wait for itself.

    Python delivers signals to the main thread only; in another thread the block changes nothing. Nor does it
    where Ctrl-C is ignored already, as it is for a script's jobs in the background.
    """
    interruption = Interruption()

    def handle(_number: int, _frame: FrameType | None) -> None:
        if interruption.asked:
            raise KeyboardInterrupt
        interruption.ask()

    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield interruption
        return
    before = signal.signal(signal.SIGINT, handle)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, before)
