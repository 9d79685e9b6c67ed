"""The server of the laboratory: on this machine only unless asked otherwise, on a port that is free."""

import asyncio
import ctypes
import errno
import gc
import logging
import os
import secrets
import socket
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from tatamilab.errors import BadInput, MissingExtra, OutputError
from tatamilab.files import cache_folder, write_whole
from tatamilab.i18n import _
from tatamilab.session import LiveRun, Sample, Setup
from tatamilab.session.sample import mnist
from tatamilab.session.speed import macs_per_s

if TYPE_CHECKING:
    from tatamilab.lab.sessions import Sessions

HOST = "127.0.0.1"
LOOPBACK = (HOST, "localhost", "::1")

SHORTEST_TOKEN = 12
"""Letters and digits that a token has at least."""

LARGEST_PORT = 65535

SEARCHED = 100
"""Ports behind a taken one that are tried."""

GRACE_S = 1
"""Seconds that open connections have when the server ends."""

LOOK_S = 0.02
"""Seconds between two looks whether the server listens already."""

SWEEP_S = 60.0
"""Seconds after which runs that were left alone, and those that are trained, are written again."""

SELDOM = 10_000
"""How often Python looks through what is new before it looks through everything, which stops all: a sweep does that."""

SWITCH_S = 0.001
"""Seconds after which a thread that computes in Python makes room for the one that answers pages."""

RECONNECT_S = 30.0
"""Seconds for which a page that has lost its connection is kept."""


def check_host(host: str, token: str | None) -> str | None:
    """The token to ask for; None where the laboratory is open to this machine only.

    Raises:
        BadInput: others could reach it and there is no token, or one that is easily guessed.
    """
    if token is None and host not in LOOPBACK:
        raise BadInput(
            _(
                "On {host} others can reach the laboratory, so it needs a token: --token {example}",
                host=host,
                example=secrets.token_urlsafe(SHORTEST_TOKEN),
            )
        )
    if token is not None and (len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable()):
        raise BadInput(
            _("A token has at least {n} letters, digits or signs of ASCII: --token {example}",
              n=SHORTEST_TOKEN, example=secrets.token_urlsafe(SHORTEST_TOKEN))
        )  # fmt: skip
    return token


def check_port(port: int, host: str = HOST) -> int:
    """The port, if it is one and free.

    Raises:
        BadInput: it is none, or taken; the next free one is named.
    """
    if not 1 <= port <= LARGEST_PORT:
        raise BadInput(
            _("A port is a whole number from 1 to {largest}, got {port}.", largest=LARGEST_PORT, port=port)
        )
    if _is_free(port, host):
        return port
    behind = range(port + 1, min(port + SEARCHED, LARGEST_PORT) + 1)
    free = next((other for other in behind if _is_free(other, host)), None)
    if free is None:
        raise BadInput(_("Port {port} is taken: choose another with --port.", port=port))
    raise BadInput(
        _("Port {port} is taken; the next free one is {free}: --port {free}", port=port, free=free)
    )


def _is_free(port: int, host: str) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        if os.name == "posix":  # as the server itself does; elsewhere it would allow a port in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (socket.gaierror, TypeError) as problem:  # TypeError: no name of a host can be written so
            raise BadInput(_("{host} is no address of this machine.", host=host)) from problem
        except OSError as problem:
            if problem.errno == errno.EADDRNOTAVAIL:
                raise BadInput(_("{host} is no address of this machine.", host=host)) from problem
            return False
    return True


def data_folder(chosen: str | None) -> Path:
    """Where runs are kept: what was chosen, else the platform's folder for a user's data.

    Raises:
        OutputError: it cannot be written to.
    """
    import platformdirs

    folder = (
        Path(chosen).expanduser()
        if chosen
        else platformdirs.user_data_path("tatamilab", appauthor=False) / "lab"
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "probe", "")
        (folder / "probe").unlink()
    except OSError as error:
        raise OutputError(
            _(
                "{path} cannot be written to: {reason}; choose another folder with --data-dir.",
                path=folder,
                reason=error.strerror or error,
            )
        ) from error
    return folder


