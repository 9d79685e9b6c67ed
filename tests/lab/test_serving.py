"""Who is let in, and which port."""

import asyncio
import socket
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from browser import PATIENCE_MS
from tatamilab.errors import BadInput, OutputError
from tatamilab.lab.guard import COOKIE, GUESSING_S, MOST_ADDRESSES, MOST_GUESSES, Guard, Guesses
from tatamilab.lab.serving import check_host, check_port, data_folder


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Host": "127.0.0.1:1"}, {"Origin": "https://evil.example"}]
)
def test_a_forged_request_is_forbidden(address: str, headers: dict[str, str]) -> None:
    with pytest.raises(HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=PATIENCE_MS / 1000)
    assert refused.value.code == 403
    refused.value.close()


def test_by_another_name_it_is_the_same_page_with_the_same_cookie(address: str) -> None:
    other = address.replace("127.0.0.1", "localhost") + "?seed=5&lang=ja"
    with urllib.request.urlopen(other, timeout=PATIENCE_MS / 1000) as answer:
        assert answer.url == address + "?seed=5&lang=ja"


def test_a_socket_needs_the_pages_own_origin() -> None:
    guard = Guard(None, 80)
    host = (b"host", b"localhost:80")
    for origins, may in (
        ([], False),
        ([b"http://localhost:80"], True),
        ([b"http://127.0.0.1:80"], False),
        ([b"http://localhost:80"] * 2, False),
        ([b"null"], False),
        ([b"http://["], False),
    ):
        headers = [host, *((b"origin", origin) for origin in origins)]
        assert guard._is_own({"type": "websocket", "headers": headers}) is may


def test_a_taken_port_is_said_with_the_next_free_one(refused: Callable[..., None]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        free = next(k for k in range(port + 1, port + 99) if _is_free(k))
        refused(
            lambda: check_port(port),
            en=f"Port {port} is taken; the next free one is {free}: --port {free}",
            ja=f"ポート {port} は使われています。次に空いているのは {free} です：--port {free}",
        )
    assert check_port(port) == port


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid", "ü" * 80])
def test_an_address_that_is_not_of_this_machine(host: str) -> None:
    with pytest.raises(BadInput, match="is no address of this machine"):
        check_port(8123, host)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def test_no_port(refused: Callable[..., None]) -> None:
    refused(
        lambda: check_port(70000),
        en="A port is a whole number from 1 to 65535, got 70000.",
        ja="ポートは 1 から 65535 までの整数です（70000 が指定されました）。",
    )


def asked(guard: Guard, query: str = "", cookie: str = "", kind: str = "http") -> list[dict[str, Any]]:
    """What the guard answers; "let in" is what the laboratory itself would."""
    sent: list[dict[str, Any]] = []
    headers = [(b"host", b"class.example:80"), (b"cookie", cookie.encode())]
    if kind == "websocket":
        headers.append((b"origin", b"http://class.example:80"))
    scope = {"type": kind, "method": "GET", "path": "/", "query_string": query.encode(), "headers": headers,
             "client": ("192.0.2.7", 5)}  # fmt: skip

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    with ThreadPoolExecutor(1) as apart:  # the browser's tests leave a running loop in this thread
        apart.submit(lambda: asyncio.run(guard(scope, receive, send))).result()
    return sent


async def let_in(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "let in"})


def test_from_elsewhere_only_with_the_token() -> None:
    guard = Guard(let_in, 80, "a-long-enough-token")
    assert asked(guard)[0]["status"] == 403
    assert asked(guard, "token=another")[0]["status"] == 403
    assert asked(guard, kind="websocket")[0]["type"] == "websocket.close"
    welcome, body = asked(guard, "token=a-long-enough-token&epochs=3")
    cookie = dict(welcome["headers"])[b"set-cookie"].decode()
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Strict")
    assert "a-long-enough-token" not in cookie
    assert b'url=/?epochs=3"' in body["body"]
    kept = cookie.partition(";")[0]
    for kind in ("http", "websocket"):
        assert asked(guard, cookie=kept, kind=kind) == [{"type": "let in"}]
    assert asked(guard, cookie=f"{COOKIE}=forged")[0]["status"] == 403


def test_a_token_is_not_to_be_guessed() -> None:
    guard = Guard(let_in, 80, "a-long-enough-token", secret="of the folder")
    cookie = dict(asked(guard, "token=a-long-enough-token")[0]["headers"])[b"set-cookie"].decode()
    for number in range(MOST_GUESSES):
        assert asked(guard, f"token=guess{number}")[0]["status"] == 403
    for token in ("another", "a-long-enough-token"):
        refusal, body = asked(guard, f"token={token}")
        assert (refusal["status"], body["body"]) == (429, b"too many wrong tokens: wait a minute")
    assert asked(guard, cookie=cookie.partition(";")[0]) == [{"type": "let in"}]
    forged = Guard(let_in, 80, "a-long-enough-token", secret="another")
    assert asked(forged, cookie=cookie.partition(";")[0])[0]["status"] == 403


def test_guesses_are_forgotten_after_a_minute_and_few_addresses_are_remembered() -> None:
    now = [0.0]
    guesses = Guesses(lambda: now[0])
    for _ in range(MOST_GUESSES):
        assert not guesses.are_too_many("a")
        guesses.add("a")
    assert guesses.are_too_many("a")
    assert not guesses.are_too_many("b")
    now[0] = GUESSING_S
    assert not guesses.are_too_many("a")
    for number in range(MOST_ADDRESSES + 5):
        guesses.add(f"address {number}")
    assert len(guesses._by_address) == MOST_ADDRESSES


def test_beyond_this_machine_a_token_is_needed() -> None:
    assert check_host("127.0.0.1", None) is None
    with pytest.raises(BadInput, match=r"^On 0\.0\.0\.0 others .* needs a token: --token "):
        check_host("0.0.0.0", None)
    with pytest.raises(BadInput, match=r"^A token has at least 12 letters"):
        check_host("0.0.0.0", "short")
    assert check_host("0.0.0.0", "a-long-enough-token") == "a-long-enough-token"


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="choose another folder with --data-dir"):
        data_folder(str(tmp_path / "file" / "below"))
    assert data_folder(str(tmp_path / "new")).is_dir()
