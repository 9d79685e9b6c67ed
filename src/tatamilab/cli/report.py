"""`tatami report`: what is handed in, as one file."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from tatamilab.cli import usage
from tatamilab.cli.command import lang_option, option
from tatamilab.cli.people import Emails, Names, StudentIds, people
from tatamilab.errors import BadInput, writing
from tatamilab.i18n import _

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
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Write the report, and list what is missing in it."""
    if not sources:
        raise usage.missing_argument("RUN|NOTEBOOK", context.command_path)
    path = out or Path(DEFAULT)
    if path.suffix.lower() not in (".html", ".pdf"):
        raise BadInput(_("A report is .html or .pdf; received {path}.", path=path))
    from tatamilab.files import write_whole
    from tatamilab.lesson import handins, printing
    from tatamilab.lesson import report as reports

    found = [handins.read(source) for source in sources]
    made = reports.compose(found, people(student_id, student_name, email), datetime.now().astimezone())
    page = reports.render(made)
    with writing(path):
        if path.suffix.lower() == ".pdf":
            printing.print_pdf(page, path)
        else:
            write_whole(path, page)
    print(_("Written to {path}.", path=path))
    for trouble in made.troubles:
        print(_("Left out: {what}", what=trouble))
    if made.missing:
        print(_("Not there yet (you can hand it in all the same):"))
        for one in made.missing:
            print(f"  - {one}")
