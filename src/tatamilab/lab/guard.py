"""Which requests are let in: from this machine's own pages; from elsewhere, only with the token."""

import hmac
from hashlib import sha256
from html import escape
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

FORBIDDEN = 4403
"""With which a socket is closed that is not let in."""

COOKIE = "tatami_lab"
"""Tells that a browser has shown the token."""


class Guard:
    """ASGI middleware that lets in the laboratory's own pages only.

    An Origin, which sockets must have, must be the page's own; and without a token, the Host must be loopback. So a
    page of another site can neither read the laboratory (by a name that it lets point here) nor command it.

    With a token, a request must bring the cookie that a visit to `/?token=…` has set. It is sent to no other site
    (`SameSite=Strict`), and no script can read it (`HttpOnly`).

    Args:
        app: what is guarded.
        port: the one that it listens on.
        token: None for this machine only.
    """

    def __init__(self, app: Any, port: int, token: str | None = None) -> None:
        self._app, self._token = app, token
        self._hosts = {f"{name}:{port}" for name in LOOPBACK}
        self._shown = "" if token is None else sha256(f"{COOKIE} {token}".encode()).hexdigest()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let the request through, or answer that it may not enter."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif not self._is_own(scope):
            await _refuse(scope, receive, send, b"forbidden host or origin")
        elif self._token is not None and not self._has_cookie(scope):
            if scope["type"] == "http" and self._brings_token(scope):
                await self._welcome(scope, send)
            else:
                await _refuse(scope, receive, send, b"open the link with the token")
        else:
            await self._app(scope, receive, send)

    def _is_own(self, scope: Any) -> bool:
        hosts, origins = _headers(scope, b"host"), _headers(scope, b"origin")
        if len(hosts) != 1 or (self._token is None and hosts[0] not in self._hosts):
            return False
        if not origins:
            return bool(scope["type"] == "http")
        return len(origins) == 1 and origins[0] in (f"http://{hosts[0]}", f"https://{hosts[0]}")

    def _has_cookie(self, scope: Any) -> bool:
        try:
            cookies = SimpleCookie("; ".join(_headers(scope, b"cookie")))
        except CookieError:
            return False
        brought = cookies[COOKIE].value if COOKIE in cookies else ""
        return hmac.compare_digest(brought.encode(), self._shown.encode())

    def _brings_token(self, scope: Any) -> bool:
        brought = dict(_query(scope)).get("token", "")
        return hmac.compare_digest(brought.encode(), str(self._token).encode())

    async def _welcome(self, scope: Any, send: Any) -> None:
        """Set the cookie and go on to the page, from a page of ours: else a strict cookie would not be sent along."""
        rest = urlencode([(name, value) for name, value in _query(scope) if name != "token"])
        address = escape(f"/?{rest}" if rest else "/", quote=True)
        page = f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={address}">'
        cookie = f"{COOKIE}={self._shown}; Path=/; HttpOnly; SameSite=Strict"
        headers = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"set-cookie", cookie.encode()),
            (b"referrer-policy", b"no-referrer"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": page.encode()})


async def _refuse(scope: Any, receive: Any, send: Any, reason: bytes) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": FORBIDDEN})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": reason})


def _headers(scope: Any, wanted: bytes) -> list[str]:
    return [value.decode("latin1") for name, value in scope["headers"] if name.lower() == wanted]


def _query(scope: Any) -> list[tuple[str, str]]:
    return parse_qsl(scope.get("query_string", b"").decode("latin1"))
