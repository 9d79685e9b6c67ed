"""`tatami completion`: the shell's Tab key."""

import os
from typing import Annotated

import typer

from tatamilab.cli.command import lang_option
from tatamilab.errors import BadInput
from tatamilab.i18n import _

COMPLETE_VARIABLE = "_TATAMI_COMPLETE"
SHELLS = ("bash", "zsh", "fish", "powershell")
HELP = _("Print what your shell needs so that the Tab key completes tatami's words.")


def completion(
    shell: Annotated[
        str | None,
        typer.Argument(
            metavar="[SHELL]",
            show_default=False,
            help=_("One of {shells} (default: the one in $SHELL)", shells=", ".join(SHELLS)),
            autocompletion=lambda: list(SHELLS),
        ),
    ] = None,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Print the completion script."""
    from typer.completion import get_completion_script

    chosen = shell or os.path.basename(os.environ.get("SHELL", "bash"))
    if chosen not in SHELLS:
        raise BadInput(
            _(
                "No completion for the shell {shell!r}; name one of {shells}.",
                shell=chosen,
                shells=", ".join(SHELLS),
            )
        )
    print(get_completion_script(prog_name="tatami", complete_var=COMPLETE_VARIABLE, shell=chosen))
