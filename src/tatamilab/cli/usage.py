"""What is said when the words after `tatami` are not what a command wants: one sentence each."""

import difflib
from collections.abc import Iterable

import typer

from tatamilab.errors import BadInput
from tatamilab.i18n import _


def sentence(error: typer.TyperException) -> str:
    """Typer's complaint in our words, in the language in force."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "tatami"
    name = getattr(error, "option_name", None)
    if name is None:
        return _("{problem} See '{command} --help'.", problem=error.format_message(), command=command)
    params = context.command.get_params(context) if context is not None else []
    known = {flag: param for param in params for flag in param.opts}
    if name not in known:
        return _unknown_option(name, known, command)
    if known[name].is_flag:
        return _("The option {option} takes no value; see '{command} --help'.", option=name, command=command)
    return _("The option {option} needs a value; see '{command} --help'.", option=name, command=command)


def _unknown_option(name: str, known: Iterable[str], command: str) -> str:
    if nearest := difflib.get_close_matches(name, list(known), n=1):
        return _(
            "Unknown option {option}; the nearest known one is {nearest}; see '{command} --help'.",
            option=name,
            nearest=nearest[0],
            command=command,
        )
    return _("Unknown option {option}; see '{command} --help'.", option=name, command=command)


def unknown_command(name: str, known: Iterable[str], command: str) -> BadInput:
    """A command that `command` does not have."""
    commands = sorted(known)
    return BadInput(
        _(
            "Unknown command {name!r}; the nearest known one is {nearest!r}; see '{command} --help'.",
            name=name,
            nearest=difflib.get_close_matches(name, commands, n=1, cutoff=0.0)[0],
            command=command,
        )
    )


def extra_argument(argument: str, command: str) -> BadInput:
    """A word that `command` has no use for."""
    return BadInput(
        _("Unexpected argument {argument!r}; see '{command} --help'.", argument=argument, command=command)
    )


def missing_argument(name: str, command: str) -> BadInput:
    """A word that `command` needs."""
    return BadInput(_("{command} needs {name}; see '{command} --help'.", command=command, name=name))


def whole_number(flag: str, text: str) -> int:
    """`text` as a whole number.

    Example:
        >>> whole_number("--seed", "3")
        3

    Raises:
        BadInput: it is not one.
    """
    try:
        return int(text)
    except ValueError:
        raise BadInput(
            _("{option} takes a whole number, but {value!r} was given.", option=flag, value=text)
        ) from None


def number(flag: str, text: str) -> float:
    """`text` as a number.

    Raises:
        BadInput: it is not one.
    """
    try:
        return float(text)
    except ValueError:
        raise BadInput(
            _("{option} takes a number, but {value!r} was given.", option=flag, value=text)
        ) from None
