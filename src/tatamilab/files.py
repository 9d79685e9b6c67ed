"""Files that appear whole or not at all: write beside, flush, sync, rename. And where the cache is."""

import errno
import hashlib
import io
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

CACHE_VARIABLE = "TATAMI_CACHE_DIR"
"""The environment variable that names the cache folder, for a room that shares one."""

LEAST_UNPACKED = 64 * 2**20
"""Bytes that any compressed file may hold, however small it is."""

LARGEST_RATIO = 100
"""How many times its own size a compressed file may hold beyond that; photographs and weights come to 5."""

MOST_DIGITS = 300
"""Of a whole number in JSON; a float ends at 308."""


def cache_folder() -> Path:
    """Where lies what can be had again: in what `TATAMI_CACHE_DIR` names, else in the platform's cache folder."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("tatamilab", appauthor=False)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; on success it is synced and takes `path`'s name.

    If the block raises, what it wrote is removed and an older file at `path` is untouched. The yielded
    name keeps `path`'s suffix, so that libraries which choose a format by suffix choose right.
    """
    beside = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{path.suffix}")
    try:
        yield beside
        with beside.open("rb+") as written:
            os.fsync(written.fileno())
        os.replace(beside, path)
        sync_folder(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write `content` (text as UTF-8) to `path`, whole or not at all."""
    with whole_file(path) as beside:
        beside.write_bytes(content.encode() if isinstance(content, str) else content)


def write_sealed(path: Path, content: bytes) -> None:
    """Write `content` behind its own hash, whole or not at all; `read_sealed` sees whether a byte has changed."""
    write_whole(path, sha256(content).encode() + b"\n" + content)


def read_sealed(path: Path) -> bytes:
    """What `write_sealed` was given.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not what was written.
    """
    seal, _newline, content = path.read_bytes().partition(b"\n")
    if seal != sha256(content).encode():
        raise ValueError(f"{path} has changed since it was written")
    return content


def most_unpacked(packed_bytes: int) -> int:
    """What a compressed file of so many bytes may hold: more is no honest file, but one made to fill the memory.

    Example:
        >>> most_unpacked(1000) == 64 * 2**20, most_unpacked(2**20) == 100 * 2**20
        (True, True)
    """
    return max(LEAST_UNPACKED, LARGEST_RATIO * packed_bytes)


def read_arrays(content: bytes) -> "dict[str, NDArray[Any]]":
    """All arrays of an `.npz` archive, by name.

    Args:
        content: of the file.

    Raises:
        ValueError: it is damaged, holds anything but arrays, or unpacks to more than `most_unpacked`.
    """
    import numpy as np

    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            if sum(member.file_size for member in archive.zip.infolist()) <= most_unpacked(len(content)):
                arrays = dict(archive)
                if all(isinstance(array, np.ndarray) for array in arrays.values()):
                    return arrays
    except Exception as problem:  # of many kinds: from zipfile, zlib, and NumPy's reader of headers
        raise ValueError("the archive of arrays is damaged") from problem
    raise ValueError("the archive does not hold plain arrays")


def read_json(content: str | bytes) -> Any:
    """What stands in JSON that anybody may have written.

    Half of a surrogate pair, which no file can hold, becomes a question mark.

    Raises:
        ValueError: it is no JSON, is nested too deeply, or has a whole number that no float could come near.
    """
    try:
        value = json.loads(content, parse_int=_whole)
        marks = (b"\\ud", b"\\uD") if isinstance(content, bytes) else ("\\ud", "\\uD")
        if any(mark in content for mark in marks):  # type: ignore[operator]
            value = json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
    except RecursionError as problem:
        raise ValueError("nested too deeply") from problem
    return value


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a whole number of {len(digits)} digits")
    return int(digits)


def sha256(content: bytes | memoryview) -> str:
    """The SHA-256 of `content`, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def check_file(path: Path) -> None:
    """Try whether a file could be written at `path`, before the work whose result it is to hold.

    Raises:
        OSError: it could not: a folder is in the way, or its own folder is missing or takes no files.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    TemporaryFile(dir=path.parent).close()


def check_folder(folder: Path) -> None:
    """Try whether files could be written in `folder`, which need not be there yet, before the work that makes them.

    Raises:
        OSError: they could not: a file is in the way, or the nearest folder that is there takes none.
    """
    TemporaryFile(dir=nearest_there(folder)).close()


def nearest_there(path: Path) -> Path:
    """`path`, or of what it lies in the nearest that is there."""
    return next(one for one in (path, *path.absolute().parents) if one.exists())


def make_folder(folder: Path) -> None:
    """Make a folder and those that it lies in, if they are not there, so that a power failure leaves them.

    Raises:
        OSError: the disk refuses, or a file is in the way.
    """
    made = [one for one in (folder, *folder.absolute().parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in made:
        sync_folder(one.absolute().parent)


def sync_folder(folder: Path) -> None:
    """Put on disk which files `folder` has, and under what names."""
    if os.name == "nt":  # Windows has no handle on a folder to sync
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
