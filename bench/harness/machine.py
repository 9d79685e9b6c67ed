"""The machine that is measured on, and the cores that are used of it."""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import cpuinfo

N_CORES = 2


def use_cores(n: int = N_CORES) -> None:
    """Keeps this process, and all that it starts, to `n` cores where the system can do that (Linux)."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n])


def load() -> float | None:
    """How many cores other programs kept busy in the last minute, if the system says so."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def facts() -> dict[str, object]:
    """What figures depend on, and when they were measured."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
    )
    return {
        "cpu": cpuinfo.get_cpu_info().get("brand_raw", "unknown"),
        "cores_used": N_CORES,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "load_at_start": load(),
        "precision": "fp32",
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in ("tatamilab", "llvmlite", "numpy", "keras")},
        "commit": commit.stdout.strip() or None,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": sys.argv,
    }
