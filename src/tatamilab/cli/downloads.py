"""How far a download has come, on standard error where that is a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from tatamilab.cli.under_way import is_live


@contextmanager
def showing_downloads() -> Iterator[Callable[[str, int, int], None]]:
    """Yield what `tatamilab.data.fetch` wants as `progress`; nothing is shown where no terminal is."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, disable=not is_live(console)) as display:
        tasks = {}

        def told(name: str, here_bytes: int, all_bytes: int) -> None:
            if name not in tasks:
                tasks[name] = display.add_task(name, total=all_bytes or None)
            display.update(tasks[name], completed=here_bytes)

        yield told
