"""Running `tatami`: in this process where only words matter, in its own where the process does."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tatamilab import cli, i18n

TATAMI = Path(sys.executable).with_name("tatami")


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture
def tatami(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Said]]:
    """Run the command in this process, from an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "_never_fail_on_a_letter", lambda stream: None)  # pytest's own streams

    def call(*words: object) -> Said:
        with pytest.raises(SystemExit) as end:
            cli.main([str(word) for word in words])
        said = capsys.readouterr()
        return Said(int(end.value.code or 0), said.out, said.err)

    yield call
    i18n.set_language(None)


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., Said]:
    """Run the command as a process of its own, from an empty folder."""

    def call(*words: object, **environment: str) -> Said:
        done = subprocess.run(
            [TATAMI, *map(str, words)],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return call
