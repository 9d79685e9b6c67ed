"""From a notebook to a report, and back: what is in it, what is missing, what was changed."""

import base64
import io
import json
import re
from datetime import datetime
from pathlib import Path

import pytest
from made_up import ANSWER, result, results_of

from tatamilab import i18n
from tatamilab.cli import main
from tatamilab.experiment import RunOptions, Watcher, run
from tatamilab.lesson import handins, printing, report, verifying
from tatamilab.lesson.reading_reports import read_report
from tatamilab.lesson.students import Student

NOW = datetime(2026, 4, 1, 13, 5).astimezone()


def made(found: handins.HandIn, folder: Path, lang: str = "en", who: tuple[Student, ...] = ()) -> Path:
    path = folder / "r.html"
    with i18n.using(lang):
        path.write_text(report.render(report.compose([found], who, NOW)), encoding="utf-8")
    return path


def tatami(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    i18n.set_language(None)
    return int(ended.value.code or 0)


def test_what_a_notebook_holds(hand_in) -> None:
    found = handins.read_notebook(hand_in())
    assert found.students == (Student("22X1234", "Hanako", "h@example.org"),)
    assert found.answers == {"B2-1-1": "", "B2-1-2": ANSWER}
    assert [kept.is_intact for kept in found.results] == [True] * 4
    assert [one.code.splitlines()[0] for one in found.experiments] == ["# for example: only 4 filters"]


def test_an_answer_goes_on_in_cells_behind_it(hand_in) -> None:
    path = hand_in()
    notebook = json.loads(path.read_text())
    place = next(k for k, cell in enumerate(notebook["cells"]) if cell["id"] == "answer-1")
    notebook["cells"].insert(
        place + 1, {"cell_type": "markdown", "metadata": {}, "source": ["More ", "of it."]}
    )
    assert handins.notebook_content(json.dumps(notebook).encode()).answers["B2-1-1"] == "More of it."


def test_answers_are_found_without_our_marks(hand_in) -> None:
    notebook = json.loads(hand_in().read_text())
    for cell in notebook["cells"]:
        cell["metadata"] = {}  # as a tool that knows nothing of them may leave it
    assert handins.notebook_content(json.dumps(notebook).encode()).answers["B2-1-2"] == ANSWER


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_the_report_shows_it_harmless_and_lists_what_is_missing(hand_in, tmp_path: Path, lang: str) -> None:
    page = made(handins.read_notebook(hand_in()), tmp_path, lang).read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; <strong>because</strong>" in page
    assert re.findall(r"<script[^>]*>", page) == ['<script type="application/json" id="tatamilab-report">']
    assert re.findall("https?://", page) == []
    assert "89.00%" in page
    assert "85.00%" in page
    with i18n.using(lang):
        assert f"<li>{i18n._('answer {task}', task='B2-1-1')}</li>" in page


def test_what_nbgrader_writes_into_an_empty_cell_is_no_answer(hand_in) -> None:
    notebook = json.loads(hand_in().read_text())
    for cell in notebook["cells"]:
        if cell["id"].startswith("answer"):
            cell["source"] = "YOUR ANSWER HERE"
    found = handins.notebook_content(json.dumps(notebook).encode())
    assert found.answers == {"B2-1-1": "", "B2-1-2": ""}


def test_an_empty_answer_is_none_in_the_place_of_one() -> None:
    found = [handins.HandIn(answers=one) for one in ({"a": "1", "b": "1"}, {"a": "", "b": "2", "c": ""})]
    assert report.compose(found, (), NOW).answers == {"a": "1", "b": "2", "c": ""}


def test_several_share_a_report(hand_in, tmp_path: Path) -> None:
    who = (Student("1", "Hanako", ""), Student("2", "Taro", ""))
    assert read_report(made(handins.read_notebook(hand_in()), tmp_path, who=who)).students == who


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_an_honest_report_verifies(hand_in, tmp_path: Path, lang: str) -> None:
    back = read_report(made(handins.read_notebook(hand_in()), tmp_path, lang))
    assert verifying.slips(back) == []
    assert back.answers["B2-1-2"] == ANSWER
    assert [kept.result for kept in back.results] == results_of("22X1234")


@pytest.mark.parametrize(
    ("old", "new", "slip"),
    [
        (">89.00%<", ">98.00%<", "the page says Test accuracy '98.00%', but 89.00% was computed."),
        (">0.5000<", ">0.0500<", "the page says Loss '0.0500', but 0.5000 was computed."),
        ('"correct": 8900', '"correct": 9800', "contradict each other"),
        ('"loss": 0.5', '"loss": 0.05', "was changed after it was kept"),
        ('"Hanako"', '"Taro"', "names or answers, not the results"),
        ('data-number="results/0/accuracy"', "", "no longer shows Test accuracy, which was 89.00%"),
    ],
)
def test_a_number_edited_by_hand_is_named(hand_in, tmp_path: Path, old: str, new: str, slip: str) -> None:
    path = made(handins.read_notebook(hand_in()), tmp_path)
    page = path.read_text(encoding="utf-8")
    assert old in page
    path.write_text(page.replace(old, new, 1), encoding="utf-8")
    with i18n.using("en"):
        found = verifying.slips(read_report(path))
    assert any(slip in one for one in found), found


def test_a_result_edited_in_the_notebook_is_named(hand_in, tmp_path: Path) -> None:
    path = hand_in()
    path.write_text(path.read_text().replace('"loss": 0.5', '"loss": 0.01', 1))
    with i18n.using("en"):
        found = verifying.slips(read_report(made(handins.read_notebook(path), tmp_path)))
    assert found == ["The result 'cnn-small-data, first 600' was changed after it was kept."]


def test_a_folder_is_no_report(tmp_path: Path, refused) -> None:
    refused(
        lambda: read_report(tmp_path),
        en=f"{tmp_path} is a folder; name the report itself (.html).",
        ja=f"{tmp_path} はフォルダです。レポートのファイル（.html）を指定してください。",
    )


def test_the_draw_of_somebody_else_is_named(hand_in, tmp_path: Path) -> None:
    path = hand_in(kept=[result(draw=7)])
    with i18n.using("en"):
        found = verifying.slips(read_report(made(handins.read_notebook(path), tmp_path)))
    assert found == ["'bpnn, own 600': draw 7 doesn't belong to the student ID."]


def test_the_commands(hand_in, tmp_path: Path, capsys) -> None:
    notebook, out = hand_in(), tmp_path / "out.html"
    assert (
        tatami("report", notebook, "--out", out, "--student-id", "22X1234", "--name", "花子", "--lang", "en")
        == 0
    )
    assert "Not there yet" in capsys.readouterr().out
    assert tatami("verify", out, "--lang", "en") == 0
    out.write_text(out.read_text(encoding="utf-8").replace(">89.00%<", ">99.00%<"), encoding="utf-8")
    assert tatami("verify", out, "--lang", "en") == 1
    assert "'99.00%'" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"[]", b'{"cells": 3}', b"\xff\xfe", b'{"cells": [' * 3000])
