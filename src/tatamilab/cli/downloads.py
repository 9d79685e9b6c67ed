"""How far a download has come, on standard error where that is a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn


@contextmanager
def showing_downloads() -> Iterator[Callable[[str, int, int], None]]:
    """Yield what `tatamilab.data.fetch` wants as `progress`; nothing is shown where no terminal is."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as display:
        tasks = {}

        def told(name: str, here_bytes: int, all_bytes: int) -> None:
            if name not in tasks:
                tasks[name] = display.add_task(name, total=all_bytes or None)
            display.update(tasks[name], completed=here_bytes)

        yield told
