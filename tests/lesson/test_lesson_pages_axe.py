"""Every page of a lesson as axe-core sees it: nothing is wrong, in both languages, in the light and in the dark."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from made_up import ANSWER, filled_in, results_of

from browser import check_pages
from tatamilab import i18n
from tatamilab.lesson import handins, kit, report
from tatamilab.lesson.classroom import gather, render, summarise
from tatamilab.lesson.students import Student
from tatamilab.lesson.worksheets import writing

NOW = datetime(2026, 4, 1, 13, 5).astimezone()
LANGUAGES = pytest.mark.parametrize("lang", i18n.LANGUAGES)


def reported(k: int, place: Path) -> Path:
    who = (Student(f"22X{k:04d}", f"学生{k}", f"s{k}@example.org"),)
    answers = {"B2-1-1": "Filter 3 is an edge.", "B2-1-2": ANSWER}
    notebook = filled_in(who, results_of(who[0].id, k), answers, i18n.language())
    found = handins.notebook_content(json.dumps(notebook, ensure_ascii=False).encode())
    path = place / f"{k}.html"
    path.write_text(report.render(report.compose([found], (), NOW)), encoding="utf-8")
    return path


@pytest.mark.parametrize("lang", ["ja", pytest.param("en", marks=pytest.mark.slow)])
def test_report_and_class(lang: str, tmp_path: Path, chromium: Any) -> None:
    with i18n.using(lang):
        reports = [reported(k, tmp_path) for k in range(8)]
        page = tmp_path / "class.html"
        page.write_text(render(summarise(gather(tmp_path))), encoding="utf-8")
    check_pages(chromium, [reports[0], page])


@pytest.mark.slow
@LANGUAGES
def test_the_teachers_kit(lang: str, tmp_path: Path, chromium: Any) -> None:
    with i18n.using(lang):
        written = kit.write_kit(tmp_path / "kit")
    check_pages(chromium, [path for path in written if path.suffix == ".html"])


@pytest.mark.slow
@LANGUAGES
def test_a_worksheet(lang: str, tmp_path: Path, chromium: Any) -> None:
    check_pages(chromium, [writing.write("b2-1", lang, tmp_path / "b2-1.html", "html")])
