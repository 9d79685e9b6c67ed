"""`tatami report`: what is handed in, as one file."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tatamilab.cli import usage
from tatamilab.cli.command import lang_option, option
from tatamilab.cli.people import Emails, Names, StudentIds, people
from tatamilab.errors import BadInput, writing
from tatamilab.i18n import _

if TYPE_CHECKING:
    from tatamilab.lesson.executed import Source
    from tatamilab.lesson.report import Report

HELP = _("Make the report that is handed in: one printable file from a notebook or from runs.")
DEFAULT = "report.html"


def report(
    context: typer.Context,
    sources: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="RUN|NOTEBOOK…",
            show_default=False,
            help=_("A notebook, as it was last saved, or folders of runs; all go into one report"),
        ),
    ] = None,
    student_id: StudentIds = None,
    student_name: Names = None,
    email: Emails = None,
    out: Annotated[
        Path | None,
        option(
            "--out",
            metavar="FILE",
            help=_("Where it goes; .pdf prints it through a browser"),
            default=DEFAULT,
        ),
    ] = None,
    force: Annotated[
        bool, option("--force", help=_("Write over --out even if it is something else than this report"))
    ] = False,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Write the report, and list what is missing in it."""
    if not sources:
        raise usage.missing_argument("RUN|NOTEBOOK", context.command_path)
    path = out or Path(DEFAULT)
    if path.suffix.lower() not in (".html", ".pdf"):
        raise BadInput(_("A report is .html or .pdf; received {path}.", path=path))
    from tatamilab.files import write_whole
    from tatamilab.lesson import executed, printing
    from tatamilab.lesson import report as reports
    from tatamilab.lesson.renewing import check_renewal

    who = people(student_id, student_name, email)
    read = executed.read_all(sources)
    names = [one.path.resolve().name for one in read]
    made = reports.compose([one.found for one in read], who, datetime.now().astimezone(), names)
    if not force:
        check_renewal(path, made)
    page = reports.render(made)
    with writing(path):
        if path.suffix.lower() == ".pdf":
            printing.print_pdf(page, path)
        else:
            write_whole(path, page)
    _tell(read, made, path)


def _tell(read: "list[Source]", made: "Report", path: Path) -> None:
    """Say where the results are from, where the report is, and what isn't in it."""
    for one in read:
        if one.executed is not None:
            print(
                _(
                    "{path} holds no results: they are those of {executed}.",
                    path=one.path,
                    executed=one.executed,
                )
            )
        if not one.is_same_code:
            print(
                _(
                    "The code of the two is no longer the same; tatami notebook run {path} gives the results of the "
                    "code as it is now.",
                    path=one.path,
                )
            )
    print(_("Written to {path}.", path=path))
    if not made.results:
        print(
            _(
                "There is no result in it: run {path} and save it, or run it with tatami notebook run {path}; then "
                "make the report again.",
                path=read[0].path,
            )
        )
    for trouble in made.troubles:
        print(_("Left out: {what}", what=trouble))
    if made.missing:
        print(_("Not there yet (you can hand it in all the same):"))
        for what in made.missing:
            print(f"  - {what}")
