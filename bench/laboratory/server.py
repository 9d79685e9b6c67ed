"""The laboratory as a process of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TATAMI = Path(sys.executable).with_name("tatami")


@dataclass(frozen=True)
class Server:
    """One that is open.

    Args:
        address: of its page.
        process: its number.
        said: what it has written so far.
    """

    address: str
    process: "subprocess.Popen[str]"
    said: Path


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def opened(folder: Path, *words: str) -> Iterator[Server]:
    """`tatami lab` with its runs below `folder`; ended by Ctrl-C.

    Args:
        folder: empty.
        words: more options.
    """
    said = folder / "said.txt"
    command = [TATAMI, "lab", "--no-open", "--lang", "en", "--port", str(free_port()), *words]
    with said.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [*command, "--data-dir", str(folder / "data")],
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
            cwd=folder,
            env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        )
    assert process.stdout
    found = re.search(r"http://[\w.]+:\d+/", process.stdout.readline())
    try:
        assert found, said.read_text(encoding="utf-8")
        yield Server(found[0], process, said)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
