"""Lets in only what comes from this machine's own pages: no other name for it, no other page's requests."""

from typing import Any
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

FORBIDDEN = 4403
"""With which a socket is closed that is not let in."""


class LoopbackGuard:
    """ASGI middleware: the Host must be loopback, and an Origin, which sockets must have, the same.

    So a page of another site can neither read the laboratory (by a name that it lets point here) nor command it.

    Args:
        app: what is guarded.
        port: the one that it listens on.
    """

    def __init__(self, app: Any, port: int) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in LOOPBACK}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let the request through, or answer that it may not enter."""
        if scope["type"] not in ("http", "websocket") or self._may_enter(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": FORBIDDEN})
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": b"forbidden host or origin"})

    def _may_enter(self, scope: Any) -> bool:
        hosts, origins = (
            [value.decode("latin1") for name, value in scope["headers"] if name.lower() == wanted]
            for wanted in (b"host", b"origin")
        )
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return False
        if not origins:
            return bool(scope["type"] == "http")
        origin = urlsplit(origins[0])
        return len(origins) == 1 and origin.scheme in ("http", "https") and origin.netloc == hosts[0]
