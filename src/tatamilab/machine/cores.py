"""How many physical cores this process may use: what is there, less affinity and the container's quota."""

import math
import os
import sys
from pathlib import Path

from tatamilab.i18n import _
from tatamilab.machine.sysctl import sysctl
from tatamilab.machine.unknown import Unknown


def logical_cpus() -> int:
    """The number of logical CPUs on which the system may put this process."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def physical_cores(root: Path = Path("/"), allowed: frozenset[int] | None = None) -> int:
    """The number of physical cores that this process may use at once.

    Args:
        root: where `/sys` and `/proc` are, on Linux.
        allowed: numbers of the logical CPUs that it may run on; by default, its affinity.

    Raises:
        Unknown: the system does not tell.
    """
    if sys.platform == "darwin":
        return int(sysctl("hw.physicalcpu"))
    if sys.platform != "linux":
        raise Unknown(_("physical cores are counted on Linux and macOS only."))
    cpus = frozenset(os.sched_getaffinity(0)) if allowed is None else allowed
    cores = len({_core_of(root, cpu) for cpu in cpus})
    quota = cpu_quota(root)
    return cores if quota is None else max(1, min(cores, math.floor(quota)))


def cpu_quota(root: Path = Path("/")) -> float | None:
    """How many CPUs' worth of time the container may use, by cgroup v2 or v1; `None` for no limit.

    Args:
        root: where `/sys` and `/proc` are.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    limits = []
    for line in lines:
        _number, controllers, path = line.split(":", 2)
        if not controllers:
            for mount in ("sys/fs/cgroup", "sys/fs/cgroup/unified"):
                limits += [_quota_v2(folder) for folder in _upwards(root / mount, path)]
        elif "cpu" in controllers.split(","):
            for mount in ("sys/fs/cgroup/cpu", f"sys/fs/cgroup/{controllers}"):
                limits += [_quota_v1(folder) for folder in _upwards(root / mount, path)]
    return min((limit for limit in limits if limit is not None), default=None)


def _upwards(mount: Path, path: str) -> list[Path]:
    """The folder of a control group and those above it, each of which may set a limit."""
    relative = Path(path.lstrip("/"))
    return [mount / relative, *(mount / above for above in relative.parents)]


def _quota_v2(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        return None


def _quota_v1(folder: Path) -> float | None:
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text(encoding="ascii"))
        period = int((folder / "cpu.cfs_period_us").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return quota / period if quota > 0 else None


def _core_of(root: Path, cpu: int) -> str:
    """What a logical CPU shares with its hyper-thread siblings only."""
    topology = root / f"sys/devices/system/cpu/cpu{cpu}/topology"
    try:
        package, core = (
            (topology / name).read_text(encoding="ascii").strip()
            for name in ("physical_package_id", "core_id")
        )
    except OSError as problem:
        raise Unknown(_("{file} cannot be read.", file=topology)) from problem
    return f"{package}/{core}"
