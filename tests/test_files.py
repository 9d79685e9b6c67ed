"""Files appear whole or not at all."""

import hashlib
import io
import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from tatamilab import files
from tatamilab.files import read_arrays, sha256, whole_file, write_whole


@pytest.mark.parametrize(
    ("content", "held"), [("日本語\n", "日本語\n".encode()), (b"\0\xff", b"\0\xff"), ("", b"")]
)
def test_write_whole(tmp_path, content, held):
    write_whole(tmp_path / "a.txt", content)
    assert (tmp_path / "a.txt").read_bytes() == held
    assert os.listdir(tmp_path) == ["a.txt"]


def test_an_older_file_is_replaced(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old and longer")
    write_whole(path, "new")
    assert path.read_text() == "new"


@pytest.mark.parametrize("old", [None, "old"])
def test_an_exception_in_the_block_leaves_everything_as_it_was(tmp_path, old):
    path = tmp_path / "a.txt"
    if old:
        path.write_text(old)
    before = os.listdir(tmp_path)

    def write_half():
        with whole_file(path) as beside:
            beside.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert os.listdir(tmp_path) == before
    assert old is None or path.read_text() == old


def test_nothing_is_seen_under_the_name_until_the_block_ends(tmp_path):
    path = tmp_path / "a.txt"
    with whole_file(path) as beside:
        beside.write_text("half")
        assert not path.exists()
        assert beside.parent == path.parent
        assert beside.name.startswith(".")
        assert beside.suffix == ".txt"
    assert path.read_text() == "half"


def test_two_at_once_do_not_meet(tmp_path):
    path = tmp_path / "a.txt"
    with whole_file(path) as first, whole_file(path) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"  # the outer block ends last
    assert os.listdir(tmp_path) == ["a.txt"]


def test_it_is_synced_before_it_is_renamed(tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(files.os, "fsync", lambda handle: done.append(stat.S_ISDIR(os.fstat(handle).st_mode)))
    replace = os.replace
    monkeypatch.setattr(files.os, "replace", lambda *names: (done.append("renamed"), replace(*names)))
    write_whole(tmp_path / "a.txt", "text")
    assert done == [False, "renamed", True] if os.name != "nt" else [False, "renamed"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_permissions_are_those_of_any_new_file(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "a.txt", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == mode


def test_a_folder_that_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "a.txt", "text")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_leaves_the_older_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fill():
        with whole_file(path) as beside:
            beside.write_text("some")
            Path("/dev/full").write_text("more")

    with pytest.raises(OSError, match="No space left"):
        fill()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("content", [b"", b"abc", memoryview(b"abc")])
def test_sha256(content):
    assert sha256(content) == hashlib.sha256(bytes(content)).hexdigest()


def test_damaged_arrays_are_a_value_error(tmp_path):
    written = io.BytesIO()
    np.savez_compressed(written, a=np.arange(300.0), b=np.eye(3))
    content = written.getvalue()
    kept = read_arrays(content)
    assert sorted(kept) == ["a", "b"]
    assert np.array_equal(kept["a"], np.arange(300.0))
    alone = io.BytesIO()
    np.save(alone, np.eye(2))
    cut = [content[:n] for n in range(0, len(content), 41)]
    flipped = [content[:n] + bytes([content[n] ^ 0xFF]) + content[n + 1 :] for n in range(0, len(content), 3)]
    damaged = [b"", b"text", alone.getvalue(), *cut, *flipped]
    refused = 0
    for one in damaged:
        try:
            read_arrays(one)
        except ValueError:
            refused += 1
    assert refused > 0.8 * len(damaged)  # the rest is in what no reader looks at, such as the dates
