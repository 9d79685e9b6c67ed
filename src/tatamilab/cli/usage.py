"""What is said when the words after `tatami` are not what a command wants: one sentence each."""

import difflib
from collections.abc import Iterable
from typing import Any

import typer

from tatamilab.errors import BadInput
from tatamilab.i18n import _


def in_our_words(error: typer.TyperException, context: Any) -> BadInput:
    """Typer's complaint about an option of the command that `context` stands for."""
    command = context.command_path
    name = getattr(error, "option_name", None)
    if name is None:
        return BadInput(
            _("{problem} See '{command} --help'.", problem=error.format_message(), command=command)
        )
    known = {
        flag: param
        for param in context.command.get_params(context)
        for flag in (*param.opts, *param.secondary_opts)
    }
    if name not in known:
        return BadInput(_unknown_option(name, known, command))
    if known[name].is_flag:
        return BadInput(
            _("The option {option} takes no value; see '{command} --help'.", option=name, command=command)
        )
    return BadInput(
        _("The option {option} needs a value; see '{command} --help'.", option=name, command=command)
    )


def _unknown_option(name: str, known: Iterable[str], command: str) -> str:
    name = "".join(letter if letter.isprintable() else "?" for letter in name)
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
    if nearest := difflib.get_close_matches(name, commands, n=1):
        return BadInput(
            _(
                "Unknown command {name!r}; the nearest known one is {nearest!r}; see '{command} --help'.",
                name=name,
                nearest=nearest[0],
                command=command,
            )
        )
    return BadInput(
        _("Unknown command {name!r}; known ones are {known}.", name=name, known=", ".join(commands))
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


def layer(text: str | None) -> int | str:
    """A convolution layer as `--layer` names it: by its number from 0, or by its name; the first if None.

    Example:
        >>> layer(None), layer("1"), layer("conv2d")
        (0, 1, 'conv2d')
    """
    if text is None:
        return 0
    return int(text) if text.lstrip("-").isdecimal() else text


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
