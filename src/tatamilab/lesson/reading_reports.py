"""A report as it comes back: what it holds, and what its page shows; nothing in it is run or trusted."""

import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from tatamilab.errors import BadInput
from tatamilab.files import read_json
from tatamilab.i18n import _
from tatamilab.lesson import results
from tatamilab.lesson.handins import LONGEST_ANSWER, MOST_RESULTS, Kept
from tatamilab.lesson.report import PAYLOAD_ID, SCHEMA
from tatamilab.lesson.results import digest
from tatamilab.lesson.students import Student

LARGEST_REPORT = 200 * 2**20
LONGEST_FIELD = 200

PAYLOAD = re.compile(rf'<script[^<>]{{0,100}} id="{PAYLOAD_ID}"[^<>]{{0,100}}>(?P<content>[^<]*)</script>')
NUMBER = re.compile(r'data-number="([^"<>]{1,80})"[^<>]{0,100}>([^<]{0,200})<')
LANGUAGE = re.compile(r'<html[^<>]{0,100} lang="(\w{2})"')


@dataclass(frozen=True)
class ReadReport:
    """What a report says.

    Attributes:
        worksheet: its name, or "".
        lang: language of the page.
        students: who handed it in.
        answers: text by task.
        results: what was kept.
        shown: the numbers on the page by name, such as "results/0/accuracy".
        is_intact: its hash fits.
        troubles: what could not be used, in words.
        sources: names of the notebooks and runs that it was made from.
    """

    worksheet: str
    lang: str
    students: tuple[Student, ...]
    answers: dict[str, str]
    results: tuple[Kept, ...]
    shown: dict[str, str]
    is_intact: bool
    troubles: tuple[str, ...]
    sources: tuple[str, ...] = ()


def read_report(path: Path) -> ReadReport:
    """A report from its file.

    Raises:
        BadInput: there is none, it is too large, or it is none of ours.
    """
    if path.is_dir():
        raise BadInput(_("{path} is a folder; name the report itself (.html).", path=path))
    try:
        if path.stat().st_size > LARGEST_REPORT:
            raise BadInput(
                _(
                    "{path} is larger than {limit} MB, and so no report.",
                    path=path,
                    limit=LARGEST_REPORT // 2**20,
                )
            )
        content = path.read_bytes()
    except OSError as problem:
        raise BadInput(_("There is no report {path}.", path=path)) from problem
    try:
        return report_content(content)
    except BadInput as problem:
        raise BadInput(
            _("{path} can't be read as a report: {reason}", path=path, reason=problem)
        ) from problem


def report_content(content: bytes) -> ReadReport:
    """A report from its bytes.

    Raises:
        BadInput: it is none of ours.
    """
    page = content.decode("utf-8", errors="replace")
    found = PAYLOAD.search(page)
    try:
        fields = read_json(found["content"] if found else "")
    except ValueError as problem:
        raise BadInput(_("It holds no results that tatami report wrote.")) from problem
    if not isinstance(fields, dict) or fields.get("schema") != SCHEMA:
        raise BadInput(_("It was written by another version of tatamilab."))
    troubles: list[str] = []
    answers = fields.get("answers")
    return ReadReport(
        worksheet=_word(fields.get("worksheet")),
        lang=lang[1] if (lang := LANGUAGE.search(page)) else "",
        students=tuple(_students(fields.get("students"))),
        answers={_word(k): str(v)[:LONGEST_ANSWER] for k, v in answers.items()}
        if isinstance(answers, dict)
        else {},
        results=tuple(_results(fields.get("results"), troubles)),
        shown={unescape(name): unescape(text) for name, text in NUMBER.findall(page)},
        is_intact=digest({k: v for k, v in fields.items() if k != "sha256"}) == fields.get("sha256"),
        troubles=tuple(troubles),
        sources=tuple(_words(fields.get("sources"))),
    )


def _students(listed: object) -> list[Student]:
    rows = listed if isinstance(listed, list) else []
    return [
        Student(*(_word(row.get(name)) for name in ("id", "name", "email")))
        for row in rows[:20]
        if isinstance(row, dict)
    ]


def _results(listed: object, troubles: list[str]) -> list[Kept]:
    kept = []
    for fields in (listed if isinstance(listed, list) else [])[:MOST_RESULTS]:
        try:
            kept.append(Kept(*results.read(fields)))
        except BadInput as problem:
            troubles.append(str(problem))
    return kept


def _words(listed: object) -> list[str]:
    return [_word(one) for one in (listed if isinstance(listed, list) else [])[:MOST_RESULTS]]


def _word(value: Any) -> str:
    return value[:LONGEST_FIELD] if isinstance(value, str) else ""
