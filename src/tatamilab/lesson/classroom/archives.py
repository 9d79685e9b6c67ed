"""Zips that somebody else made: read in memory, within limits, and never unpacked under their own names."""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from tatamilab.errors import BadInput
from tatamilab.i18n import _

MOST_MEMBERS = 5_000
MOST_BYTES = 2 * 2**30
LARGEST_MEMBER = 200 * 2**20
UTF8_FLAG = 0x800
WHEN = tuple[int, int, int, int, int, int]


@dataclass(frozen=True)
class Member:
    """A file in a zip.

    Attributes:
        name: as it is shown, never where it is written.
        when: year, month, day, hour, minute, second that the zip gives.
        content: its bytes.
    """

    name: str
    when: WHEN
    content: bytes


def members(file: BinaryIO) -> Iterator[Member | str]:
    """The files of a zip one by one; for one that can't be read, a sentence that says so.

    Args:
        file: the zip, open for reading; of a large one only what is looked at is read.

    Raises:
        BadInput: it is no zip, or has more files or bytes than a class can hand in.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as problem:
        raise BadInput(_("It is not a zip, or a damaged one.")) from problem
    with archive:
        entries = [entry for entry in archive.infolist() if entry.filename and not entry.is_dir()]
        if len(entries) > MOST_MEMBERS:
            raise BadInput(
                _("It holds {n:,} files; more than {most:,} are not read.", n=len(entries), most=MOST_MEMBERS)
            )
        left = MOST_BYTES
        for entry in entries:
            name = readable_name(entry)
            if is_clutter(name):
                continue
            try:
                read = _read(archive, entry, min(left, LARGEST_MEMBER))
            except BadInput as problem:
                yield f"{name}: {problem}"
                continue
            left -= len(read)
            if is_outside(name):
                yield _(
                    "{name}: Its name points out of the zip; it was read, and nothing was written.", name=name
                )
            yield Member(name, entry.date_time, read)


def readable_name(entry: zipfile.ZipInfo) -> str:
    """A member's name; where it isn't marked as UTF-8, as Japanese Windows wrote it, if it can be that."""
    name = entry.filename
    if not entry.flag_bits & UTF8_FLAG:
        raw = name.encode("cp437", errors="replace")
        for encoding in ("utf-8", "cp932"):
            try:
                return _printable(raw.decode(encoding))
            except UnicodeDecodeError:
                continue
    return _printable(name)


def is_outside(name: str) -> bool:
    """Whether a name would lead out of the folder that it is unpacked to."""
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or parts[0] == "" or parts[0].endswith(":")


def is_clutter(name: str) -> bool:
    """Whether a file is a system's own and nobody's hand-in."""
    parts = name.replace("\\", "/").split("/")
    return any(part.startswith(".") and part != ".." for part in parts) or "__MACOSX" in parts


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    """The bytes of a member, which may be more than the zip says of it."""
    try:
        if entry.file_size > limit:
            raise BadInput(_("It is larger than {limit:,} MB once unpacked.", limit=limit // 2**20))
        with archive.open(entry) as member:
            content = member.read(limit + 1)
    except BadInput:
        raise
    except RuntimeError as problem:  # how zipfile says that a password is needed
        raise BadInput(_("It is locked with a password.")) from problem
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, zlib.error, ValueError) as problem:
        raise BadInput(_("It is damaged.")) from problem
    if len(content) > limit:
        raise BadInput(_("It is larger than {limit:,} MB once unpacked.", limit=limit // 2**20))
    return content


def _printable(name: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:300]
