"""The run's folder is refused early, filled out of sight, and shown whole."""

import errno
import os
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tatamilab import files
from tatamilab.errors import OutputError
from tatamilab.experiment import RunOptions, folder


def test_default_names_do_not_clash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    now = datetime(2025, 4, 1, 9, 5, 7)
    first = folder.path_for(RunOptions(model="bpnn", seed=4), now)
    assert first == Path("runs/20250401-090507-bpnn-4")
    first.mkdir(parents=True)
    assert folder.path_for(RunOptions(model="bpnn", seed=4), now) == Path("runs/20250401-090507-bpnn-4-2")


def test_a_file_is_refused(tmp_path: Path, refused) -> None:
    path = tmp_path / "file"
    path.touch()
    refused(
        lambda: folder.check(path, force=True),
        error=OutputError,
        en=f"The output {path} is a file; give a folder with --out.",
        ja=f"出力先 {path} はファイルです。--out にはフォルダを指定してください。",
    )


def test_a_folder_with_something_in_it_is_refused_unless_forced(tmp_path: Path, refused) -> None:
    (tmp_path / "mine").touch()
    refused(
        lambda: folder.check(tmp_path, force=False),
        error=OutputError,
        en=f"The output folder {tmp_path} is not empty; choose another with --out, or add --force to "
        "replace an older run in it.",
        ja=f"出力先のフォルダ {tmp_path} は空ではありません。--out で別のフォルダを指定するか、"
        "--force を付けて以前の結果を置き換えてください。",
    )
    folder.check(tmp_path, force=True)


def test_a_folder_that_cannot_be_written_to_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused
) -> None:
    def forbidden(dir: Path) -> None:
        assert dir == tmp_path
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(files, "TemporaryFile", forbidden)  # root may write anywhere
    path = tmp_path / "new"
    refused(
        lambda: folder.check(path, force=False),
        error=OutputError,
        en=f"The folder {path} can't be written to; choose another with --out.",
        ja=f"フォルダ {path} に書き込めません。--out で別のフォルダを指定してください。",
    )


@pytest.mark.parametrize("folders", [(), ("a", "b")])
def test_a_folder_inside_a_file_is_refused(tmp_path: Path, refused, folders: tuple[str, ...]) -> None:
    (tmp_path / "file").touch()
    path = tmp_path.joinpath("file", *folders, "new")
    reason = os.strerror(errno.ENOTDIR)
    refused(
        lambda: folder.check(path, force=False),
        error=OutputError,
        en=f"Writing to {path} failed: {reason}; choose another folder with --out.",
        ja=f"{path} への書き込みに失敗しました（{reason}）。--out で別のフォルダを指定してください。",
    )


def test_any_other_refusal_is_told_with_its_reason(tmp_path: Path, refused) -> None:
    def name_too_long() -> None:
        with folder.staged(tmp_path / ("x" * 300)):
            pass

    reason = os.strerror(errno.ENAMETOOLONG)
    path = tmp_path / ("x" * 300)
    refused(
        name_too_long,
        error=OutputError,
        en=f"Writing to {path} failed: {reason}; choose another folder with --out.",
        ja=f"{path} への書き込みに失敗しました（{reason}）。--out で別のフォルダを指定してください。",
    )


def test_files_appear_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    with folder.staged(path) as hidden:
        (hidden / "figures").mkdir()
        (hidden / "figures" / "one.png").write_bytes(b"1")
        (hidden / "run.json").write_text("{}")
        assert {name.name for name in path.iterdir()} == {hidden.name, folder.RUNNING}
    assert sorted(str(file.relative_to(path)) for file in path.rglob("*")) == [
        "figures",
        "figures/one.png",
        "run.json",
    ]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_no_trace(tmp_path: Path, failure: type[BaseException]) -> None:
    def fail() -> None:
        with folder.staged(tmp_path / "a" / "b") as hidden:
            (hidden / "run.json").write_text("{}")
            raise failure

    with pytest.raises(failure):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_an_older_run_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("older")

    def fail() -> None:
        with folder.staged(tmp_path) as hidden:
            (hidden / "run.json").write_text("newer")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("run.json", "older")]


def test_a_forced_run_replaces_the_older_one_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    for name in ("run.json", "model.keras", "figures/filters.png", "mine.txt", "figures/mine.jpg"):
        (tmp_path / name).write_text("older")
    with folder.staged(tmp_path) as hidden:
        (hidden / "run.json").write_text("newer")
    left = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
    assert left == {"run.json", "mine.txt", "figures/mine.jpg"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield disk
    subprocess.run(["umount", disk], check=True)


def _disk_full(path: Path) -> dict[str, str]:
    return {
        "en": f"The disk that holds {path} is full; free some space, or choose a folder on another disk "
        "with --out.",
        "ja": f"{path} のあるディスクに空きがありません。空きを作るか、--out で別のディスクのフォルダを"
        "指定してください。",
    }


def test_a_disk_without_room_is_refused(small_disk: Path, refused) -> None:
    path = small_disk / "run"
    refused(lambda: folder.check_space(path, 100_000), error=OutputError, **_disk_full(path))
    folder.check_space(path, 10_000)


def test_a_disk_that_fills_up_keeps_nothing_half_written(small_disk: Path, refused) -> None:
    path = small_disk / "run"

    def fill() -> None:
        with folder.staged(path) as hidden, folder.speaking_of(path):
            (hidden / "first").write_bytes(b"x" * 30_000)
            (hidden / "second").write_bytes(b"x" * 100_000)

    refused(fill, error=OutputError, **_disk_full(path))
    assert list(small_disk.iterdir()) == []


def test_a_disk_that_fills_up_under_a_figure_is_told_of_the_run(tmp_path: Path, refused) -> None:
    def fill() -> None:
        with folder.speaking_of(tmp_path):
            raise OutputError("the figure could not be written") from OSError(errno.ENOSPC, "full")

    refused(fill, error=OutputError, **_disk_full(tmp_path))
