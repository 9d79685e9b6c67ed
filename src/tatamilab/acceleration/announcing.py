"""The quiet line: who trains, said once for each thing that there is to say."""

import sys
from threading import Lock

from tatamilab.i18n import _

_said: set[str] = set()
_lock = Lock()


def say(sentence: str) -> None:
    """Write a sentence to the standard error, unless it was said before in this process."""
    with _lock:
        if sentence in _said:
            return
        _said.add(sentence)
    print(_("tatamilab: {sentence}", sentence=sentence), file=sys.stderr)


def forget() -> None:
    """From here on, all may be said again."""
    with _lock:
        _said.clear()
