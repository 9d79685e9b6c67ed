"""Which requests are let in: from this machine's own pages; from elsewhere, only with the token."""

import hmac
import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable
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

MOST_GUESSES, GUESSING_S = 10, 60.0
"""Wrong tokens from one address in so many seconds, after which none is looked at any more for a while."""

MOST_ADDRESSES = 10_000
"""Addresses whose wrong tokens are remembered."""


class Guard:
    """ASGI middleware that lets in the laboratory's own pages only.

    An Origin, which sockets must have, must be the page's own; and without a token, the Host must be loopback. So a
    page of another site can neither read the laboratory (by a name that it lets point here) nor command it.

    With a token, a request must bring the cookie that a visit to `/?token=…` has set. It is sent to no other site
    (`SameSite=Strict`), and no script can read it (`HttpOnly`). Who has brought ten wrong tokens is answered 429
    until a minute has passed.

    On 127.0.0.1 a page that is asked for as localhost's is found under that number: a browser's runs are found by a
    cookie, and to it these are two sites.

    Args:
        app: what is guarded.
        port: the one that it listens on.
        token: None for this machine only.
        secret: what the cookie is made with, beside the token: who guesses tokens cannot make cookies of them.
        host: the address that it listens on.
    """

    def __init__(
        self, app: Any, port: int, token: str | None = None, secret: str = "", host: str = LOOPBACK[0]
    ) -> None:
        self._app, self._token = app, token
        self._known_as = f"{host}:{port}"
        self._misnamed = f"localhost:{port}" if host == LOOPBACK[0] else ""
        self._hosts = {f"{name}:{port}" for name in LOOPBACK}
        self._shown = hmac.new(secret.encode(), f"{COOKIE} {token}".encode(), sha256).hexdigest()
        self._guesses = Guesses()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let the request through, or answer that it may not enter."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif not self._is_own(scope):
            await _refuse(scope, receive, send, b"forbidden host or origin")
        elif self._is_misnamed(scope):
            await self._rename(scope, send)
        elif self._token is not None and not self._has_cookie(scope):
            await self._ask_for_token(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._hear(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_own(self, scope: Any) -> bool:
        hosts, origins = _headers(scope, b"host"), _headers(scope, b"origin")
        if len(hosts) != 1 or (self._token is None and hosts[0] not in self._hosts):
            return False
        if not origins:
            return bool(scope["type"] == "http")
        return len(origins) == 1 and origins[0] in (f"http://{hosts[0]}", f"https://{hosts[0]}")

    def _is_misnamed(self, scope: Any) -> bool:
        is_page = scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == "/"
        return is_page and _headers(scope, b"host") == [self._misnamed]

    async def _rename(self, scope: Any, send: Any) -> None:
        rest = scope["query_string"].decode("latin1")
        address = f"http://{self._known_as}/" + (f"?{rest}" if rest else "")
        headers = [(b"location", address.encode("latin1"))]
        await send({"type": "http.response.start", "status": 307, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def _has_cookie(self, scope: Any) -> bool:
        try:
            cookies = SimpleCookie("; ".join(_headers(scope, b"cookie")))
        except CookieError:
            return False
        brought = cookies[COOKIE].value if COOKIE in cookies else ""
        return hmac.compare_digest(brought.encode(), self._shown.encode())

    async def _hear(self, scope: Any, receive: Any, send: Any) -> None:
        """Let a socket be closed that sends what cannot be read at all."""
        try:
            await self._app(scope, receive, send)
        except Exception as problem:
            logging.getLogger(__name__).info("socket: %s: %s", type(problem).__name__, problem)

    async def _ask_for_token(self, scope: Any, receive: Any, send: Any) -> None:
        brought, who = dict(_query(scope)).get("token"), (scope.get("client") or ("",))[0]
        if scope["type"] != "http" or brought is None:
            await _refuse(scope, receive, send, b"open the link with the token")
        elif self._guesses.are_too_many(who):
            await _refuse(scope, receive, send, b"too many wrong tokens: wait a minute", 429)
        elif hmac.compare_digest(brought.encode(), str(self._token).encode()):
            await self._welcome(scope, send)
        else:
            self._guesses.add(who)
            await _refuse(scope, receive, send, b"this is not the token")

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


class Guesses:
    """Wrong tokens of the last minute, by address.

    Args:
        clock: seconds, growing.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._by_address: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MOST_GUESSES))

    def add(self, address: str) -> None:
        """One more from this address."""
        self._by_address[address].append(self._clock())
        while len(self._by_address) > MOST_ADDRESSES:
            del self._by_address[next(iter(self._by_address))]

    def are_too_many(self, address: str) -> bool:
        """Whether no token of this address is to be looked at."""
        made = self._by_address.get(address)
        return made is not None and len(made) == MOST_GUESSES and self._clock() - made[0] < GUESSING_S


async def _refuse(scope: Any, receive: Any, send: Any, reason: bytes, status: int = 403) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": FORBIDDEN})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": reason})


def _headers(scope: Any, wanted: bytes) -> list[str]:
    return [value.decode("latin1") for name, value in scope["headers"] if name.lower() == wanted]


def _query(scope: Any) -> list[tuple[str, str]]:
    return parse_qsl(scope.get("query_string", b"").decode("latin1"))
