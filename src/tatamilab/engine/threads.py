"""How many threads a program uses: the physical cores that this process may use."""

import os

from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.machine.cores import physical_cores
from tatamilab.machine.unknown import Unknown


def default() -> int:
    """`TATAMI_THREADS` if set, else the physical cores by affinity and cgroup quota.

    Raises:
        BadInput: `TATAMI_THREADS` is no positive whole number.
    """
    given = os.environ.get("TATAMI_THREADS")
    if given is None:
        try:
            return physical_cores()
        except Unknown:
            return os.cpu_count() or 1
    if not given.isdecimal() or int(given) < 1:
        raise BadInput(_("TATAMI_THREADS must be a whole number from 1 up, got {given!r}.", given=given))
    return int(given)
