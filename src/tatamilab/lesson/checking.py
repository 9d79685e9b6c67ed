"""`tatamilab.check`: what a task's answer leaves out, asked back in the notebook."""

import difflib
import os
import sys
from pathlib import Path

from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.lesson import handins, keeping
from tatamilab.lesson.results import Result
from tatamilab.lesson.tasks import TASKS, Task, questions

NOTEBOOK_VARIABLE = "JPY_SESSION_NAME"
"""Where Jupyter names the notebook of a kernel."""
VSCODE_NAME = "__vsc_ipynb_file__"
"""What VS Code's notebooks call themselves, among the user's own names."""


def check(task: str, notebook: str | os.PathLike[str] | None = None) -> None:
    """Ask back what the answer to a task has not touched; no marks, and never the answer.

    What was kept with `tatamilab.keep` is known; the answer is read from the notebook as it was last saved.

    Args:
        task: its name, such as "B2-1-2".
        notebook: where it is saved; found by itself in Jupyter and VS Code.

    Raises:
        BadInput: there is no such task, or no such notebook.
    """
    wanted = _task(task)
    path = Path(notebook) if notebook is not None else _this_notebook(wanted)
    found = None if path is None else handins.read_notebook(path)
    results: list[Result] = list(keeping.kept.values())
    answer = ""
    if found is not None:
        answer = found.answers.get(wanted.name, "")
        results += [one.result for one in found.results if one.result.label not in keeping.kept]
    print("\n".join(_spoken(wanted, answer, results, found is not None)))


def _spoken(task: Task, answer: str, results: list[Result], was_found: bool) -> list[str]:
    asked = [f"  - {question}" for question in questions(task, answer, results)]
    lines = [_("{task}: {title}", task=task.name, title=task.title())]
    if not was_found:
        lines.append(
            _(
                "Your notebook was not found, so only your results were looked at: save it, or name it with notebook=…"
            )
        )
    elif not answer:
        lines.append(
            _(
                "There is no answer yet, or it is not saved yet. Write a first sentence, however rough, and save."
            )
        )
    if asked:
        return [*lines, _("To think about:"), *asked]
    if answer:
        lines.append(
            _("Your answer touches all that is looked for here. Whether it is right, only its reasons can tell: "
              "read it aloud to your neighbour.")
        )  # fmt: skip
    return lines


def _task(name: str) -> Task:
    if name in TASKS:
        return TASKS[name]
    nearest = difflib.get_close_matches(name, TASKS, n=1, cutoff=0)[0]
    raise BadInput(_("There is no task {name!r}; the nearest is {nearest}.", name=name, nearest=nearest))


def _this_notebook(task: Task) -> Path | None:
    """The saved notebook that this kernel runs, else the newest here that holds the task; None if there is none."""
    main = sys.modules.get("__main__")
    named = os.environ.get(NOTEBOOK_VARIABLE) or getattr(main, VSCODE_NAME, None)
    if named and Path(named).suffix == ".ipynb" and Path(named).is_file():
        return Path(named)
    newest_first = sorted(Path.cwd().glob("*.ipynb"), key=lambda path: path.stat().st_mtime, reverse=True)
    return next((path for path in newest_first if _holds(path, task)), None)


def _holds(path: Path, task: Task) -> bool:
    try:
        return task.name in handins.read_notebook(path).answers
    except BadInput:
        return False
