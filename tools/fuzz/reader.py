"""A reader under test, and what counts as its failing."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tatamilab.errors import TatamiError

Read = Callable[[bytes, Path], object]


@dataclass(frozen=True)
class Reader:
    """Something that reads what others have written.

    Attributes:
        name: what it reads.
        read: given bytes and a folder of its own; may raise a `TatamiError`, and nothing else.
        seeds: makes input that is read well, from which damaged input is made.
        share: how many of a campaign's inputs it gets, beside the others'.
    """

    name: str
    read: Read
    seeds: Callable[[], Sequence[bytes]]
    share: float = 1.0


class NoSentence(AssertionError):
    """An input was refused, but not in one sentence."""


def attempt(reader: Reader, content: bytes, folder: Path) -> bool:
    """Give `content` to a reader; return whether it was taken.

    Raises:
        NoSentence: it was refused in no or in several lines.
        Exception: whatever else the reader let through.
    """
    try:
        reader.read(content, folder)
    except TatamiError as refused:
        said = str(refused)
        if not said.strip() or "\n" in said:
            raise NoSentence(repr(said)) from refused
        return False
    return True


def packed(members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A zip with right check sums around members that may be anything."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, compression)
    return written.getvalue()


def at(folder: Path, name: str, content: bytes) -> Path:
    """A file with `content`."""
    path = folder / name
    path.write_bytes(content)
    return path
