"""A lesson that can be taught: worksheets, what is handed in, and how a class sees it side by side.

worksheets  the lessons as notebooks, in both languages from one source
students    who they are, and the sample of images that is theirs
results     a result as it is kept in a notebook, handed in, verified and collected
keeping     `tatamilab.keep`: write a result down
checking    `tatamilab.check`: ask back about what a task's answer leaves out
showing     figures and widgets in a cell, with words for those who can't see them
handins     notebooks and run folders, read without running or trusting anything in them
report      the one file that is handed in
verifying   whether a report's numbers are those that were computed
classroom   forty hand-ins on one page
kit         what a teacher needs beside it
"""

from importlib import import_module
from typing import Any

_HOMES = {"check": "checking", "draw_of": "students", "keep": "keeping", "show": "showing"}

__all__ = ["check", "draw_of", "keep", "show"]


def __getattr__(name: str) -> Any:
    """What a worksheet calls, imported when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
