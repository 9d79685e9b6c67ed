"""`tatami worksheet`: a lesson as a notebook, a script or a page."""

import difflib
from collections.abc import Sequence
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

    ending = _format(form, out, name.lower())
    path = out or Path(f"{name.lower()}.{ending}")
    write(name.lower(), language(), path, ending, people(student_id, student_name, email), _told)
    print(_("Written to {path}.", path=path))
    if open_it:
        typer.launch(str(path))
    elif ending == "ipynb":
        print(_("Open it in Jupyter, VS Code or Colab, and run its cells from the top."))
    elif ending == "py":
        print(_("Run it with: python -m tatamilab {path}", path=path))


def _format(form: str | None, out: Path | None, name: str) -> str:
    """The format asked for, else the one that the file's name ends with."""
    from tatamilab.lesson.worksheets import FORMATS

    if form is not None and form not in FORMATS:
        raise _unknown_format(form, FORMATS)
    if out is not None and out.is_dir():
        file = out / f"{name}.{form or FORMATS[0]}"
        raise BadInput(_("{path} is a folder; name the file itself, such as {file}.", path=out, file=file))
    ending = None if out is None else out.suffix.lstrip(".").lower()
    if form is None and ending is not None and ending not in FORMATS:
        raise BadInput(
            _(
                "The name of a worksheet's file ends in {known}, unless --format says what it is; received {path}.",
                known=", ".join(f".{one}" for one in FORMATS),
                path=out,
            )
        )
    return form or ending or FORMATS[0]


def _unknown_format(form: str, known: Sequence[str]) -> BadInput:
    if nearest := difflib.get_close_matches(form, known, n=1):
        return BadInput(
            _(
                "A worksheet can be {known}; received {value!r}. The nearest is {nearest}.",
                known=", ".join(known),
                value=form,
                nearest=nearest[0],
            )
        )
    return BadInput(_("A worksheet can be {known}; received {value!r}.", known=", ".join(known), value=form))


def _told(cell: "Cell") -> None:
    print(f"{cell.number:>3}/{cell.total} {cell.elapsed_s:6.1f} s  {cell.first_line[:60]}", flush=True)
