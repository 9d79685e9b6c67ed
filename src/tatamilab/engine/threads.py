"""How many threads a program uses: the physical cores that this process may use."""

import os

from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.machine.cores import physical_cores
from tatamilab.machine.unknown import Unknown

LARGEST = 1024
"""Threads that a program may be asked to use."""


def default() -> int:
    """`TATAMI_THREADS` if set, else the physical cores by affinity and cgroup quota.

    Raises:
        BadInput: `TATAMI_THREADS` is no whole number from 1 to `LARGEST`.
    """
    given = os.environ.get("TATAMI_THREADS")
    if given is None:
        try:
            return physical_cores()
        except Unknown:
            return os.cpu_count() or 1
    if not given.isdecimal() or len(given) > len(str(LARGEST)) or not 1 <= int(given) <= LARGEST:
        raise BadInput(
            _(
                "{name} must be a whole number from 1 to {largest}, got {value!r}.",
                name="TATAMI_THREADS",
                largest=LARGEST,
                value=given,
            )
        )
    return int(given)