def test_what_is_no_notebook(tmp_path: Path, content: bytes, refused) -> None:
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)
    refused(
        lambda: handins.read_notebook(path),
        en=f"{path} is not a notebook (.ipynb).",
        ja=f"{path} はノートブック（.ipynb）ではありません。",
    )


def test_a_header_is_read_and_never_run(hand_in, tmp_path: Path) -> None:
    notebook = json.loads(hand_in().read_text())
    notebook["cells"][1]["source"] = f"student_id = open({str(tmp_path / 'ran')!r}, 'w')\nname = 'A'"
    found = handins.notebook_content(json.dumps(notebook).encode())
    assert found.students == (Student("", "A", ""),)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"GIF89a", b"<svg onload='alert(1)'/>", b""])
def test_a_picture_that_is_none_is_left_out(content: bytes, hand_in) -> None:
    notebook = json.loads(hand_in().read_text())
    bundle = {"image/png": base64.b64encode(content).decode(), "text/html": "<script>alert(1)</script>"}
    notebook["cells"][2]["outputs"] = []
    notebook["cells"][3] = {
        "cell_type": "code", "metadata": {}, "source": "1",
        "outputs": [{"output_type": "display_data", "data": bundle, "metadata": {}}],
    }  # fmt: skip
    with i18n.using("en"):
        found = handins.notebook_content(json.dumps(notebook).encode())
    assert found.pictures == []
    assert found.troubles == ["A figure of 1 can't be used: it is not a PNG picture."]


def test_a_picture_too_large_is_left_out() -> None:
    from PIL import Image

    content = io.BytesIO()
    Image.new("1", (7000, 7000)).save(content, "png")
    with i18n.using("en"), pytest.raises(ValueError, match=r"^it is too large\.$"):
        handins.check_picture(content.getvalue())


@pytest.mark.slow
def test_a_damaged_figure_of_a_run_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = tmp_path / "runs" / "mine", tmp_path / "out.html"
    run(RunOptions(data_size=60, model="bpnn", epochs=1, out=folder), Watcher())
    damaged = sorted((folder / "figures").glob("*.png"))[0]
    damaged.write_bytes(b"GIF89a")
    assert tatami("report", folder, "--out", out, "--lang", "en") == 0
    assert (
        f"Left out: A figure of {damaged.stem} can't be used: it is not a PNG picture."
        in capsys.readouterr().out.splitlines()
    )
    report_of_it = read_report(out)
    assert (len(report_of_it.results), report_of_it.sources) == (1, ("mine",))


@pytest.mark.slow
@pytest.mark.skipif(printing.browser() is None, reason="needs a browser of Chromium's family")
def test_a_pdf(hand_in, tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    assert tatami("report", hand_in(), "--out", out, "--lang", "ja") == 0
    assert out.read_bytes().startswith(b"%PDF-")


def test_a_pdf_without_a_browser(hand_in, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv(printing.BROWSER_VARIABLE, "/nowhere/browser")
    out = tmp_path / "out.pdf"
    assert tatami("report", hand_in(), "--out", out, "--lang", "en") == 2
    assert "A PDF needs Chrome, Edge or Chromium" in capsys.readouterr().err
    assert not out.exists()
