"""`tatami worksheet`: a lesson as a notebook, a script or a page."""

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tatamilab.cli import usage
from tatamilab.cli.command import lang_option, option
from tatamilab.cli.people import Emails, Names, StudentIds, people
from tatamilab.errors import BadInput
from tatamilab.i18n import _, language

if TYPE_CHECKING:
    from tatamilab.acceleration.notebooks import Cell

HELP = _("Write a worksheet: a whole lesson to work through in a notebook.")
KNOWN = ("b1-2", "b2-1", "b2-2")


def worksheet(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", show_default=False, help=_("Which one: {known}", known=", ".join(KNOWN))
        ),
    ] = None,
    student_id: StudentIds = None,
    student_name: Names = None,
    email: Emails = None,
    form: Annotated[
        str | None,
        option(
            "--format",
            metavar="ipynb|py|html",
            help=_("A notebook, a script, or a page with all results, which takes a minute or two"),
            default="ipynb",
        ),
    ] = None,
    out: Annotated[
        Path | None, option("--out", metavar="FILE", help=_("Where it goes"), default="NAME.ipynb")
    ] = None,
    open_it: Annotated[bool, option("--open", help=_("Open it"))] = False,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Write the worksheet, and say where it is and how to begin."""
    if name is None:
        raise usage.missing_argument("NAME", context.command_path)
    from tatamilab.lesson.worksheets import write

    ending = _format(form, out)
    path = out or Path(f"{name.lower()}.{ending}")
    write(name.lower(), language(), path, ending, people(student_id, student_name, email), _told)
    print(_("Written to {path}.", path=path))
    if open_it:
        typer.launch(str(path))
    elif ending == "ipynb":
        print(_("Open it in Jupyter, VS Code or Colab, and run its cells from the top."))
    elif ending == "py":
        print(_("Run it with: python -m tatamilab {path}", path=path))


def _format(form: str | None, out: Path | None) -> str:
    """The format asked for, else the one that the file's name ends with."""
    from tatamilab.lesson.worksheets import FORMATS

    wanted = form or (out.suffix.lstrip(".") if out is not None else FORMATS[0])
    if wanted in FORMATS:
        return wanted
    nearest = difflib.get_close_matches(wanted, FORMATS, n=1, cutoff=0)[0]
    raise BadInput(
        _(
            "A worksheet can be {known}; received {value!r}. The nearest is {nearest}.",
            known=", ".join(FORMATS),
            value=wanted,
            nearest=nearest,
        )
    )


def _told(cell: "Cell") -> None:
    print(f"{cell.number:>3}/{cell.total} {cell.elapsed_s:6.1f} s  {cell.first_line[:60]}", flush=True)
