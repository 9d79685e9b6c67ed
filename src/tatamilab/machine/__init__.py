"""Facts about this computer and this installation, for `tatami doctor` and the record of a run."""

from tatamilab.machine.caches import Cache
from tatamilab.machine.inventory import Machine, facts, read_machine

__all__ = ["Cache", "Machine", "facts", "read_machine"]
