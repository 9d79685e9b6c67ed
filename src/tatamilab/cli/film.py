"""`tatami film`: a run's filters while they are learned."""

from pathlib import Path
from typing import Annotated

import typer

from tatamilab.cli import usage
from tatamilab.cli.command import lang_option, option
from tatamilab.cli.one_run import Layer, RunFolder
from tatamilab.cli.quiet import choose_backend
from tatamilab.i18n import _

HELP = _("Film a run's filters while they are learned: train it again, and animate them.")
N_FRAMES = 48


def film(
    context: typer.Context,
    run: RunFolder = None,
    layer: Layer = None,
    frames: Annotated[
        str | None,
        option(
            "--frames",
            metavar="N",
            help=_("Moments that the film shows, closest together at the start"),
            default=N_FRAMES,
        ),
    ] = None,
    out: Annotated[
        str | None,
        option(
            "--out",
            metavar="FILE",
            help=_("Where it goes: a .gif, .mp4 or .html"),
            default=_("film.gif in the run's folder"),
        ),
    ] = None,
    quiet: Annotated[bool, option("--quiet", help=_("Print the film's path only"))] = False,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Write the film, and say where it is and whether it ends with the run's own filters."""
    if run is None:
        raise usage.missing_argument("RUN", context.command_path)
    n_frames = N_FRAMES if frames is None else usage.whole_number("--frames", frames)
    choose_backend()
    from tatamilab.cli.under_way import UnderWay

    with UnderWay(quiet=quiet) as shown:
        from tatamilab.experiment.filming import film as film_run

        made = film_run(
            Path(run),
            layer=usage.layer(layer),
            out=None if out is None else Path(out),
            n_frames=n_frames,
            told=shown.line,
            far=shown.far,
        )
    if quiet:
        print(made.path)
    elif made.is_same:
        print(_("{path} is written; its last filters are the run's own, bit for bit.", path=made.path))
    else:
        print(
            _(
                "{path} is written; it shows a training by the same recipe, whose last filters are not bit for bit the "
                "run's own.",
                path=made.path,
            )
        )
