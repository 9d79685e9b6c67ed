"""`tatami study`: one question, many trainings, an answer with error bars."""

import json as json_
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tatamilab.cli import usage
from tatamilab.cli.command import INTERRUPTED, lang_option, option
from tatamilab.cli.quiet import choose_backend
from tatamilab.cli.suggestions import studies as known_studies
from tatamilab.cli.usage import whole_number
from tatamilab.errors import BadInput
from tatamilab.i18n import _

if TYPE_CHECKING:
    from tatamilab.study.asking import Asked
    from tatamilab.study.specification import Study

HELP = _(
    "Answer a question by many trainings: intervals, figures, and a verdict that says no more than they do."
)
STORE = "sqlite:///studies/studies.db"

What = Annotated[
    str | None,
    typer.Argument(
        metavar="STUDY",
        show_default=False,
        help=_("b2-1-2, filters, learning-rate, or a FILE.toml"),
        autocompletion=lambda: list(known_studies()),
    ),
]


def store_option() -> Any:
    """`--store`, which all commands about studies have."""
    return option(
        "--store",
        metavar="ADDRESS",
        help=_("Where runs are kept: sqlite:///FILE or postgresql://USER@HOST/NAME"),
        default=STORE,
    )


def study(
    context: typer.Context,
    what: What = None,
    sizes: Annotated[
        str | None,
        option("--sizes", metavar="N,N,…", help=_("Numbers of images, validation included"), default=600),
    ] = None,
    draws: Annotated[
        str | None, option("--draws", metavar="N", help=_("Random samples of each size"), default=20)
    ] = None,
    updates: Annotated[
        str | None,
        option("--updates", metavar="N", help=_("Also train each model for N updates, whatever the size")),
    ] = None,
    why: Annotated[
        bool, option("--why", help=_("With b2-1-2: add the controls that explain the difference"))
    ] = False,
    split: Annotated[
        bool,
        option("--split", help=_("Two initial weights × two orders a draw, to split the scatter by cause")),
    ] = False,
    until: Annotated[
        str | None,
        option("--until", metavar="RULE", help=_("Add draws until the interval is within ±: 'ci<0.5pp'")),
    ] = None,
    seed: Annotated[
        str | None, option("--seed", metavar="N", help=_("Root of all random streams"), default=0)
    ] = None,
    on: Annotated[
        str | None,
        option(
            "--on",
            metavar="PLACE",
            help=_("Where to run: local, local:N or dask://HOST:PORT"),
            default="local",
        ),
    ] = None,
    store: Annotated[str | None, store_option()] = None,
    out: Annotated[
        str | None,
        option(
            "--out", metavar="DIR", help=_("Folder for figures and tables"), default="studies/<name>-<id>"
        ),
    ] = None,
    json: Annotated[bool, option("--json", help=_("Print JSON instead of words"))] = False,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Run what is missing of a study, and print the answer."""
    if what is None:
        raise usage.missing_argument("STUDY", context.command_path)
    asked_for = _study(
        what,
        why=why,
        updates=None if updates is None else whole_number("--updates", updates),
        changes={
            **(
                {} if sizes is None else {"sizes": [whole_number("--sizes", one) for one in sizes.split(",")]}
            ),
            **_draws(draws, until),
            **({} if seed is None else {"seed": whole_number("--seed", seed)}),
            **({"initialisations": 2, "orders": 2} if split else {}),
        },
    )
    choose_backend()
    from tatamilab.store import StudyStore
    from tatamilab.study.asking import ask, check_out
    from tatamilab.study.design import study_id

    folder = Path(out) if out else Path("studies", f"{asked_for.name}-{study_id(asked_for)}")
    check_out(folder)
    with StudyStore(store or STORE) as opened, _display(json) as display:
        asked = ask(asked_for, opened, on=on, until=until, begun=display.begun)
    if not asked.whole:
        print(
            _("Interrupted; what was done is kept, and the same command goes on from there."), file=sys.stderr
        )
    _show(asked, folder, json=json)
    if not asked.whole:
        raise typer.Exit(INTERRUPTED)


def _draws(draws: str | None, until: str | None) -> dict[str, int]:
    from tatamilab.study.stopping import MOST_DRAWS, half_width_asked

    if until is not None:
        half_width_asked(until)
        return {"draws": MOST_DRAWS if draws is None else whole_number("--draws", draws)}
    return {} if draws is None else {"draws": whole_number("--draws", draws)}


def _study(what: str, *, why: bool, updates: int | None, changes: dict[str, Any]) -> "Study":
    from tatamilab.study.built_in import BUILT_IN, built_in
    from tatamilab.study.specification import changed, read_study

    if why and what != "b2-1-2":
        raise BadInput(_("--why belongs to b2-1-2; received {what!r}.", what=what))
    if what in BUILT_IN:
        return built_in(what, why=why, updates=updates, **changes)
    if not what.endswith(".toml"):
        raise BadInput(
            _(
                "Unknown study {what!r}; known are {known}, or a FILE.toml.",
                what=what,
                known=", ".join(BUILT_IN),
            )
        )
    if updates is not None:
        raise BadInput(
            _("--updates belongs to the built-in studies; write it into the arms of {what}.", what=what)
        )
    return changed(what, read_study(Path(what)), changes)


def _display(json: bool) -> Any:
    from tatamilab.cli.study_live import Display

    return Display(quiet=json)


def show_answer(asked: "Asked") -> None:
    """Print the tables and the verdict."""
    from rich.console import Console

    from tatamilab.study.showing import contrasts_table, failures, means_table

    console = Console(highlight=False)
    for part in (means_table(asked.answer), contrasts_table(asked.answer)):
        console.print(part)
        console.print()
    for sentence in [*asked.sentences, *failures(asked.runs, asked.rows)]:
        console.print(f"• {sentence}", markup=False)
    console.print()


def _show(asked: "Asked", folder: Path, *, json: bool) -> None:
    from tatamilab.study.asking import write_folder
    from tatamilab.study.showing import as_json

    if json:
        print(json_.dumps(as_json(asked.answer, asked.sentences), ensure_ascii=False, indent=2))
    else:
        show_answer(asked)
    write_folder(asked, folder)
    if not json:
        print(_("Figures, tables and all runs are in {folder}.", folder=folder))
