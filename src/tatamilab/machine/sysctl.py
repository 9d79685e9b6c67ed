"""Reads macOS's `sysctl`."""

import subprocess

from tatamilab.i18n import _
from tatamilab.machine.unknown import Unknown


def sysctl(name: str) -> str:
    """The value of `name`, such as "hw.physicalcpu".

    Raises:
        Unknown: there is no such value, or no `sysctl`.
    """
    try:
        done = subprocess.run(
            ["/usr/sbin/sysctl", "-n", name], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError) as problem:
        raise Unknown(_("sysctl does not tell {name}.", name=name)) from problem
    return done.stdout.strip()
