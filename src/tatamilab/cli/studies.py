"""`tatami studies`: the studies that a store keeps."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tatamilab.cli import usage
from tatamilab.cli.command import Command, group, lang_option, option
from tatamilab.cli.quiet import choose_backend
from tatamilab.cli.study import STORE, store_option
from tatamilab.errors import OutputError
from tatamilab.files import write_whole
from tatamilab.i18n import _

if TYPE_CHECKING:
    from tatamilab.study.asking import Asked

app = group(_("The studies that a store keeps: list, show, compare, export."))

Name = Annotated[
    str | None,
    typer.Argument(metavar="STUDY", show_default=False, help=_("Its name, or the beginning of its id")),
]
Other = Annotated[
    str | None,
    typer.Argument(metavar="OTHER", show_default=False, help=_("The study to compare it with")),
]


@app.command("list", cls=Command, help=_("List the studies of a store."))
def list_(
    store: Annotated[str | None, store_option()] = None, lang: Annotated[str | None, lang_option()] = None
) -> None:
    """Print a line a study."""
    from tatamilab.store import StudyStore

    with StudyStore(store or STORE, create=False) as opened:
        for one in opened.studies():
            print(
                _(
                    "{id}  {name}  {created}  {done} of {total} runs",
                    id=one.id,
                    name=one.name,
                    created=one.created,
                    done=one.n_done,
                    total=one.n_runs,
                )
            )


@app.command("show", cls=Command, help=_("Show the answer of a study from the runs that are there."))
def show(
    context: typer.Context,
    name: Name = None,
    out: Annotated[
        str | None, option("--out", metavar="DIR", help=_("Write figures and tables there too"))
    ] = None,
    store: Annotated[str | None, store_option()] = None,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Print the tables and the verdict; nothing is trained."""
    from tatamilab.cli.study import show_answer

    choose_backend()
    from tatamilab.study.asking import check_out, write_folder

    if out is not None:
        check_out(Path(out))
    asked = _stored(context, name, store)
    show_answer(asked)
    if out is not None:
        write_folder(asked, Path(out))


@app.command("export", cls=Command, help=_("Print all runs of a study as CSV."))
def export(
    context: typer.Context,
    name: Name = None,
    out: Annotated[str | None, option("--out", metavar="FILE", help=_("Write to this file instead"))] = None,
    store: Annotated[str | None, store_option()] = None,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Print a line a run; the same bytes from any store."""
    choose_backend()
    from tatamilab.study.exporting import to_csv

    asked = _stored(context, name, store)
    text = to_csv(asked.runs, asked.rows)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        write_whole(Path(out), text)
    except OSError as error:
        raise OutputError(
            _("The file {path} can't be written: {reason}.", path=out, reason=error.strerror or error)
        ) from error


@app.command("compare", cls=Command, help=_("Compare two studies: the runs and arms that they share."))
def compare(
    context: typer.Context,
    name: Name = None,
    other: Other = None,
    store: Annotated[str | None, store_option()] = None,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Print how two studies differ, arm by arm."""
    if other is None:
        raise usage.missing_argument("OTHER", context.command_path)
    choose_backend()
    from tatamilab.study.comparing import compare_studies

    first, second = _stored(context, name, store), _stored(context, other, store)
    for line in compare_studies(first, second):
        print(line)


def _stored(context: typer.Context, name: str | None, store: str | None) -> "Asked":
    from tatamilab.store import StudyStore
    from tatamilab.study.asking import stored_answer

    if name is None:
        raise usage.missing_argument("STUDY", context.command_path)
    with StudyStore(store or STORE, create=False) as opened:
        return stored_answer(opened, name)
