"""Who is let in, which port, and how long runs are kept."""

import socket
import urllib.request
from collections.abc import Callable
from urllib.error import HTTPError

import pytest

from tatamilab.data import load
from tatamilab.lab.guard import LoopbackGuard
from tatamilab.lab.serving import check_port
from tatamilab.lab.sessions import LEFT_ALONE_S, Sessions
from tatamilab.models import worksheet_cnn
from tatamilab.session import LiveRun, Phase, Sample


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Host": "127.0.0.1:1"}, {"Origin": "https://evil.example"}]
)
def test_a_forged_request_is_forbidden(address: str, headers: dict[str, str]) -> None:
    with pytest.raises(HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=10)
    assert refused.value.code == 403
    refused.value.close()


def test_a_socket_needs_the_pages_own_origin() -> None:
    guard = LoopbackGuard(None, 80)
    host = (b"host", b"localhost:80")
    for origins, may in (
        ([], False),
        ([b"http://localhost:80"], True),
        ([b"http://127.0.0.1:80"], False),
        ([b"http://localhost:80"] * 2, False),
        ([b"null"], False),
    ):
        headers = [host, *((b"origin", origin) for origin in origins)]
        assert guard._may_enter({"type": "websocket", "headers": headers}) is may


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


def test_a_run_outlives_its_pages_for_ten_minutes() -> None:
    sample = Sample.of(load("mnist", data_size=600))
    sessions = Sessions(lambda: LiveRun(lambda: worksheet_cnn(filters=2), sample, epochs=10_000))
    run = sessions.enter("a")
    assert sessions.enter("a") is run
    assert sessions.enter("b") is not run
    run.start()
    sessions.leave("a")
    sessions.sweep()
    assert run.moment().phase is Phase.RUNNING
    sessions.leave("a")
    run.wait()
    assert run.moment().phase is Phase.PAUSED
    left_at = sessions._held["a"].left_at
    sessions.sweep(left_at + LEFT_ALONE_S - 1)
    assert sessions.enter("a") is run
    sessions.leave("a")
    sessions.sweep(sessions._held["a"].left_at + LEFT_ALONE_S + 1)
    assert sessions.enter("a") is not run
    sessions.close()
