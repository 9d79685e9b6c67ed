"""`tatami wheelhouse`: an installation on a USB stick."""

from pathlib import Path
from typing import Annotated

import typer

from tatamilab.cli import usage
from tatamilab.cli.command import lang_option, option
from tatamilab.i18n import _

HELP = _("Fill a USB stick or a shared folder with all that an installation needs.")
SYSTEMS = ("windows", "macos", "linux")


def wheelhouse(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", show_default=False, help=_("Where the wheels go"))
    ] = None,
    wheel: Annotated[
        Path | None,
        option(
            "--wheel",
            metavar="FILE.whl",
            help=_("tatamilab's own wheel"),
            default=_("the newest here or in dist"),
        ),
    ] = None,
    system: Annotated[
        list[str] | None,
        option(
            "--system",
            metavar="|".join(SYSTEMS),
            help=_("Kind of machine; again for a second one"),
            default="windows",
            complete=lambda: SYSTEMS,
        ),
    ] = None,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Fetch everything, and say how it is used."""
    if folder is None:
        raise usage.missing_argument("FOLDER", context.command_path)
    from tatamilab.lesson.wheelhouse import fill

    n = fill(folder, wheel, system or ["windows"])
    print(
        _(
            "{n} wheels in {folder}; install.html of tatami class kit says how they are used.",
            n=n,
            folder=folder,
        )
    )
