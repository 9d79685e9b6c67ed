"""Filled-in worksheets on disk."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from made_up import ANSWER, filled_in, results_of

from tatamilab.lesson.results import Result
from tatamilab.lesson.students import Student


@pytest.fixture
def hand_in(tmp_path: Path) -> Callable[..., Path]:
    """Write a filled-in worksheet, and return its path."""

    def write(
        name: str = "b2-1.ipynb",
        who: tuple[Student, ...] = (Student("22X1234", "Hanako", "h@example.org"),),
        kept: list[Result] | None = None,
        answers: dict[str, str] | None = None,
    ) -> Path:
        results = results_of(who[0].id) if kept is None else kept
        notebook = filled_in(who, results, {"B2-1-2": ANSWER} if answers is None else answers)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
        return path

    return write
