"""The worksheets' sources: both languages, cell by cell, and what is written from them."""

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest

from tatamilab.cli import main
from tatamilab.errors import BadInput, OutputError
from tatamilab.i18n import LANGUAGES
from tatamilab.lesson.students import Student
from tatamilab.lesson.tasks import TASKS, tasks_of
from tatamilab.lesson.worksheets import FORMATS, WORKSHEETS, cells, notebook_of, worksheet_source, write
from tatamilab.lesson.worksheets.source import COMMENT, LINE, parse

JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")

pytestmark = pytest.mark.parametrize("name", WORKSHEETS)


def test_every_cell_speaks_both_languages(name: str) -> None:
    japanese, english = (cells(name, lang) for lang in ("ja", "en"))
    assert [(one.key, one.kind, one.marks) for one in japanese] == [
        (one.key, one.kind, one.marks) for one in english
    ]
    assert len({one.key for one in english}) == len(english)
    assert [one.key for one in english if JAPANESE.search(one.text)] == []
    assert [one.key for one in japanese if one.kind == "markdown" and not JAPANESE.search(one.text)] == []


def test_every_line_of_one_language_has_its_twin(name: str) -> None:
    for cell in worksheet_source(name).split("# %%"):
        spoken = [m[2] for line in cell.splitlines() if (m := COMMENT.match(line) or LINE.match(line))]
        assert spoken.count("ja") == spoken.count("en"), cell[:300]


def test_a_cell_that_lacks_a_language_is_named(name: str) -> None:
    source = worksheet_source(name).replace('key="title" lang="en"', 'key="other" lang="en"')
    with pytest.raises(ValueError, match="cells that lack a language: title, other"):
        parse(source, "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_code_is_python_and_both_languages_compute_the_same(name: str, lang: str) -> None:
    def computed(text: str) -> list[str]:
        tree = ast.parse(text.replace("%load_ext", "#"))
        plain = [ast.unparse(statement) for statement in tree.body]
        return [re.sub(r"print\(.*\)|'(ja|en)'|f?'[^']*'", "…", line) for line in plain]

    for one, other in zip(cells(name, lang), cells(name, "en"), strict=True):
        if one.kind == "code":
            assert computed(one.text) == computed(other.text)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_notebook_is_valid_and_has_room_for_every_answer(name: str, lang: str) -> None:
    notebook = notebook_of(name, lang)
    nbformat.validate(notebook)
    rooms = [
        cell.metadata.tatamilab["answer"] for cell in notebook.cells if "answer" in cell.metadata.tatamilab
    ]
    assert rooms == [task.name for task in tasks_of(name)]
    checked = re.findall(r'tatamilab\.check\("(.*?)"\)', "\n".join(cell.source for cell in notebook.cells))
    assert checked == rooms
    assert all(room in TASKS for room in rooms)


def test_names_are_filled_in(name: str) -> None:
    who = (Student("22X1", '山田 "花子"', ""), Student("22X2", "佐藤", "s@example.org"))
    header = notebook_of(name, "ja", who).cells[1].source
    values = {line.targets[0].id: line.value.value for line in ast.parse(header).body}
    assert values == {"student_id": "22X1、22X2", "name": '山田 "花子"、佐藤', "email": "、s@example.org"}


def test_a_file_that_is_there_is_kept(name: str, tmp_path: Path, refused) -> None:
    path = tmp_path / "mine.ipynb"
    path.write_text("answers")
    refused(
        lambda: write(name, "en", path, "ipynb"),
        en=f"{path} is there already, perhaps with your answers; choose another with --out.",
        ja=f"{path} はすでにあります（解答が入っているかもしれません）。--out で別の名前を選んでください。",
    )
    assert path.read_text() == "answers"


@pytest.mark.parametrize("form", FORMATS)
def test_a_place_where_nothing_can_be_written_is_refused_at_once(
    name: str, form: str, tmp_path: Path, refused
) -> None:
    """Without a cell being run, for those that are: that would take minutes."""
    path, ran = tmp_path / "nowhere" / f"mine.{form}", []
    refused(
        lambda: write(name, "en", path, form, told=ran.append),
        en=f"{path} could not be written: No such file or directory.",
        ja=f"{path} に書き込めませんでした: No such file or directory。",
        error=OutputError,
    )
    assert ran == []


@pytest.mark.parametrize("form", ["ipynb", "py"])
def test_the_command_writes_it(name: str, form: str, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["worksheet", name.upper(), "--lang", "ja", "--format", form, "--student-id", "22X1234"])
    assert not ended.value.code
    text = Path(f"{name}.{form}").read_text(encoding="utf-8")
    assert "22X1234" in text
    assert JAPANESE.search(text)
    if form == "py":
        ast.parse(text)
    else:
        assert json.loads(text)["metadata"]["tatamilab"]["worksheet"] == name


def test_an_unknown_name_or_format(name: str, refused) -> None:
    refused(
        lambda: cells("b2_1", "en"),
        en=f"There is no worksheet 'b2_1'; there are {', '.join(WORKSHEETS)}. Did you mean b2-1?",
        ja=f"ワークシート 'b2_1' はありません。あるのは {', '.join(WORKSHEETS)} です。b2-1 のことですか。",
        error=BadInput,
    )
