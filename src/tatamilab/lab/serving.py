"""The server of the laboratory: on this machine only, on a port that is free."""

import logging
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tatamilab.data import load
from tatamilab.errors import BadInput, MissingExtra
from tatamilab.files import cache_folder
from tatamilab.i18n import _
from tatamilab.models import worksheet_cnn
from tatamilab.session import LiveRun, Sample

if TYPE_CHECKING:
    import keras

HOST = "127.0.0.1"
LARGEST_PORT = 65535

SEARCHED = 100
"""Ports behind a taken one that are tried."""

GRACE_S = 1
"""Seconds that open connections have when the server ends."""

SWEEP_S = 60.0
"""Seconds between two looks for runs that were left alone."""

RECONNECT_S = 30.0
"""Seconds for which a page that has lost its connection is kept."""


def check_port(port: int) -> int:
    """The port, if it is one and free.

    Raises:
        BadInput: it is none, or taken; the next free one is named.
    """
    if not 1 <= port <= LARGEST_PORT:
        raise BadInput(
            _("A port is a whole number from 1 to {largest}, got {port}.", largest=LARGEST_PORT, port=port)
        )
    if _is_free(port):
        return port
    behind = range(port + 1, min(port + SEARCHED, LARGEST_PORT) + 1)
    free = next((other for other in behind if _is_free(other)), None)
    if free is None:
        raise BadInput(_("Port {port} is taken: choose another with --port.", port=port))
    raise BadInput(
        _("Port {port} is taken; the next free one is {free}: --port {free}", port=port, free=free)
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        if os.name == "posix":  # as the server itself does; elsewhere it would allow a port in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def serve(port: int, *, show: bool, when_ready: Callable[[str], None]) -> None:
    """Serve the laboratory until it is interrupted.

    Args:
        port: checked by `check_port`.
        show: open it in the browser.
        when_ready: told the page's address once it can be opened.

    Raises:
        MissingExtra: NiceGUI or anywidget is not installed.
    """
    os.environ.setdefault("NICEGUI_STORAGE_PATH", str(cache_folder() / "lab"))  # else the current folder
    try:
        from nicegui import app, ui
    except ImportError as missing:
        raise MissingExtra("lab", missing.name or "nicegui") from missing
    from tatamilab.lab import page
    from tatamilab.lab.guard import LoopbackGuard
    from tatamilab.lab.sessions import Sessions

    logging.getLogger("nicegui").setLevel(logging.ERROR)
    sample = Sample.of(load("mnist"))
    sessions = Sessions(lambda: LiveRun(_worksheet, sample))
    page.add(sessions)
    app.add_middleware(LoopbackGuard, port=port)
    app.on_startup(lambda: when_ready(f"http://{HOST}:{port}/"))
    app.on_shutdown(sessions.close)
    app.timer(SWEEP_S, sessions.sweep)
    ui.run(
        host=HOST,
        port=port,
        show=show,
        reload=False,
        title="tatami lab",
        favicon=Path(__file__).with_name("icon.svg"),
        tailwind=False,
        reconnect_timeout=RECONNECT_S,
        storage_secret=secrets.token_urlsafe(),
        show_welcome_message=False,
        timeout_graceful_shutdown=GRACE_S,
    )


def _worksheet() -> "keras.Model":
    """The worksheet's network, its layers named as if it were the only one."""
    import keras

    keras.utils.clear_session()
    return worksheet_cnn()
