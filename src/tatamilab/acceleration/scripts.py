"""`python -m tatamilab script.py …`: someone's own code, run as Python runs it, accelerated."""

import os
import runpy
import sys
import tokenize
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType, TracebackType

from tatamilab.acceleration import datasets, seam, tensorflow_alias
from tatamilab.errors import BadInput
from tatamilab.i18n import _

MODULE, CODE = "-m", "-c"
LAUNCHERS = frozenset(
    (__file__, str(Path(__file__).parents[1] / "__main__.py"), runpy.run_path.__code__.co_filename)
)
"""The files through which someone's code is started; nothing of them is of use to who wrote it."""


def names_code(arguments: Sequence[str]) -> bool:
    """Whether the arguments of `python -m tatamilab` are code to run, not a command of `tatami`.

    Args:
        arguments: those behind `tatamilab`.
    """
    if not arguments:
        return False
    first = arguments[0]
    return first in (MODULE, CODE) or first.endswith(".py") or ("." in first and os.path.isfile(first))


def runner(arguments: Sequence[str]) -> Callable[[], object]:
    """What runs the code that the arguments name, with `sys.argv` and `sys.path` as Python would set them.

    Args:
        arguments: a script, `-m` and a module, or `-c` and code; then what the code is to get.

    Raises:
        BadInput: there is no such script, it is no text of Python, or nothing follows `-m` or `-c`.
    """
    first, *rest = arguments
    if first in (MODULE, CODE):
        if not rest:
            raise BadInput(_("Something to run must follow {option}.", option=first))
        what = rest.pop(0)
        run = partial(_run_module, what) if first == MODULE else partial(_run_code, what)
        return partial(_run, run, Path.cwd(), [first, *rest])
    if not os.path.isfile(first):
        raise BadInput(_("There is no script {path}.", path=first))
    _check_text(first)
    folder = Path(first).resolve().parent
    return partial(_run, partial(runpy.run_path, first, run_name="__main__"), folder, [first, *rest])


def _check_text(path: str) -> None:
    """Refuse what Python could not even begin to read."""
    try:
        with tokenize.open(path) as file:
            is_text = "\0" not in file.read()
    except (SyntaxError, UnicodeDecodeError):
        is_text = False
    if not is_text:
        raise BadInput(
            _(
                "{path} can't be read as Python: it is not text in UTF-8, nor in an encoding that it names.",
                path=path,
            )
        )


def _run(run: Callable[[], object], folder: Path, arguments: list[str]) -> None:
    sys.excepthook = _show
    prepare(folder)
    sys.argv, sys.path[0] = arguments, str(folder)
    run()


def _show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Show what ended someone's code as Python does, without a line of ours that only led to it."""
    while trace is not None and _file(trace) in LAUNCHERS:
        trace = trace.tb_next
    shown = trace
    while shown is not None:
        while shown.tb_next is not None and _file(shown.tb_next) == tensorflow_alias.__file__:
            shown.tb_next = shown.tb_next.tb_next  # an import of theirs goes through it
        shown = shown.tb_next
    sys.__excepthook__(kind, error.with_traceback(trace), trace)


def _file(trace: TracebackType) -> str:
    return trace.tb_frame.f_code.co_filename


def _run_module(name: str) -> None:
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _run_code(code: str) -> None:
    main = sys.modules["__main__"] = ModuleType("__main__")
    exec(compile(code, "<string>", "exec"), vars(main))


def prepare(folder: Path) -> None:
    """Turn on all that lets code run unchanged: acceleration, data sets, and `tensorflow` for its imports.

    Args:
        folder: whose modules are the user's own.
    """
    seam.accelerate()
    datasets.patch()
    tensorflow_alias.install(folder)
