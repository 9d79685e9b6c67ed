"""What a page's socket may say: messages of the page's own, in their own form. NiceGUI itself checks little of it."""

import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from socketio import AsyncServer  # type: ignore[import-untyped]
from socketio.exceptions import ConnectionRefusedError  # type: ignore[import-untyped]

LARGEST_MESSAGE = 2**20
"""Bytes of a message; a photograph is the largest, with three quarters of it."""

Take = Callable[..., Any]


def guard(server: AsyncServer) -> None:
    """Let a socket that says what no page would say be closed, and what is of another page be left alone.

    What a browser wants written into the log is dropped: it would stand on the terminal of whoever runs the server.

    Args:
        server: NiceGUI's, with its own handlers.
    """
    handlers = server.handlers["/"]
    for event in ("event", "javascript_response", "ack"):
        server.on(event, _of_its_own_page(server, handlers[event]))
    server.on("handshake", _or_closed(server, handlers["handshake"]))
    server.on("connect", _or_refused(handlers["connect"], handlers["disconnect"]))
    server.on("log", lambda sid, *said: None)
    for name in ("engineio.server", "socketio.server"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _of_its_own_page(server: AsyncServer, take: Take) -> Take:
    def taken(sid: str, message: dict[str, Any]) -> object:
        return take(sid, message) if message["client_id"] in server.rooms(sid) else None

    return _or_closed(server, taken)


def _or_closed(server: AsyncServer, take: Take) -> Callable[..., Awaitable[object]]:
    async def taken(sid: str, *said: Any) -> object:
        try:
            result = take(sid, *said)
            return await result if inspect.isawaitable(result) else result
        except (LookupError, TypeError, ValueError, AttributeError):
            await server.disconnect(sid)
            return None

    return taken


def _or_refused(take: Take, leave: Take) -> Callable[..., Awaitable[object]]:
    async def taken(sid: str, environ: dict[str, Any], *more: Any) -> object:
        try:
            return await take(sid, environ, *more)
        except (LookupError, TypeError, ValueError, AttributeError) as problem:
            leave(sid)  # it may have come as far as the page
            raise ConnectionRefusedError("not a page of the laboratory") from problem

    return taken
