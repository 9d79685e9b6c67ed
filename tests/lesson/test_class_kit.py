"""The teacher's kit: its pages, its figures, its notebook for Colab."""

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest

from tatamilab import i18n
from tatamilab.i18n import LANGUAGES
from tatamilab.lesson import kit

JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_is_there_in_its_language(lang: str, tmp_path: Path) -> None:
    with i18n.using(lang):
        written = kit.write_kit(tmp_path / "kit")
    assert [path.name for path in written] == [*(f"{name}.html" for name in kit.PAGES), "colab.ipynb"]
    for path in written[:-1]:
        html = path.read_text(encoding="utf-8")
        assert "<script" not in html
        assert "{{" not in html
        assert f'<html lang="{lang}">' in html
        assert bool(JAPANESE.search(html)) is (lang == "ja")


@pytest.mark.parametrize("name", kit.PAGES)
def test_both_languages_have_the_same_parts(name: str) -> None:
    def parts(lang: str) -> tuple[int, ...]:
        with i18n.using(lang):
            html = kit.page(name)
        return tuple(html.count(tag) for tag in ("<h1", "<h2", "<tr", "<li", "<pre"))

    assert parts("ja") == parts("en")


def test_the_plan_fills_ninety_minutes() -> None:
    with i18n.using("en"):
        rows = re.findall(r"<td>(\d):(\d\d)</td>\s*<td>(\d+)</td>", kit.page("plan"))
    starts = [60 * int(hour) + int(minute) for hour, minute, _length in rows]
    lengths = [int(length) for *_start, length in rows]
    assert lengths == [10, 25, 15, 25, 15]
    assert starts == [sum(lengths[:k]) for k in range(5)]


def test_the_key_shows_what_was_measured() -> None:
    measured = json.loads(Path(kit.__file__).with_name("expected.json").read_text(encoding="utf-8"))
    with i18n.using("en"):
        html = kit.page("key")
    for name in ("whole", "frozen", "first_cnn", "first_bpnn", "own_cnn", "own_bpnn"):
        one = measured[name]
        assert one["low"] <= one["mean"] <= one["high"]
        assert f"{one['low']:.1%} – {one['high']:.1%}" in html
    assert f"{100 * measured['difference']['mean']:+.2f}" in html
    assert measured["measured"] in html


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_notebook_for_colab(lang: str) -> None:
    with i18n.using(lang):
        notebook = kit.colab_notebook()
    nbformat.validate(notebook)
    install, keep = notebook.cells[1].source, notebook.cells[-1].source
    for code in (install, keep):
        ast.parse(code)
        assert bool(JAPANESE.search(code)) is (lang == "ja")
    assert '"keras"' in install


def test_nothing_is_written_over(tmp_path: Path, refused) -> None:
    (tmp_path / "plan.html").write_text("mine")
    refused(
        lambda: kit.write_kit(tmp_path),
        en=f"{tmp_path / 'plan.html'} is there already; choose another folder with --out.",
        ja=f"{tmp_path / 'plan.html'} はすでにあります。--out で別のフォルダを選んでください。",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["plan.html"]
