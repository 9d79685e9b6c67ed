"""Whether acceleration is wanted, and which model is left to Keras for the length of a call."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass
class Switch:
    """What has been asked for so far; changed under the lock of `seam`.

    Attributes:
        asked: `accelerate()` is in force.
        blocks: how many `with accelerated()` are entered.
        suspensions: how many `with suspended()` are entered.
        strict: raise where Keras would have to do a call.
    """

    asked: bool = False
    blocks: int = 0
    suspensions: int = 0
    strict: bool = False

    @property
    def wanted(self) -> bool:
        """Whether calls should ask the engine."""
        return (self.asked or self.blocks > 0) and not self.suspensions


switch = Switch()

_left: ContextVar[Any] = ContextVar("tatamilab_left_to_keras", default=None)


@contextmanager
def left_to_keras(model: Any) -> Iterator[None]:
    """Inside the block, Keras does every step of `model` itself: a call is never half native."""
    token = _left.set(model)
    try:
        yield
    finally:
        _left.reset(token)


def is_native(model: Any) -> bool:
    """Whether a step of `model` may be native here."""
    return switch.wanted and _left.get() is not model
