"""Notebooks and run folders that somebody hands in: read without running or trusting anything in them."""

import ast
import base64
import binascii
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tatamilab.errors import BadInput
from tatamilab.experiment import folder as run_folder
from tatamilab.experiment import record as run_record
from tatamilab.experiment import saving
from tatamilab.files import read_json, sha256
from tatamilab.i18n import _
from tatamilab.lesson import results
from tatamilab.lesson.architecture import architecture
from tatamilab.lesson.results import Recipe, Result
from tatamilab.lesson.students import Student, students

LARGEST_NOTEBOOK = 100 * 2**20
LARGEST_PICTURE = 8 * 2**20
MOST_PIXELS = 6000 * 6000
MOST_FIGURES = 60
MOST_RESULTS = 200
LONGEST_OUTPUT = 4_000
LONGEST_ANSWER = 50_000

MARKER = re.compile(r"^\s*\*\*(?:解答|Answer)\s+(?P<task>[A-Z]\d-\d-\d+)\*\*\s*", re.IGNORECASE)
PLACEHOLDER = re.compile(
    r"^（ここに書いてください。.*）\s*$|^\(Write here\..*\)\s*$|^YOUR ANSWER HERE\s*$", re.MULTILINE
)
"""What a cell for an answer comes with, from us or from nbgrader."""
CELL_NUMBER = re.compile(r"^# \[(?P<number>[\w-]+)\]")
FIELDS = ("student_id", "name", "email")


@dataclass(frozen=True)
class Kept:
    """A result, and whether it is as it was written.

    Attributes:
        result: the result.
        is_intact: its hash fits.
    """

    result: Result
    is_intact: bool


@dataclass(frozen=True)
class Picture:
    """A figure.

    Attributes:
        title: where it comes from.
        says: what it shows, in words, as far as it is known.
        png: the picture.
    """

    title: str
    says: str
    png: bytes


@dataclass(frozen=True)
class Experiment:
    """A cell of the student's own: its code, and what it printed."""

    code: str
    output: str


@dataclass
class HandIn:
    """What was found in a notebook or a run.

    Attributes:
        worksheet: its name, or "" if it is none of ours.
        lang: its language, or "".
        students: who handed it in.
        answers: text by task; a task whose answer is empty is there, too.
        results: what was kept.
        pictures: figures.
        experiments: the student's own cells.
        code: of all cells but the one with the names, in their order.
        troubles: what could not be used, in words.
    """

    worksheet: str = ""
    lang: str = ""
    students: tuple[Student, ...] = ()
    answers: dict[str, str] = field(default_factory=dict)
    results: list[Kept] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    experiments: list[Experiment] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


def read(path: Path) -> HandIn:
    """What is in a notebook, or in the folder of a run.

    Raises:
        BadInput: it is neither, or too large.
    """
    if path.is_dir():
        return read_run(path)
    if path.suffix.lower() == ".ipynb" or not path.exists():
        return read_notebook(path)
    raise BadInput(
        _("A report is made from a notebook (.ipynb) or the folder of a run; {path} is neither.", path=path)
    )


