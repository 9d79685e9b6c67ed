"""The report: one printable HTML file with all that is handed in, and nothing in it that runs."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from tatamilab import __version__
from tatamilab.experiment import page
from tatamilab.i18n import _
from tatamilab.lesson.handins import Experiment, HandIn, Kept, Picture
from tatamilab.lesson.missing import missing
from tatamilab.lesson.results import Result, digest
from tatamilab.lesson.students import Student
from tatamilab.lesson.tasks import TASKS, tasks_of

if TYPE_CHECKING:
    from jinja2 import Environment

SCHEMA = 1
PAYLOAD_ID = "tatamilab-report"
"""The element that holds everything once more, for `verify` and for a class's page."""


@dataclass(frozen=True)
class Report:
    """All that is handed in.

    Attributes:
        worksheet: its name, or "".
        students: who hands it in.
        answers: text by task.
        results: what was kept.
        pictures: figures.
        experiments: the students' own cells.
        troubles: what could not be used, in words.
        made: local time, ISO 8601.
        sources: names of the notebooks and folders that it is made from.
    """

    worksheet: str
    students: tuple[Student, ...]
    answers: dict[str, str]
    results: tuple[Kept, ...]
    pictures: tuple[Picture, ...]
    experiments: tuple[Experiment, ...]
    troubles: tuple[str, ...]
    made: str
    sources: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        """What is asked for and isn't there, in words."""
        kept = [one.result for one in self.results]
        return missing(self.worksheet, self.students, self.answers, kept).in_full()

    def payload(self) -> dict[str, Any]:
        """What a program reads of the report, with its hash; figures are not in it."""
        fields = {
            "schema": SCHEMA,
            "tatamilab": __version__,
            "worksheet": self.worksheet,
            "made": self.made,
            "sources": list(self.sources),
            "students": [asdict(one) for one in self.students],
            "answers": self.answers,
            "results": [
                {**one.result.to_json(), **({} if one.is_intact else {"sha256": ""})} for one in self.results
            ],
        }
        return {**fields, "sha256": digest(fields)}


def compose(
    found: Sequence[HandIn], who: tuple[Student, ...], now: datetime, sources: Sequence[str] = ()
) -> Report:
    """A report from notebooks and runs.

    Args:
        found: what is in them.
        who: hands it in; those whom the notebooks name if empty.
        now: local time.
        sources: names of the notebooks and folders, by which it is known when it is made again.
    """
    named = dict.fromkeys(student for one in found for student in one.students)
    worksheets = [one.worksheet for one in found if one.worksheet]
    return Report(
        worksheet=worksheets[0] if worksheets else "",
        students=who or tuple(named),
        answers=_answers(found),
        results=tuple(kept for one in found for kept in one.results),
        pictures=tuple(picture for one in found for picture in one.pictures),
        experiments=tuple(cell for one in found for cell in one.experiments),
        troubles=tuple(trouble for one in found for trouble in one.troubles),
        made=now.isoformat(timespec="seconds"),
        sources=tuple(sources),
    )


def _answers(found: Sequence[HandIn]) -> dict[str, str]:
    """The answers of all; of two to one task the later, but none that is empty in the place of one that isn't."""
    answers: dict[str, str] = {}
    for one in found:
        for task, text in one.answers.items():
            answers[task] = text or answers.get(task, "")
    return answers


def numbers_of(result: Result) -> dict[str, str]:
    """The numbers of a result as the report shows them, by name; `verify` compares the page with these."""
    recipe = result.recipe
    return {
        "accuracy": f"{result.accuracy:.2%}",
        "interval": f"{result.interval.low:.2%}–{result.interval.high:.2%}",
        "correct": f"{result.correct:,} / {result.n:,}",
        "loss": "–" if result.loss is None else f"{result.loss:.4f}",
        "validation": _last(result.history.get("val_accuracy")),
        "training": _last(result.history.get("accuracy")),
        "parameters": f"{result.n_parameters:,}",
        "images": _("all") if recipe.data_size is None else f"{recipe.data_size:,}",
        "draw": _("the first") if recipe.draw is None else str(recipe.draw),
        "seed": "–" if recipe.seed is None else str(recipe.seed),
        "epochs": str(recipe.epochs),
        "steps": str(result.steps_per_epoch),
        "batch": str(recipe.batch_size),
        "rate": f"{recipe.lr:g}",
    }


def render(report: Report) -> str:
    """The report as one HTML page in the language in force."""
    content = json.dumps(report.payload(), ensure_ascii=False).replace("<", "\\u003c")
    return (
        environment()
        .get_template("report.html")
        .render(
            report=report,
            results=[(one.result, numbers_of(one.result), one.is_intact) for one in report.results],
            tasks=_tasks(report),
            names=", ".join(one.name or one.id for one in report.students),
            payload_id=PAYLOAD_ID,
            payload=content,
        )
    )


@cache
def environment() -> "Environment":
    """What makes pages from this package's templates, in the style of a run's page."""
    made = page.environment("tatamilab.lesson")
    made.filters["markdown"] = _markdown
    return made


def _tasks(report: Report) -> list[tuple[str, str, str]]:
    """Name, title and answer of every task of the worksheet, and of any other that was answered."""
    expected = {task.name: task.title() for task in tasks_of(report.worksheet)}
    for name in report.answers:
        expected.setdefault(name, TASKS[name].title() if name in TASKS else "")
    return [(name, title, report.answers.get(name, "")) for name, title in expected.items()]


def _last(values: Sequence[float | None] | None) -> str:
    return "–" if not values or values[-1] is None else f"{values[-1]:.2%}"


@cache
def _renderer() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")


def _markdown(text: str) -> Any:
    """An answer as HTML; tags in it are shown as they were written, pictures from elsewhere aren't fetched."""
    from markupsafe import Markup

    return Markup(_renderer().render(text))
