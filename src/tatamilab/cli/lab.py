"""`tatami lab`: the laboratory in the browser."""

from typing import Annotated

from tatamilab.cli.command import lang_option, option
from tatamilab.cli.quiet import choose_backend
from tatamilab.cli.usage import whole_number
from tatamilab.i18n import _

HELP = _("Open the laboratory: train a network in the browser, draw digits, look inside.")
PORT = 8080


def lab(
    port: Annotated[
        str | None, option("--port", metavar="N", help=_("Port of the page"), default=PORT)
    ] = None,
    no_open: Annotated[bool, option("--no-open", help=_("Do not open the browser"))] = False,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Check the port, and serve until Ctrl-C."""
    wanted = PORT if port is None else whole_number("--port", port)
    choose_backend()
    from tatamilab.lab import serving

    serving.serve(serving.check_port(wanted), show=not no_open, when_ready=_tell)


def _tell(address: str) -> None:
    print(
        _("The laboratory is open at {address} on this machine; Ctrl-C closes it.", address=address),
        flush=True,
    )
