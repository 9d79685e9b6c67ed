"""The laboratory as a process of its own, and its page in a real browser."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from settled import HEARD, settle

from browser import PATIENCE_MS

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench"))  # students without screens are there

TATAMI = Path(sys.executable).with_name("tatami")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A laboratory that is open; ended by Ctrl-C whoever is there, leaving nothing in its folder."""
    folder, runs = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("runs")
    server = subprocess.Popen(
        [
            TATAMI,
            "lab",
            "--no-open",
            "--data-dir",
            str(runs),
            "--lang",
            "en",
            "--port",
            str(free_port()),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        cwd=folder,
        env={
            name: value for name, value in os.environ.items() if not name.startswith("PYTEST")
        },  # NiceGUI looks
    )
    assert server.stdout
    found = re.search(r"http://127\.0\.0\.1:\d+/", server.stdout.readline())
    assert found
    yield found[0]
    server.send_signal(signal.SIGINT)
    rest, _ = server.communicate(timeout=PATIENCE_MS / 1000)
    assert "Traceback" not in rest
    assert list(folder.iterdir()) == []


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Callable[..., Any]]:
    """Opens the page in a fresh browser; fails on errors of the page, and on requests elsewhere."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def open_page(query: str = "", **options: object) -> Any:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(HEARD)
        contexts.append(context)
        opened = context.new_page()
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on("console", lambda said: said.type == "error" and wrong.append(said.text))
        opened.on("request", lambda request: _is_outside(request.url, address) and wrong.append(request.url))
        opened.goto(address + query)
        settle(opened)
        return opened

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def _is_outside(url: str, address: str) -> bool:
    return not url.startswith((address, address.replace("http", "ws"), "blob:", "data:"))
