"""The machine that is measured on, and the cores that are used of it."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from tatamilab import machine
from tatamilab.machine.cores import physical_cores

N_CORES = 2


def use_cores(n: int = N_CORES) -> None:
    """Keeps this process, and all that it starts, to `n` physical cores where the system can (Linux)."""
    if not hasattr(os, "sched_setaffinity"):
        return
    chosen: list[int] = []
    for cpu in sorted(os.sched_getaffinity(0)):
        if len(chosen) < n and physical_cores(allowed=frozenset({*chosen, cpu})) > len(chosen):
            chosen.append(cpu)
    os.sched_setaffinity(0, chosen)


def load() -> float | None:
    """How many cores were kept busy in the last minute, if the system tells."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def facts() -> dict[str, object]:
    """What figures depend on, and when they were measured."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
    )
    return {
        **machine.facts(),
        "precision": "fp32",
        "load_at_start": load(),
        "commit": commit.stdout.strip() or None,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": sys.argv[1:],
    }
