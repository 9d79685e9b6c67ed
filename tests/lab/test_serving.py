"""Who is let in, which port, and how long runs are kept."""

import asyncio
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import numpy as np
import pytest

from tatamilab.errors import BadInput, OutputError
from tatamilab.lab.guard import COOKIE, GUESSING_S, MOST_ADDRESSES, MOST_GUESSES, Guard, Guesses
from tatamilab.lab.serving import check_host, check_port, data_folder
from tatamilab.lab.sessions import LEFT_ALONE_S, Sessions
from tatamilab.session import Blueprint, LiveRun, Phase, Sample, Setup
from tatamilab.session.sample import mnist


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Host": "127.0.0.1:1"}, {"Origin": "https://evil.example"}]
)
def test_a_forged_request_is_forbidden(address: str, headers: dict[str, str]) -> None:
    with pytest.raises(HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=10)
    assert refused.value.code == 403
    refused.value.close()


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


def made(setup: Setup) -> LiveRun:
    network = Blueprint.parse("c2k5_p2_d20")
    return LiveRun(network.build, Sample.of(mnist(), images=600), epochs=10_000, seed=setup.seed)


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    opened = Sessions(made, tmp_path)
    yield opened
    opened.close()


def test_a_run_is_put_on_disk_after_ten_minutes_alone(sessions: Sessions) -> None:
    setup = Setup()
    first, second = sessions.enter("a", setup), sessions.enter("a", setup)
    run = first.run
    assert second.run is run
    assert sessions.enter("b", setup).run is not run
    assert sessions.enter("a", Setup(seed=7)).run is not run
    run.start()
    second.leave()
    assert run.moment().phase is Phase.RUNNING
    first.leave()
    run.wait()
    assert run.moment().phase is Phase.PAUSED
    run.step()
    run.wait()
    left_at = time.monotonic()
    sessions.sweep(left_at + LEFT_ALONE_S - 5)
    third = sessions.enter("a", setup)
    assert third.run is run
    third.leave()
    sessions.sweep(time.monotonic() + LEFT_ALONE_S + 1)
    again = sessions.enter("a", setup).run
    assert again is not run
    assert again.id == run.id
    for name, array in again.weights().items():
        np.testing.assert_array_equal(array, run.weights()[name])


def test_what_is_chosen_on_the_page_is_found_under_its_own_address(sessions: Sessions) -> None:
    visit = sessions.enter("a", Setup())
    visit.run.reset(5)
    visit.run.learning_rate = 0.01
    visit.run.batch_size = 64
    chosen = Setup(seed=5, learning_rate=0.01, batch_size=64)
    assert visit.setup == chosen
    assert sessions.enter("a", chosen).run is visit.run
    assert sessions.enter("a", Setup()).run is not visit.run


def test_a_run_is_taken_up_under_the_address_of_what_was_changed(sessions: Sessions) -> None:
    first = sessions.enter("a", Setup()).run
    first.learning_rate = 0.01
    first.step()
    first.wait()
    setup = sessions.put("a", Setup(), first.kept())
    assert setup == Setup(learning_rate=0.01)
    taken = sessions.enter("a", setup).run
    assert (taken.id, taken.moment().step) == (first.id, 1)


def test_what_is_to_be_trained_is_trained_once_and_on_its_own_page_only(sessions: Sessions) -> None:
    wanted, other = Setup(seed=7), Setup(seed=8)
    sessions.begin_at_next_page("a", wanted)
    assert sessions.enter("b", wanted).run.moment().phase is Phase.READY
    run = sessions.enter("a", wanted).run
    assert run.moment().phase is Phase.RUNNING
    run.pause()
    assert sessions.enter("a", wanted).run is run
    assert run.moment().phase is Phase.PAUSED
    sessions.begin_at_next_page("a", wanted)
    sessions.enter("a", other)
    sessions.enter("a", wanted)
    assert run.moment().phase is Phase.PAUSED


def test_closing_keeps_every_run(tmp_path: Path) -> None:
    sessions = Sessions(made, tmp_path)
    run = sessions.enter("a", Setup()).run
    run.start()
    sessions.close()
    (entry,) = sessions.shelf("a").entries()
    assert (entry.progress.id, entry.progress.phase) == (run.id, Phase.PAUSED)
    assert sessions.shelf("b").entries() == []


def test_a_killed_server_loses_a_minute_at_most(sessions: Sessions, tmp_path: Path) -> None:
    visit = sessions.enter("a", Setup())
    visit.run.start()
    while visit.run.moment().epoch < 2:
        time.sleep(0.01)
    sessions.sweep()
    assert visit.run.moment().phase is Phase.RUNNING
    another = Sessions(made, tmp_path)
    found = another.enter("a", Setup()).run
    assert found.id == visit.run.id
    assert found.moment().phase is Phase.PAUSED
    assert found.moment().epoch >= 2
    another.close()


def test_what_was_finished_between_two_looks_is_kept_too(sessions: Sessions) -> None:
    run = sessions.enter("a", Setup()).run
    run.step("batch")
    while run.moment().step < 1:
        time.sleep(0.01)
    sessions.sweep()
    (entry,) = sessions.shelf("a").entries()
    assert entry.progress.phase is Phase.PAUSED
    saved_at = entry.saved_at
    sessions.sweep()
    assert sessions.shelf("a").entries()[0].saved_at == saved_at


def asked(guard: Guard, query: str = "", cookie: str = "", kind: str = "http") -> list[dict[str, Any]]:
    """What the guard answers; "let in" is what the laboratory itself would."""
    sent: list[dict[str, Any]] = []
    headers = [(b"host", b"class.example:80"), (b"cookie", cookie.encode())]
    if kind == "websocket":
        headers.append((b"origin", b"http://class.example:80"))
    scope = {"type": kind, "headers": headers, "query_string": query.encode(), "client": ("192.0.2.7", 5)}

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
