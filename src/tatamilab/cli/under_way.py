"""What is under way, in a terminal: what is over as lines, and below them a bar; elsewhere the lines alone."""

import sys

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.text import Text

from tatamilab.i18n import _


def is_live(console: Console) -> bool:
    """Whether what has been written can be written over."""
    return console.is_terminal and not console.is_dumb_terminal


class UnderWay:
    """Shows on the standard output how far something is.

    Args:
        quiet: show nothing.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._console = Console(highlight=False)
        self._quiet = quiet
        self._is_live = not quiet and is_live(self._console)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(24),
            TaskProgressColumn(),
            console=self._console,
            transient=True,
            disable=not self._is_live,
        )

    def __enter__(self) -> "UnderWay":
        self._bar.start()
        self._task = self._bar.add_task(_("Starting"), total=None)
        return self

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()

    def line(self, text: str) -> None:
        """Print a line above the bar."""
        if self._is_live:
            self._console.print(Text(text))
        elif not self._quiet:
            print(text, file=sys.stdout, flush=True)

    def far(self, words: str, done: int, total: int) -> None:
        """Move the bar on; called often.

        Args:
            words: what is under way.
            done: how much of it.
            total: of how much.
        """
        self._bar.update(self._task, description=words, completed=done, total=total)
