"""Which run, and which of its layers: what the commands that look into a run are told."""

from typing import Annotated

import typer

from tatamilab.cli.command import option
from tatamilab.i18n import _

RunFolder = Annotated[
    str | None, typer.Argument(metavar="RUN", show_default=False, help=_("The folder of a run"))
]
Layer = Annotated[
    str | None,
    option("--layer", metavar="N|NAME", help=_("Which convolution layer, from 0 or by name"), default=0),
]