def read_notebook(path: Path) -> HandIn:
    """What is in a notebook.

    Raises:
        BadInput: there is none, it is damaged, or larger than 100 MB.
    """
    try:
        if path.stat().st_size > LARGEST_NOTEBOOK:
            raise BadInput(
                _("{path} is larger than {limit} MB; clear its outputs and run it again.", path=path,
                  limit=LARGEST_NOTEBOOK // 2**20)
            )  # fmt: skip
        content = path.read_bytes()
    except OSError as problem:
        raise BadInput(_("There is no notebook {path}.", path=path)) from problem
    try:
        return notebook_content(content)
    except BadInput as problem:
        raise BadInput(_("{path} is not a notebook (.ipynb).", path=path)) from problem


def notebook_content(content: bytes) -> HandIn:
    """What is in the bytes of a notebook; nothing in it is run.

    Raises:
        BadInput: it is no notebook.
    """
    try:
        notebook = read_json(content)
        cells = [cell for cell in notebook["cells"] if isinstance(cell, dict)]
        ours = _dict(_dict(notebook.get("metadata")).get("tatamilab"))
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise BadInput(_("It is not a notebook.")) from problem
    found = HandIn(worksheet=str(ours.get("worksheet", ""))[:40], lang=str(ours.get("lang", ""))[:8])
    answering = ""
    for cell in cells:
        marks = _dict(_dict(cell.get("metadata")).get("tatamilab"))
        text = _text(cell.get("source"))
        if cell.get("cell_type") == "markdown":
            answering = _take_answer(found, text, marks, answering)
        elif cell.get("cell_type") == "code":
            answering = ""
            _take_code(found, text, marks, cell.get("outputs"))
    return found


def _take_answer(found: HandIn, text: str, marks: dict[str, Any], answering: str) -> str:
    """Take a text if it is an answer, or goes on with one; return the task that is being answered behind it."""
    marker = MARKER.match(text)
    task = str(marks.get("answer") or (marker["task"].upper() if marker else ""))[:40]
    own_words = PLACEHOLDER.sub("", MARKER.sub("", text, count=1)).strip()[:LONGEST_ANSWER]
    if task:
        found.answers[task] = "\n\n".join(filter(None, (found.answers.get(task, ""), own_words)))
        return task
    if answering and not marks:  # a text that the student has put behind the cell for the answer
        before = found.answers[answering]
        found.answers[answering] = "\n\n".join(filter(None, (before, own_words)))[:LONGEST_ANSWER]
        return answering
    return ""


def _take_code(found: HandIn, code: str, marks: dict[str, Any], outputs: object) -> None:
    title = cell_title(code, str(marks.get("key") or ""))
    if marks.get("key") == "header":
        found.students = _signatures(code)
    elif code.strip():
        found.code.append(code)
    printed = []
    for bundle in _bundles(outputs):
        if results.MIME in bundle:
            _take_result(found, bundle[results.MIME])
        if "image/png" in bundle:
            _take_picture(found, title, _text(bundle.get("text/plain")), bundle["image/png"])
        elif "text/plain" in bundle:
            printed.append(_text(bundle["text/plain"]))
    if code.strip() and (marks.get("free") or not marks):
        found.experiments.append(Experiment(code[:LONGEST_OUTPUT], "\n".join(printed)[:LONGEST_OUTPUT]))


def cell_title(code: str, key: str) -> str:
    """What a cell is called: its number as the worksheet gives it, else its key, else its first line.

    Example:
        >>> cell_title("# [1-10]\\nplot_result(log)", "1-10"), cell_title("print(1)", "")
        ('[1-10]', 'print(1)')
    """
    number = CELL_NUMBER.match(code)
    return f"[{number['number']}]" if number else (key or code.strip().partition("\n")[0])[:80]


def _bundles(outputs: object) -> Iterator[dict[str, Any]]:
    """The outputs of a cell by MIME type; what was printed is text/plain."""
    for output in outputs if isinstance(outputs, list) else []:
        kind = _dict(output).get("output_type")
        if kind in ("display_data", "execute_result"):
            yield _dict(output.get("data"))
        elif kind == "stream":
            yield {"text/plain": output.get("text", "")}
        elif kind == "error":
            yield {"text/plain": f"{output.get('ename')}: {output.get('evalue')}"}


def _take_result(found: HandIn, fields: object) -> None:
    try:
        if len(found.results) >= MOST_RESULTS:
            return
        result, is_intact = results.read(fields)
    except BadInput as problem:
        found.troubles.append(str(problem))
        return
    found.results = [
        one for one in found.results if one.result.label != result.label
    ]  # the cell was run again
    found.results.append(Kept(result, is_intact))


def _take_picture(found: HandIn, title: str, says: str, content: object) -> None:
    words = "" if says.startswith("<") else says[:LONGEST_OUTPUT]
    try:
        png = base64.b64decode(_text(content).replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        png = b""
    _add_picture(found, Picture(title, words, png))


def _add_picture(found: HandIn, picture: Picture) -> None:
    if len(found.pictures) >= MOST_FIGURES:
        return
    try:
        check_picture(picture.png)
    except BadInput as problem:
        found.troubles.append(
            _("A figure of {title} can't be used: {reason}", title=picture.title, reason=problem)
        )
        return
    found.pictures.append(picture)


def check_picture(content: bytes) -> None:
    """Refuse what is no PNG of reasonable size.

    Raises:
        BadInput: it is something else, or larger than a figure can be.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            if len(content) > LARGEST_PICTURE or picture.width * picture.height > MOST_PIXELS:
                raise BadInput(_("it is too large."))
            picture.verify()
    except BadInput:
        raise
    except Exception as problem:  # a decoder of foreign bytes may raise anything
        raise BadInput(_("it is not a PNG picture.")) from problem


def _signatures(code: str) -> tuple[Student, ...]:
    """Who the header names; only plain strings are read, nothing is run."""
    written = dict.fromkeys(FIELDS, "")
    try:
        statements = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    for statement in statements:
        if (
            isinstance(statement, ast.Assign)
            and isinstance(target := statement.targets[0], ast.Name)
            and target.id in written
            and isinstance(statement.value, ast.Constant)
        ):
            written[target.id] = _plain(statement.value.value)[:200]
    return students(*written.values())


def _plain(value: object) -> str:
    """A constant of Python's as text; a number too long to be written is none."""
    try:
        return str(value)
    except ValueError:
        return ""


def read_run(path: Path) -> HandIn:
    """What is in the folder of a run; its models are never opened.

    Raises:
        BadInput: it is none, or it didn't finish.
    """
    record = run_record.read(path)
    if record.trained is None or record.training is None:
        raise BadInput(_("The run in {path} failed before it could be evaluated, so there is nothing to report.",
                         path=path))  # fmt: skip
    options = record.options
    probabilities, labels = saving.read_predictions_and_labels(path / run_folder.PREDICTIONS)
    result = Result(
        label=f"{options['model']} ({path.name})",
        task="",
        architecture=architecture(record.model.layers),
        n_parameters=record.model.n_parameters,
        recipe=Recipe(
            **{name: options[name] for name in ("data", "data_size", "draw", "batch_size", "validation_split",
                                                "optimizer", "lr", "seed")},
            model=options["model"] if architecture(record.model.layers) in results.ARCHITECTURES else "",
            epochs=record.training.epochs_begun,
        ),
        steps_per_epoch=record.training.steps_per_epoch,
        history=_history(path / run_folder.HISTORY),
        loss=record.trained.loss,
        correct=record.trained.correct,
        n=record.trained.n,
        wrong=results.packed(probabilities.argmax(axis=1) != labels),
        predictions=sha256(probabilities.tobytes()),
        trainer=record.training.trainer,
        plan=record.training.plan,
        data_hashes=record.data.hashes,
        versions=record.versions,
        machine={name: str(value) for name, value in record.machine.items() if value is not None},
    )  # fmt: skip
    checked, is_intact = results.read(result.to_json())
    found = HandIn(results=[Kept(checked, is_intact)], troubles=_status(record))
    for name in sorted((path / run_folder.FIGURES).glob("*.png"))[:MOST_FIGURES]:
        _add_picture(found, Picture(name.stem, "", name.read_bytes()[: LARGEST_PICTURE + 1]))
    return found


def _status(record: run_record.RunRecord) -> list[str]:
    if record.status == run_record.Status.FINISHED:
        return []
    return [_("The run {folder} was interrupted.", folder=record.folder.name)]


def _history(path: Path) -> dict[str, list[float | None]]:
    """A run's history as JSON can hold it: None for what is not finite."""
    return {
        name: [value if np.isfinite(value) else None for value in values]
        for name, values in saving.read_history(path).items()
    }


def _text(value: object) -> str:
    """What stands in a notebook as a text or as a list of lines."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