def serve(
    port: int,
    *,
    show: bool,
    when_ready: Callable[[str], None],
    folder: Path,
    host: str = HOST,
    token: str | None = None,
) -> None:
    """Serve the laboratory until it is interrupted; all runs are kept then.

    Args:
        port: checked by `check_port`.
        show: open it in the browser.
        when_ready: told the page's address once it can be opened.
        folder: where runs are kept, see `data_folder`.
        host: address to listen on.
        token: checked by `check_host`.

    Raises:
        MissingExtra: NiceGUI or anywidget is not installed.
    """
    os.environ.setdefault("NICEGUI_STORAGE_PATH", str(cache_folder() / "lab"))  # else the current folder
    try:
        from nicegui import app, core, ui
    except ImportError as missing:
        raise MissingExtra("lab", missing.name or "nicegui") from missing
    from tatamilab.lab import page, sockets
    from tatamilab.lab.guard import Guard
    from tatamilab.lab.sessions import Sessions

    logging.getLogger("nicegui").setLevel(logging.ERROR)
    sys.setswitchinterval(SWITCH_S)
    macs_per_s()
    sessions = Sessions(live_run, folder / "runs")
    page.add(sessions)
    secret = _secret(folder)
    app.add_middleware(Guard, port=port, token=token, secret=secret, host=host)
    sockets.guard(core.sio)
    gc.freeze()  # what there is by now stays, and need not be looked through every minute
    gc.set_threshold(*gc.get_threshold()[:2], SELDOM)
    address = _address(host, port, token)

    def ready() -> None:
        when_ready(address)
        if show:
            webbrowser.open(address)

    app.on_startup(lambda: _when_open(host, port, ready))
    app.on_shutdown(sessions.close)
    app.timer(SWEEP_S, lambda: asyncio.to_thread(_sweep, sessions))
    ui.run(
        host=host,
        port=port,
        show=False,
        reload=False,
        title="tatami lab",
        favicon=Path(__file__).with_name("icon.svg"),
        tailwind=False,
        reconnect_timeout=RECONNECT_S,
        storage_secret=secret,
        show_welcome_message=False,
        timeout_graceful_shutdown=GRACE_S,
        ws_max_size=sockets.LARGEST_MESSAGE,
        ws_per_message_deflate=host not in LOOPBACK,  # within one machine it only costs time
    )


def _sweep(sessions: "Sessions") -> None:
    """Write runs down, and give back what pages and runs that have gone still hold.

    Python itself looks for that the more seldom the more there is; few objects may be much memory, and threads.
    """
    sessions.sweep()
    gc.collect()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)  # glibc keeps what is freed between what is not, a hundred megabytes in a class


async def _when_open(host: str, port: int, ready: Callable[[], None]) -> None:
    """Call `ready` once connections are taken; the server begins to listen after its start."""
    here = {"0.0.0.0": HOST, "::": "::1"}.get(host, host)
    while True:
        try:
            _reader, writer = await asyncio.open_connection(here, port)
        except OSError:
            await asyncio.sleep(LOOK_S)
            continue
        writer.close()
        break
    ready()


def _address(host: str, port: int, token: str | None) -> str:
    """What to open; for a server that listens everywhere, by this machine's name."""
    name = socket.gethostname() if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/" + (f"?token={quote(token, safe='')}" if token else "")


def _secret(folder: Path) -> str:
    """What the browsers' cookies are signed with: the same each time, so that their runs are found again."""
    path = folder / "secret"
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        made = secrets.token_urlsafe()
        write_whole(path, made)
        path.chmod(0o600)
        return made


def live_run(setup: Setup) -> LiveRun:
    """The run that a setup describes, ready to start."""
    return LiveRun(
        setup.network.build,
        Sample.of(mnist(), images=setup.images),
        epochs=setup.epochs,
        batch_size=setup.batch_size,
        learning_rate=setup.learning_rate,
        seed=setup.seed,
    )
