"""A notebook and what `tatami notebook run` made of it: answers are written into the one, results lie in the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tatamilab.acceleration import notebooks
from tatamilab.errors import BadInput
from tatamilab.lesson import handins
from tatamilab.lesson.handins import HandIn


@dataclass(frozen=True)
class Source:
    """What a report is made from.

    Attributes:
        path: the notebook, or the folder of a run.
        found: what is in it.
        executed: the notebook beside it that the results are from; None if they are its own, or there are none.
        is_same_code: the two notebooks have the same code.
    """

    path: Path
    found: HandIn
    executed: Path | None = None
    is_same_code: bool = True


def read_all(paths: Sequence[Path]) -> list[Source]:
    """What is in several notebooks and runs; one that is named twice, or whose results another has taken, counts once.

    Raises:
        BadInput: one is neither a notebook nor a run.
    """
    sources = [read(path) for path in {path.resolve(): path for path in paths}.values()]
    taken = {one.executed.resolve() for one in sources if one.executed is not None}
    return [one for one in sources if one.path.resolve() not in taken]


def read(path: Path) -> Source:
    """What is in a notebook or a run; for a notebook without any result, with those of its executed one beside it.

    Raises:
        BadInput: it is neither a notebook nor a run.
    """
    found, beside = handins.read(path), notebooks.executed(path)
    if found.results or path.is_dir() or not beside.is_file():
        return Source(path, found)
    try:
        ran = handins.read_notebook(beside)
    except BadInput as problem:
        return Source(path, replace(found, troubles=[*found.troubles, str(problem)]))
    if not ran.results or ran.worksheet != found.worksheet:
        return Source(path, found)
    whole = replace(
        ran,
        students=found.students or ran.students,
        answers=answers_of_both(found.answers, ran.answers),
        troubles=[*found.troubles, *ran.troubles],
    )
    return Source(path, whole, beside, found.code == ran.code)


def answers_of_both(written: Mapping[str, str], executed: Mapping[str, str]) -> dict[str, str]:
    """The answers of a notebook; where it has none, the executed one's.

    Example:
        >>> answers_of_both({"B2-1-1": "", "B2-1-2": "new"}, {"B2-1-1": "an edge", "B2-1-2": "old"})
        {'B2-1-1': 'an edge', 'B2-1-2': 'new'}
    """
    return {task: written.get(task) or executed.get(task, "") for task in [*written, *executed]}
