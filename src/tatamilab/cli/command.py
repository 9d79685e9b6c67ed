"""How our commands differ from Typer's: help that knows how wide Japanese is, and our own errors."""

import io
import shutil
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from tatamilab.cli import usage
from tatamilab.i18n import LANGUAGES, _

if TYPE_CHECKING:
    from rich.console import Console

WIDEST = 100
INTERRUPTED = 130


def option(
    flag: str,
    *,
    help: str,
    metavar: str | None = None,
    default: object = None,
    complete: Callable[[], Iterable[str]] | None = None,
) -> Any:
    """A Typer option whose help ends with its default, and whose values can be completed.

    Args:
        flag: with its dashes.
        help: what it does.
        metavar: what its value is called.
        default: shown in the help; the value itself is decided by whoever gets `None`.
        complete: gives the values to suggest.
    """
    text = help if default is None else _("{help} (default: {default})", help=help, default=default)
    suggest = None if complete is None else lambda: list(complete())
    return typer.Option(flag, help=text, metavar=metavar, show_default=False, autocompletion=suggest)


def lang_option() -> Any:
    """`--lang`, which every command has; its value is in force before the command is even defined."""
    return option(
        "--lang",
        metavar="|".join(LANGUAGES),
        help=_("Language of all that is shown"),
        default=_("the locale's"),
        complete=lambda: LANGUAGES,
    )


class Command(TyperCommand):
    """A command of `tatami`."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the whole help of this command to `formatter`."""
        formatter.write(_help_of(self, ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse a word too many in our own words."""
        ctx.allow_extra_args = True
        try:
            extra: list[str] = super().parse_args(ctx, args)
        except typer.TyperException as error:
            raise usage.in_our_words(error, ctx) from error
        if extra and not ctx.resilient_parsing:
            raise usage.extra_argument(extra[0], ctx.command_path)
        return extra

    def invoke(self, ctx: Any) -> Any:
        """Say what Ctrl-C has done, before Typer turns it into an exit code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            print(_("Interrupted; nothing was kept."), file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None


class Group(TyperGroup):
    """A group of commands."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the whole help of this group to `formatter`."""
        formatter.write(_help_of(self, ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse an option that is not ours in our own words."""
        try:
            parsed: list[str] = super().parse_args(ctx, args)
        except typer.TyperException as error:
            raise usage.in_our_words(error, ctx) from error
        return parsed

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Refuse an unknown command in our own words."""
        if self.get_command(ctx, args[0]) is None and not ctx.resilient_parsing:
            raise usage.unknown_command(args[0], self.list_commands(ctx), ctx.command_path)
        return super().resolve_command(ctx, args)


def group(help: str) -> typer.Typer:
    """A group of commands that shows its help where no command is given."""
    app = typer.Typer(cls=Group, rich_markup_mode=None, help=help)

    @app.callback(invoke_without_command=True)
    def root(context: typer.Context, lang: Annotated[str | None, lang_option()] = None) -> None:
        if context.invoked_subcommand is None:
            print(context.get_help())

    return app


def _help_of(command: Any, context: Any) -> str:
    from rich.console import Console

    width = min(shutil.get_terminal_size().columns, WIDEST)
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=sys.stdout.isatty(),
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    params = command.get_params(context)
    arguments = [param for param in params if param.param_type_name == "argument"]
    commands = [command.commands[name] for name in getattr(command, "commands", {})]
    words = [context.command_path, _("[OPTIONS]"), *(param.metavar for param in arguments)]
    if commands:
        words.append(_("COMMAND"))
    console.print(_("Usage: {line}", line=" ".join(words)))
    console.print("\n" + (command.help or ""))
    _section(console, _("Commands"), [(c.name, c.get_short_help_str(WIDEST)) for c in commands])
    _section(console, _("Arguments"), [(param.metavar, param.help) for param in arguments])
    options = [param for param in params if param.param_type_name == "option"]
    _section(console, _("Options"), [(_flags(param), _says(param)) for param in options])
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip().splitlines())


def _flags(param: Any) -> str:
    value = "" if param.is_flag else f" {param.metavar}"
    return "/".join([", ".join(param.opts), *param.secondary_opts]) + value


def _says(param: Any) -> str:
    return _("Show this help.") if param.opts == ["--help"] else param.help


def _section(console: "Console", title: str, rows: list[tuple[str, str]]) -> None:
    from rich.table import Table

    if not rows:
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(f"  {name}", text)
    console.print(f"\n{title}", style="bold")
    console.print(table)
