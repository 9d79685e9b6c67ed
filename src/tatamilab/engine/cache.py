"""Compiled code on disk: a plan that was compiled before builds no IR.

An entry is a file of its own, named by everything that decides the code: the plan's hash, its flags, the target, the
versions, and the engine's own source, so that a changed kernel never meets an old object. It appears whole or not at
all, whichever processes write at once, and begins with the SHA-256 of what follows. What cannot be read, was damaged
or belongs to another user (it is machine code) counts as absent; where nothing can be written there is no cache.
"""

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import llvmlite

from tatamilab import __version__
from tatamilab.engine.plan import Plan
from tatamilab.files import cache_folder, write_whole

LARGEST_BYTES = 256 * 2**20
"""What all entries may take; beyond it those go first that were not used for the longest time."""

SUFFIX = ".o"
MAGIC = b"tatamilab object\n"
HEADER_BYTES = len(MAGIC) + hashlib.sha256().digest_size


@dataclass(frozen=True)
class Summary:
    """What is in the cache: its folder, how many entries, and their bytes."""

    folder: Path
    entries: int
    n_bytes: int


def folder() -> Path:
    """Where the entries are."""
    return cache_folder() / "compiled"


def key(plan: Plan, function: str) -> str:
    """Names the machine code of one of a plan's functions."""
    flags = (plan.checked, plan.profile, plan.schedule)
    return name_of(plan.hash, function, flags, plan.target)


def name_of(*what: object) -> str:
    """Names what this version of the engine makes of these values, which `repr` tells apart."""
    versions = (__version__, llvmlite.__version__, _source_hash())
    return hashlib.sha256(repr((*what, versions)).encode()).hexdigest()[:32]


@cache
def _source_hash() -> str:
    here = Path(__file__).parent
    whole = hashlib.sha256()
    for file in sorted(here.rglob("*.py")):
        whole.update(f"{file.relative_to(here)}\n".encode() + file.read_bytes())
    return whole.hexdigest()


def read(name: str) -> bytes | None:
    """The object called `name`, or None. A damaged entry is removed."""
    path = folder() / (name + SUFFIX)
    try:
        if not _is_mine(path):
            return None
        content = path.read_bytes()
    except OSError:
        return None
    code = content[HEADER_BYTES:]
    if content[:HEADER_BYTES] != _header(code):
        with suppress(OSError):
            path.unlink()
        return None
    with suppress(OSError):
        os.utime(path)
    return code


def write(name: str, code: bytes) -> None:
    """Keep an object under `name`, if the disk allows it."""
    with suppress(OSError):
        folder().mkdir(parents=True, exist_ok=True)
        write_whole(folder() / (name + SUFFIX), _header(code) + code)
        _make_room()


def summary() -> Summary:
    """What is in the cache now."""
    sizes = [status.st_size for _, status in _entries()]
    return Summary(folder(), len(sizes), sum(sizes))


def clear() -> int:
    """Remove every entry; return how many there were."""
    found = _entries()
    for path, _ in found:
        path.unlink(missing_ok=True)
    return len(found)


def _header(code: bytes) -> bytes:
    return MAGIC + hashlib.sha256(code).digest()


def _is_mine(path: Path) -> bool:
    return not hasattr(os, "getuid") or path.stat().st_uid == os.getuid()


def _entries() -> list[tuple[Path, os.stat_result]]:
    found = []
    for path in folder().glob("*" + SUFFIX):
        with suppress(OSError):  # another process may have removed it
            found.append((path, path.stat()))
    return found


def _make_room() -> None:
    """Remove the entries not used for the longest time, until the rest fits."""
    total = 0
    for path, status in sorted(_entries(), key=lambda entry: entry[1].st_mtime_ns, reverse=True):
        total += status.st_size
        if total > LARGEST_BYTES:
            path.unlink(missing_ok=True)
