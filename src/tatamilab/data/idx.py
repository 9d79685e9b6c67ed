"""Reads IDX, MNIST's format: a magic number, the sizes of the axes, then the bytes in row-major order.

A file may be compressed with gzip. It is inflated no further than its header declares, and what it says is
checked before memory is taken for it.
"""

import hashlib
import math
import struct
import zlib
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tatamilab.errors import DataFileError
from tatamilab.files import most_unpacked
from tatamilab.i18n import _

LARGEST_BYTES = 4 << 30
"""No data file may declare more bytes than this."""

_GZIP_MAGIC = b"\x1f\x8b"
_UNSIGNED_BYTES = 8


class IdxFile(NamedTuple):
    """The array that an IDX file holds, and the SHA-256 of its uncompressed content."""

    array: NDArray[np.uint8]
    sha256: str


def read_idx(file: Path, n_axes: int, *, remedy: str, shape: tuple[int, ...] | None = None) -> IdxFile:
    """Read an IDX file of unsigned bytes, compressed or not.

    Args:
        file: what to read.
        n_axes: how many axes it must have: 1 for labels, 3 for grey images, 4 for colour images.
        remedy: what the user can do about a bad file, as the end of a sentence.
        shape: the sizes it must have, where they are known.

    Returns:
        The array, uint8 and read-only, with the SHA-256 of the content.

    Raises:
        DataFileError: the file is missing, not IDX, of another shape, truncated, damaged, or followed by
            more bytes than it declares.
    """
    try:
        content = file.read_bytes()
    except OSError as problem:
        raise DataFileError(
            _(
                "Cannot read {file}: {reason}; {remedy}.",
                file=file,
                reason=problem.strerror or problem,
                remedy=remedy,
            )
        ) from problem
    stream: _Stream = _Gzip(content) if content.startswith(_GZIP_MAGIC) else _Plain(content)
    try:
        return _read(stream, file, n_axes, remedy, shape)
    except zlib.error as problem:
        raise DataFileError(
            _(
                "{file} is damaged: its gzip compression does not fit together; {remedy}.",
                file=file,
                remedy=remedy,
            )
        ) from problem


def _read(stream: "_Stream", file: Path, n_axes: int, remedy: str, shape: tuple[int, ...] | None) -> IdxFile:
    magic = stream.take(4)
    expected = bytes([0, 0, _UNSIGNED_BYTES, n_axes])
    if magic != expected:
        raise DataFileError(
            _(
                "{file} is not an IDX file of unsigned bytes with {n_axes} axes: it begins with "
                "{received}, not {expected}; {remedy}.",
                file=file,
                n_axes=n_axes,
                received=magic.hex(" ") or "—",
                expected=expected.hex(" "),
                remedy=remedy,
            )
        )
    sizes = stream.take(4 * n_axes)
    if len(sizes) < 4 * n_axes:
        raise _truncated(file, 4 + 4 * n_axes, 4 + len(sizes), remedy)
    axes = struct.unpack(f">{n_axes}I", sizes)
    n_bytes = math.prod(axes)
    if (shape is not None and axes != shape) or math.prod(max(axis, 1) for axis in axes) > stream.most_bytes:
        raise DataFileError(
            _(
                "{file} declares the shape {received}, but {expected} is expected; {remedy}.",
                file=file,
                received="×".join(map(str, axes)),
                expected=_("at most {n} bytes", n=stream.most_bytes)
                if shape is None
                else "×".join(map(str, shape)),
                remedy=remedy,
            )
        )
    body = stream.take(n_bytes)
    if len(body) < n_bytes:
        raise _truncated(file, n_bytes, len(body), remedy)
    if not stream.at_end():
        raise DataFileError(
            _(
                "{file} goes on after the {n} bytes that its header declares; {remedy}.",
                file=file,
                n=n_bytes,
                remedy=remedy,
            )
        )
    digest = hashlib.sha256(magic + sizes)
    digest.update(body)
    return IdxFile(np.frombuffer(body, np.uint8).reshape(axes), digest.hexdigest())


def _truncated(file: Path, declared: int, held: int, remedy: str) -> DataFileError:
    return DataFileError(
        _(
            "{file} is truncated: {declared} bytes must follow, {held} do; {remedy}.",
            file=file,
            declared=declared,
            held=held,
            remedy=remedy,
        )
    )


class _Stream(Protocol):
    @property
    def most_bytes(self) -> int: ...
    def take(self, n_bytes: int) -> bytes: ...
    def at_end(self) -> bool: ...


class _Plain:
    """The bytes of a file that is not compressed."""

    most_bytes = LARGEST_BYTES

    def __init__(self, content: bytes) -> None:
        self._left = memoryview(content)

    def take(self, n_bytes: int) -> bytes:
        taken, self._left = self._left[:n_bytes], self._left[n_bytes:]
        return bytes(taken)

    def at_end(self) -> bool:
        return not self._left


class _Gzip:
    """The bytes inside a gzip file, inflated only as far as they are taken."""

    def __init__(self, content: bytes) -> None:
        self._inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self._packed = content
        self.most_bytes = min(LARGEST_BYTES, most_unpacked(len(content)))

    def take(self, n_bytes: int) -> bytes:
        if n_bytes == 0:  # to zlib, 0 means "without limit"
            return b""
        taken = self._inflater.decompress(self._packed, n_bytes)
        self._packed = self._inflater.unconsumed_tail
        return taken

    def at_end(self) -> bool:
        if self.take(1):
            return False
        if not self._inflater.eof:
            raise zlib.error("incomplete or truncated stream")
        return not self._inflater.unused_data
