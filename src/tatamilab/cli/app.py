"""The commands, put together."""

import os
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.completion import completion_init

from tatamilab import __version__
from tatamilab.cli import (
    class_,
    completion,
    controls,
    data,
    doctor,
    engine,
    explain,
    film,
    lab,
    models,
    notebook,
    report,
    run,
    runs,
    studies,
    study,
    verify,
    wheelhouse,
    worksheet,
)
from tatamilab.cli.command import Command, Group, lang_option, option
from tatamilab.cli.completion import COMPLETE_VARIABLE
from tatamilab.i18n import _

PROGRAM = "tatami"

app = typer.Typer(cls=Group, add_completion=False, rich_markup_mode=None)


@app.callback(
    invoke_without_command=True,
    help=_("Learn how convolutional networks work, by running them."),
)
def root(
    context: typer.Context,
    version: Annotated[bool, option("--version", help=_("Show the version."))] = False,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Show the version, or the help where no command is given."""
    if version:
        print(f"{PROGRAM} {__version__}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


app.command("run", cls=Command, help=run.HELP)(run.run)
app.command("explain", cls=Command, help=explain.HELP)(explain.explain)
app.command("controls", cls=Command, help=controls.HELP)(controls.controls)
app.command("film", cls=Command, help=film.HELP)(film.film)
app.command("study", cls=Command, help=study.HELP)(study.study)
app.add_typer(runs.app, name="runs")
app.add_typer(studies.app, name="studies")
app.add_typer(data.app, name="data")
app.add_typer(engine.app, name="engine")
app.add_typer(notebook.app, name="notebook")
app.command("worksheet", cls=Command, help=worksheet.HELP)(worksheet.worksheet)
app.command("report", cls=Command, help=report.HELP)(report.report)
app.command("verify", cls=Command, help=verify.HELP)(verify.verify)
app.add_typer(class_.app, name="class")
app.command("wheelhouse", cls=Command, help=wheelhouse.HELP)(wheelhouse.wheelhouse)
app.command("lab", cls=Command, help=lab.HELP)(lab.lab)
app.command("models", cls=Command, help=models.HELP)(models.models)
app.command("doctor", cls=Command, help=doctor.HELP)(doctor.doctor)
app.command("completion", cls=Command, help=completion.HELP)(completion.completion)


def dispatch(arguments: Sequence[str]) -> int:
    """Run the command that `arguments` name; return the exit code.

    Raises:
        BadInput: the arguments name no command, or not as it wants them.
    """
    command = typer.main.get_command(app)
    if COMPLETE_VARIABLE in os.environ:  # the shell asks what could follow
        completion_init()
    code = command.main(args=list(arguments), prog_name=PROGRAM, standalone_mode=False)
    return code if isinstance(code, int) else 0
