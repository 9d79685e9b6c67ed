"""`tatami notebook run`: someone's notebook, natively where the engine applies."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tatamilab.cli import usage
from tatamilab.cli.command import Command, group, lang_option, option
from tatamilab.i18n import _

if TYPE_CHECKING:
    from tatamilab.acceleration.notebooks import Summary

FAILED = 1

app = group(_("Run notebooks, natively where the engine applies."))


@app.command(
    "run", cls=Command, help=_("Run a notebook from its first cell to its last, and keep its outputs.")
)
def run(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE.ipynb", show_default=False, help=_("The notebook"))
    ] = None,
    out: Annotated[
        Path | None,
        option(
            "--out",
            metavar="FILE.ipynb",
            help=_("Where the notebook with its outputs goes"),
            default="FILE.executed.ipynb",
        ),
    ] = None,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Run all cells, a line for each, and say what was native."""
    if file is None:
        raise usage.missing_argument("FILE.ipynb", context.command_path)
    from rich.console import Console
    from rich.text import Text

    from tatamilab.acceleration import notebooks

    console = Console(highlight=False)
    target = out or notebooks.executed(file)
    with console.status(_("Starting")) as status:

        def begun(cell: notebooks.Cell) -> None:
            line = _(
                "Cell {number} of {total}: {line}", number=cell.number, total=cell.total, line=cell.first_line
            )
            status.update(Text(line))

        def ended(cell: notebooks.Cell) -> None:
            line = f"{cell.number:>3}/{cell.total} {cell.elapsed_s:7.2f} s  {cell.first_line}"
            console.print(Text(line), no_wrap=True, overflow="ellipsis", crop=True)

        summary = notebooks.run(file, target, begun, ended)
    _show(summary, target)


def _show(summary: "Summary", target: Path) -> None:
    stats = summary.stats
    print(
        _(
            "{n} cells in {seconds:.1f} s; calls of Keras: {native} native, {keras} not.",
            n=summary.n_cells,
            seconds=summary.elapsed_s,
            native=stats.native,
            keras=stats.keras,
        )
    )
    for reason, count in stats.reasons.items():
        print(_("  {count} × Keras: {reason}", count=count, reason=reason))
    print(_("Written to {path}.", path=target))
    if summary.failure is not None:
        cell, error = summary.failure
        print(_("Cell {number} failed: {error}", number=cell.number, error=error))
        raise typer.Exit(FAILED)
