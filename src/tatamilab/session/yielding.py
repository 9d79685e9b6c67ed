"""Trainings give way: on Linux their threads run when nothing else wants the core, so that pages answer meanwhile."""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import get_native_id
from typing import TypeVar

NICE = 5
"""How much the threads of a training give way; with more, a training that shares its cores with other programs stands
still, since its threads wait for each other at every step."""

Made = TypeVar("Made")


def yielding(make: Callable[[], Made]) -> Made:
    """What `make` gives, whose threads give way to all others: a thread has the priority of the one that made it.

    Args:
        make: makes something that has threads of its own, such as a program with its team.

    Example:
        >>> yielding(lambda: 6 * 7)
        42
    """
    if sys.platform != "linux":
        return make()
    context = copy_context()
    with ThreadPoolExecutor(1, initializer=_give_way) as apart:
        return apart.submit(context.run, make).result()


def _give_way() -> None:
    thread = get_native_id()
    os.setpriority(os.PRIO_PROCESS, thread, max(os.getpriority(os.PRIO_PROCESS, thread), NICE))
