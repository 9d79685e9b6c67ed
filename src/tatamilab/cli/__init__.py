"""The command `tatami`.

Everything heavy is imported inside the commands, so that `tatami --help` answers at once. The language is
chosen before `cli.app` is imported, because Typer takes its help texts when a command is defined.
"""

import os
import sys
from collections.abc import Sequence
from typing import TextIO

from tatamilab import i18n
from tatamilab.errors import BadInput, TatamiError
from tatamilab.i18n import LANGUAGES, _

BAD_INPUT = 2
UNEXPECTED = 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `tatami` with `arguments` (those of the process by default), and exit with its code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        _never_fail_on_a_letter(stream)
    sys.exit(_run(given))


def _run(arguments: list[str]) -> int:
    try:
        i18n.set_language(_language_in(arguments))
        from tatamilab.cli.app import dispatch

        return dispatch(arguments)
    except TatamiError as error:
        _show_traceback_if_debugging()
        print(error, file=sys.stderr)
        return BAD_INPUT
    except Exception as error:
        from tatamilab.cli.unexpected import report

        _show_traceback_if_debugging()
        print(report(error), file=sys.stderr)
        return UNEXPECTED


def _language_in(arguments: Sequence[str]) -> str | None:
    """The language that `--lang` names, wherever it stands."""
    named = None
    for word, following in zip(arguments, [*arguments, ""][1:], strict=True):
        if word == "--lang":
            named = following
        elif word.startswith("--lang="):
            named = word.removeprefix("--lang=")
    if named in (None, "", *LANGUAGES):
        return named or None
    raise BadInput(
        _("Unknown lang {value!r}; known ones are {known}.", value=named, known=", ".join(LANGUAGES))
    )


def _never_fail_on_a_letter(stream: TextIO) -> None:
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")


def _show_traceback_if_debugging() -> None:
    if os.environ.get("TATAMI_DEBUG"):
        import traceback

        traceback.print_exc()
