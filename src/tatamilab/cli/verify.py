"""`tatami verify`: whether a report's numbers are those that were computed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tatamilab.cli import usage
from tatamilab.cli.command import lang_option, option
from tatamilab.cli.quiet import choose_backend
from tatamilab.i18n import _

if TYPE_CHECKING:
    from tatamilab.lesson.reading_reports import ReadReport

HELP = _("Check a report: is every number the one that was computed? Finds slips, not cheats.")
FOUND = 1


def verify(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="REPORT.html", show_default=False, help=_("The report"))
    ] = None,
    run: Annotated[
        bool,
        option("--run", help=_("Train again what is built in, and compare; no code of the report is run")),
    ] = False,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Say what is not as it was computed; exit with 1 if anything is not, or if there is nothing to compare."""
    if file is None:
        raise usage.missing_argument("REPORT.html", context.command_path)
    from tatamilab.lesson import verifying
    from tatamilab.lesson.reading_reports import read_report

    report = read_report(file)
    found = verifying.slips(report)
    for line in found:
        print(line)
    if not report.results:
        print(_("The report holds no result, so there was no number to check."))
    elif not found:
        print(_("Results: {n}; every number is the one that was computed.", n=len(report.results)))
    if run:
        found += _repeat(report)
    print(_("This finds slips, not cheats."))
    if found or not report.results:
        raise typer.Exit(FOUND)


def _repeat(report: "ReadReport") -> list[str]:
    """Train the results again; return those that came out differently."""
    choose_backend()
    from tatamilab.errors import TatamiError
    from tatamilab.lesson import verifying

    different = []
    for kept in report.results:
        try:
            again = verifying.repeat(kept.result, lambda line: print(line, flush=True))
        except TatamiError as problem:
            print(f"  {problem}")
            continue
        if again.is_same:
            line = _("  the same, bit for bit: {accuracy:.2%}", accuracy=again.now)
        else:
            line = _(
                "  not the same bits: {now:.2%} now, {then:.2%} in the report ({points:+z.2f} points)",
                now=again.now,
                then=again.handed_in,
                points=100 * (again.now - again.handed_in),
            )
            different.append(line)
        print(line)
    return different
