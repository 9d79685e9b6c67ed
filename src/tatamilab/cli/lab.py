"""`tatami lab`: the laboratory in the browser."""

import gc
from contextlib import suppress
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
    host: Annotated[
        str | None,
        option(
            "--host",
            metavar="ADDRESS",
            help=_("Address to listen on; beyond this machine a token is needed"),
            default="127.0.0.1",
        ),
    ] = None,
    token: Annotated[
        str | None, option("--token", metavar="WORD", help=_("Who has not opened the link with it stays out"))
    ] = None,
    data_dir: Annotated[
        str | None, option("--data-dir", metavar="FOLDER", help=_("Where runs are kept"))
    ] = None,
    show: Annotated[
        bool, option("--open/--no-open", help=_("Open the browser, or leave it closed"), default="--open")
    ] = True,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Check what was given, and serve until Ctrl-C."""
    wanted = PORT if port is None else whole_number("--port", port)
    choose_backend()
    from tatamilab.lab import serving

    address = host or serving.HOST
    with suppress(KeyboardInterrupt):  # Ctrl-C is how a laboratory is closed
        serving.serve(
            serving.check_port(wanted, address),
            show=show,
            when_ready=_tell,
            folder=serving.data_folder(data_dir),
            host=address,
            token=serving.check_host(address, token),
        )
    gc.freeze()  # else the interpreter's last collection looks through all of Keras, for a second


def _tell(address: str) -> None:
    print(
        _("The laboratory is open at {address}; Ctrl-C closes it and keeps all runs.", address=address),
        flush=True,
    )
