"""The wheelhouse: what pip is asked for. Nothing is fetched here."""

import subprocess
from pathlib import Path

import pytest

from tatamilab.lesson import wheelhouse


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    calls: list[list[str]] = []

    def run(command: list[str], check: bool) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(wheelhouse.subprocess, "run", run)
    return calls


def test_every_system_is_asked_for(tmp_path: Path, asked: list[list[str]]) -> None:
    wheel = tmp_path / "tatamilab-1-py3-none-any.whl"
    wheel.write_bytes(b"w")
    assert wheelhouse.fill(tmp_path / "stick", wheel, ["windows", "macos"]) == 1
    assert (tmp_path / "stick" / wheel.name).read_bytes() == b"w"
    assert ["win_amd64" in words for words in asked] == [True, False]
    for words in asked:
        assert words[-2:] == [f"{wheel}[notebook]", "jupyterlab"]
        assert "--only-binary=:all:" in words


def test_the_newest_wheel_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "tatamilab-2-py3-none-any.whl").touch()
    assert wheelhouse.own_wheel(None) == Path("dist/tatamilab-2-py3-none-any.whl")


def test_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused) -> None:
    monkeypatch.chdir(tmp_path)
    refused(
        lambda: wheelhouse.fill(Path("stick"), None, ["windows"]),
        en="The wheel of tatamilab is needed (tatamilab-*.whl): name it with --wheel, or make it with "
        "uv build --wheel.",
        ja="tatamilab の wheel（tatamilab-*.whl）が必要です。--wheel で指定するか、uv build --wheel で作ってください。",
    )
    refused(
        lambda: wheelhouse.fill(Path("stick"), None, ["beos"]),
        en="Wheels can be fetched for windows, macos, linux; received 'beos'.",
        ja="wheel を用意できるのは windows, macos, linux ですが、'beos' が指定されました。",
    )
    assert not Path("stick").exists()
