"""A disk that loses its power: what a program has written and synced, and what of it may be there afterwards.

POSIX promises that a file's bytes are on disk once the file was synced, and a name in a folder once the folder was. Of
the rest anything may be there or not. `Recorder` writes down the syncs and renames of whatever runs inside it, with
what the folder held then; `states` makes of that the folders that a power failure at each moment could leave.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

Names = dict[Path, int]
"""Which file lies under which name."""


@dataclass
class Moment:
    """The disk between two events.

    Attributes:
        seen: what programs see: the name of each file, and which file that is.
        kept: the same as of each folder's last sync.
        now: bytes of each file.
        synced: bytes of each file as of its last sync.
    """

    seen: Names
    kept: Names
    now: dict[int, bytes]
    synced: dict[int, bytes]


@dataclass
class Recorder:
    """Records a folder while the block runs.

    Args:
        root: the folder.
    """

    root: Path
    moments: list[Moment] = field(default_factory=list)
    _files: Names = field(default_factory=dict)
    _kept: Names = field(default_factory=dict)
    _synced: dict[int, bytes] = field(default_factory=dict)
    _last: int = 0

    def __enter__(self) -> "Recorder":
        self._fsync, self._replace = os.fsync, os.replace
        os.fsync, os.replace = self._on_fsync, self._on_replace  # type: ignore[assignment]
        return self

    def __exit__(self, *_error: object) -> None:
        os.fsync, os.replace = self._fsync, self._replace
        self._note()

    def _on_fsync(self, handle: int) -> None:
        self._note()
        path = Path(os.readlink(f"/proc/self/fd/{handle}"))
        self._fsync(handle)
        if path.is_dir():
            self._kept = {name: file for name, file in self._kept.items() if name.parent != path}
            self._kept |= {name: file for name, file in self._files.items() if name.parent == path}
        elif path in self._files:
            self._synced[self._files[path]] = path.read_bytes()
        self._note()

    def _on_replace(self, source: str | Path, target: str | Path) -> None:
        self._note()
        self._replace(source, target)
        if Path(source) in self._files:
            self._files[Path(target)] = self._files.pop(Path(source))
        self._note()

    def _note(self) -> None:
        there = {path for path in self.root.rglob("*") if path.is_file()}
        for path in there - self._files.keys():
            self._last += 1
            self._files[path] = self._last
        self._files = {path: file for path, file in self._files.items() if path in there}
        now = {file: path.read_bytes() for path, file in self._files.items()}
        self.moments.append(Moment(dict(self._files), dict(self._kept), now, dict(self._synced)))


def states(moments: list[Moment], random: Random) -> Iterator[dict[Path, bytes]]:
    """What may be on the disk after a failure at each moment, by name.

    For each moment: nothing but what was synced; all names, and of the bytes those synced; and a mixture, with one
    folder's names as they were seen, another's as they were synced, and files that are torn in the middle.
    No state comes twice.
    """
    seen = set()
    for state in (state for moment in moments for state in _after(moment, random)):
        known = hash(frozenset(state.items()))
        if known not in seen:
            seen.add(known)
            yield state


def _after(moment: Moment, random: Random) -> Iterator[dict[Path, bytes]]:
    everything = {**dict.fromkeys(moment.now, b""), **moment.synced}
    yield {name: everything.get(file, b"") for name, file in moment.kept.items()}
    yield {name: everything[file] for name, file in moment.seen.items()}
    folders = {name.parent for name in (*moment.seen, *moment.kept)}
    as_seen = {folder for folder in sorted(folders) if random.random() < 0.5}
    names = {name: file for name, file in moment.kept.items() if name.parent not in as_seen}
    names |= {name: file for name, file in moment.seen.items() if name.parent in as_seen}
    yield {name: _torn(moment, file, random) for name, file in names.items()}


def _torn(moment: Moment, file: int, random: Random) -> bytes:
    if file in moment.synced:
        return moment.synced[file]
    content = moment.now.get(file, b"")
    return content[: random.randint(0, len(content))]


def lay(state: dict[Path, bytes], root: Path, at: Path) -> None:
    """Make a folder hold what a state holds."""
    for name, content in state.items():
        path = at / name.relative_to(root)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
