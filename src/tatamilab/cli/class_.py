"""`tatami class`: what a teacher needs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tatamilab.cli import usage
from tatamilab.cli.command import Command, group, lang_option, option
from tatamilab.errors import BadInput, writing
from tatamilab.i18n import _

if TYPE_CHECKING:
    from tatamilab.lesson.classroom import ClassSummary

app = group(_("A class: what to prepare, and what was handed in."))
DEFAULT = "class.html"
KIT = "class-kit"


@app.command(
    "collect",
    cls=Command,
    help=_("Put everything that was handed in onto one page; nothing leaves the machine."),
)
def collect(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="FOLDER",
            show_default=False,
            help=_("Reports, notebooks and runs, in folders or zips, such as an LMS gives"),
        ),
    ] = None,
    out: Annotated[
        Path | None,
        option(
            "--out",
            metavar="FILE.html",
            help=_("Where the page goes; the table goes beside it"),
            default=DEFAULT,
        ),
    ] = None,
    anonymous: Annotated[
        bool, option("--anonymous", help=_("Numbers in the place of names, for the projector"))
    ] = False,
    roster: Annotated[
        Path | None,
        option(
            "--roster", metavar="FILE.csv", help=_("Everyone in the class, to see who is missing: ID, name")
        ),
    ] = None,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Gather, write the page and the table, and say what could not be read."""
    if folder is None:
        raise usage.missing_argument("FOLDER", context.command_path)
    page = out or Path(DEFAULT)
    if page.suffix.lower() != ".html":
        raise BadInput(_("The page of a class is .html; received {path}.", path=page))
    from tatamilab.files import write_whole
    from tatamilab.lesson.classroom import gather, read_roster, render, summarise, table
    from tatamilab.lesson.classroom.page import verdict

    everyone = () if roster is None else read_roster(roster)
    if roster is not None and page.with_suffix(".csv").resolve() == roster.resolve():
        raise BadInput(
            _("The list {path} would be written over; choose another page with --out.", path=roster)
        )
    summary = summarise(gather(folder), everyone, anonymous=anonymous)
    if not summary.n_handed_in:
        _tell_unread(summary)
        raise BadInput(
            _(
                "Nothing was handed in: {folder} holds no report (.html), no notebook (.ipynb) and no run that can be "
                "read.",
                folder=folder,
            )
        )
    with writing(page):
        write_whole(page, render(summary, anonymous=anonymous))
        write_whole(page.with_suffix(".csv"), table(summary))
    print(verdict(summary))
    _tell_unread(summary)
    if summary.notes:
        print(_("Notes on the page, such as of what was edited by hand: {n}", n=len(summary.notes)))
    print(
        _("{n} handed in: {page}, {table}", n=summary.n_handed_in, page=page, table=page.with_suffix(".csv"))
    )


def _tell_unread(summary: "ClassSummary") -> None:
    from tatamilab.lesson.classroom.page import passed_over

    for name, reason in summary.unread:
        print(_("Not read: {name}: {reason}", name=name, reason=reason))
    if summary.passed_over:
        print(passed_over(summary))


@app.command(
    "kit",
    cls=Command,
    help=_("Write what a teacher needs: plan, answer key, projector page, installing, Colab."),
)
def kit(
    out: Annotated[
        Path | None, option("--out", metavar="DIR", help=_("Folder that it goes into"), default=KIT)
    ] = None,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Write the kit, and name its files."""
    from tatamilab.lesson.kit import write_kit

    for path in write_kit(out or Path(KIT)):
        print(path)
