"""`tatami explain`: what a run's filters learned, and whether to believe it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tatamilab.cli import usage
from tatamilab.cli.command import INTERRUPTED, lang_option, option
from tatamilab.cli.one_run import Layer, RunFolder
from tatamilab.cli.quiet import choose_backend
from tatamilab.i18n import _

if TYPE_CHECKING:
    from tatamilab.experiment.how_few import Step

HELP = _("Explain a run: write a page on what its filters learned, and whether to believe it.")


def explain(
    context: typer.Context,
    run: RunFolder = None,
    layer: Layer = None,
    controls: Annotated[
        str | None,
        option(
            "--controls",
            metavar="DIR",
            help=_("Folder of controls to use"),
            default=_("controls beside the run, if there"),
        ),
    ] = None,
    how_few: Annotated[
        bool,
        option(
            "--how-few",
            help=_("Also find out how few filters will do: train 21 networks; goes on where it was stopped"),
        ),
    ] = False,
    quiet: Annotated[bool, option("--quiet", help=_("Print the page's path only"))] = False,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Write the page into the run's folder, and say where it is."""
    if run is None:
        raise usage.missing_argument("RUN", context.command_path)
    choose_backend()
    which = usage.layer(layer)
    if how_few:
        _find_out_how_few(Path(run), which, quiet=quiet)
    from tatamilab.cli.under_way import UnderWay

    with UnderWay(quiet=quiet) as shown:
        from tatamilab.experiment.explaining import explain as explain_run

        page = explain_run(
            Path(run),
            controls=None if controls is None else Path(controls),
            layer=which,
            told=shown.line,
            far=shown.far,
        )
    if quiet:
        print(page)


def _find_out_how_few(run: Path, layer: int | str, *, quiet: bool) -> None:
    from tatamilab.experiment.explained_run import read_explained
    from tatamilab.experiment.how_few import how_few

    if how_few(read_explained(run, layer), None if quiet else _tell) is None:
        print(
            _("Interrupted; what was trained is kept in {folder}, and the same command goes on.", folder=run),
            file=sys.stderr,
        )
        raise typer.Exit(INTERRUPTED)


def _tell(step: "Step") -> None:
    print(
        _(
            "{done}/{total} filters: {size}, seed {seed}: {accuracy:.2%}",
            done=f"{step.done:>{len(str(step.total))}}",
            total=step.total,
            size=step.size,
            seed=step.seed,
            accuracy=step.accuracy,
        ),
        flush=True,
    )
