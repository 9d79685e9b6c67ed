"""The caches of the CPU, from the one nearest to a core to the last."""

import sys
from dataclasses import dataclass
from pathlib import Path

from tatamilab.i18n import _
from tatamilab.machine.sysctl import sysctl
from tatamilab.machine.unknown import Unknown

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_MACOS = (
    (1, "data", "hw.l1dcachesize"),
    (1, "instruction", "hw.l1icachesize"),
    (2, "unified", "hw.l2cachesize"),
    (3, "unified", "hw.l3cachesize"),
)


@dataclass(frozen=True)
class Cache:
    """One cache.

    Args:
        level: 1 is nearest to the core.
        kind: "data", "instruction" or "unified".
        cache_bytes: its size.
        n_cpus: how many logical CPUs share it; `None` if the system does not tell.
    """

    level: int
    kind: str
    cache_bytes: int
    n_cpus: int | None = None


def caches(root: Path = Path("/"), cpu: int = 0) -> tuple[Cache, ...]:
    """The caches that a logical CPU sees.

    Args:
        root: where `/sys` is, on Linux.
        cpu: number of the logical CPU, on Linux.

    Raises:
        Unknown: the system does not tell.
    """
    if sys.platform == "darwin":
        return _from_sysctl()
    if sys.platform != "linux":
        raise Unknown(_("cache sizes are read on Linux and macOS only."))
    folder = root / f"sys/devices/system/cpu/cpu{cpu}/cache"
    found = [_from_sys(index) for index in folder.glob("index[0-9]*")]
    if not found:
        raise Unknown(_("{file} cannot be read.", file=folder))
    return tuple(sorted(found, key=lambda cache: (cache.level, cache.kind)))


def _from_sys(index: Path) -> Cache:
    try:
        level, kind, size, shared = (
            (index / name).read_text(encoding="ascii").strip()
            for name in ("level", "type", "size", "shared_cpu_list")
        )
        return Cache(int(level), kind.lower(), _bytes(size), _length(shared))
    except (OSError, ValueError) as problem:
        raise Unknown(_("{file} cannot be read.", file=index)) from problem


def _bytes(text: str) -> int:
    """The number of bytes in Linux's "1280K"."""
    unit = _UNITS.get(text[-1:])
    return int(text[:-1]) * unit if unit else int(text)


def _length(cpu_list: str) -> int:
    """How many numbers are in Linux's "0-3,8"."""
    ends = [part.split("-") for part in cpu_list.split(",")]
    return sum(int(pair[-1]) - int(pair[0]) + 1 for pair in ends)


def _from_sysctl() -> tuple[Cache, ...]:
    found = []
    for level, kind, name in _MACOS:
        try:
            found.append(Cache(level, kind, int(sysctl(name))))
        except (Unknown, ValueError):  # Apple's chips have no third level of their own
            continue
    if not found:
        raise Unknown(_("sysctl does not tell {name}.", name="hw.*cachesize"))
    return tuple(found)
