"""The arrays of a plan, and the table of addresses by which native code finds them."""

from collections.abc import Mapping

import numpy as np

from tatamilab.engine.availability import check_memory
from tatamilab.engine.buffers import Buffer
from tatamilab.engine.memory import buffers, slots
from tatamilab.engine.plan import Plan

CACHE_LINE = 64


class Arrays:
    """The arrays of a plan that belong to a program, aligned to cache lines.

    Args:
        plan: whose buffers they are.
        n_threads: how many instances there are of what each thread has.

    Attributes:
        by_name: the arrays, uint8 (instances × stride,).

    Raises:
        EngineUnavailable: there is not so much memory.
    """

    def __init__(self, plan: Plan, n_threads: int) -> None:
        self._slots = slots(plan)
        self._plan = plan
        kept = [b for b in buffers(plan) if not b.external]
        instances = {"shared": 1, "thread": n_threads, "chunk": max(n_threads, plan.max_chunks)}
        sizes = {b.name: b.stride_bytes * instances[b.scope] for b in kept}
        check_memory(sum(sizes.values()), plan.batch_size)
        self.by_name = {b.name: aligned(sizes[b.name]) for b in kept}
        if plan.checked:
            for buffer in kept:
                _spoil(self.by_name[buffer.name], buffer)
        self._table = np.zeros(len(self._slots), np.int64)
        for name, array in self.by_name.items():
            self._table[self._slots[name]] = address(array)

    def place(self, name: str, array: np.ndarray) -> None:
        """Let the calls from now on find there what no caller gives, until it is placed anew."""
        self._table[self._slots[name]] = address(array)

    def floats(self, name: str) -> np.ndarray:
        """One of the arrays as float32."""
        return self.by_name[name].view(np.float32)

    def table(self, given: Mapping[str, np.ndarray], scalars: Mapping[str, int]) -> np.ndarray:
        """Addresses and scalars of a call in the order that the code expects.

        Args:
            given: the arrays of the caller, by name.
            scalars: the numbers of the call, by name.
        """
        out = self._table.copy()
        for name, array in given.items():
            out[self._slots[name]] = address(array)
        for name, value in scalars.items():
            out[self._slots[name]] = value
        return out

    def raise_fault(self) -> None:
        """In checked mode: say which access left its buffer."""
        seen, buffer, byte, function = self.by_name["faults"].view(np.int64)[:4].tolist()
        if seen:
            names = list(self._slots)
            raise RuntimeError(
                f"checked mode: function {function} of the module left buffer {names[buffer]!r} at byte {byte}"
            )


def address(array: np.ndarray) -> int:
    """Where an array's first element is."""
    return int(array.__array_interface__["data"][0])


def aligned(n_bytes: int) -> np.ndarray:
    """Zeros, uint8 (n_bytes,), that begin at a cache line."""
    raw = np.zeros(n_bytes + CACHE_LINE, np.uint8)
    start = -address(raw) % CACHE_LINE
    return raw[start : start + n_bytes]


def _spoil(array: np.ndarray, buffer: Buffer) -> None:
    """Fill scratch with NaN, so that reading what was never written shows."""
    if buffer.images and buffer.padded_shape == buffer.shape and buffer.dtype == "f32":
        array[: array.size - array.size % 4].view(np.float32)[:] = np.nan
