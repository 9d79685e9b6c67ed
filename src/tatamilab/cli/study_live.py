"""A study in a terminal: runs done, time left, and the main contrast with an interval to watch."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from tatamilab.cli.under_way import is_live
from tatamilab.i18n import _

if TYPE_CHECKING:
    from tatamilab.store import RunRow
    from tatamilab.study.running import Prepared, Told
    from tatamilab.study.running import Progress as Far


class Display:
    """Shows how far a study is, on the standard error.

    Args:
        quiet: show nothing.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._quiet = quiet or not is_live(self._console)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.fields[watched]}"),
            console=self._console,
            transient=True,
            disable=self._quiet,
        )

    def __enter__(self) -> "Display":
        self._bar.start()
        self._task = self._bar.add_task(_("Starting"), total=None, left="", watched="")
        return self

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()

    def begun(self, prepared: "Prepared") -> "Told":
        """What is told how far the study is."""
        if prepared.where.notice:
            self._console.print(prepared.where.notice)
        watched = _Watched(prepared)

        def told(far: "Far") -> None:
            self._bar.update(
                self._task,
                description=_("Runs"),
                completed=far.done,
                total=far.total,
                left="" if far.left_s is None else _("{seconds:,.0f} s left", seconds=far.left_s),
                watched="" if self._quiet else watched.after(far),
            )

        return told


class _Watched:
    """The main contrast over the whole draws so far: to watch, not a result."""

    def __init__(self, prepared: "Prepared") -> None:
        self._prepared = prepared
        self._rows: dict[str, RunRow] = {}
        self._said = ""

    def after(self, far: "Far") -> str:
        """What to show now."""
        from tatamilab.study.results import collect
        from tatamilab.study.stopping import main_contrast
        from tatamilab.study.words import contrast_title

        study = self._prepared.study
        if far.row is None or not study.asked():
            return self._said
        run, row = far.row
        self._rows[run.key] = row
        seen = main_contrast(collect(study, self._prepared.runs, self._rows))
        if seen.n >= 2 and seen.half_width < 1:
            self._said = _(
                "{contrast} {mean:+z.1f} ± {half:.1f} points (watching, not a result)",
                contrast=contrast_title(study.asked()[0]),
                mean=100 * seen.mean,
                half=100 * seen.half_width,
            )
        return self._said
