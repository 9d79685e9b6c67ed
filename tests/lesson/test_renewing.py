"""What a report may be written over: an older state of itself, and nothing else."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from made_up import ANSWER, result

from tatamilab import i18n
from tatamilab.cli import main
from tatamilab.errors import BadInput
from tatamilab.lesson import handins, report
from tatamilab.lesson.handins import HandIn, Kept
from tatamilab.lesson.reading_reports import read_report
from tatamilab.lesson.renewing import check_renewal
from tatamilab.lesson.students import Student

NOW = datetime(2026, 4, 1, 13, 5).astimezone()
ONE = HandIn(results=[Kept(result(), True)])
SENTENCE = (
    "{path} is there already and {what}; choose another file with --out, or add --force to write over it."
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "report.html"


def written(path: Path, made: report.Report) -> None:
    path.write_text(report.render(made), encoding="utf-8")


def of(found: HandIn, *sources: str) -> report.Report:
    return report.compose([found], (), NOW, sources)


def why_not(path: Path, made: report.Report) -> str:
    with i18n.using("en"), pytest.raises(BadInput) as caught:
        check_renewal(path, made)
    return str(caught.value)


def test_an_answer_more_renews_the_report(hand_in: Callable[..., Path], place: Path) -> None:
    written(place, of(handins.read(hand_in(answers={})), "b2-1.ipynb"))
    check_renewal(place, of(handins.read(hand_in(answers={"B2-1-1": ANSWER})), "my b2-1.ipynb"))


def test_a_name_filled_in_renews_the_report(hand_in: Callable[..., Path], place: Path) -> None:
    written(place, of(handins.read(hand_in(who=(Student(),), kept=[]))))
    check_renewal(place, of(handins.read(hand_in())))


def test_without_a_worksheet_the_same_files_are_the_same_work(place: Path) -> None:
    written(place, of(ONE, "runs", "my.ipynb"))
    check_renewal(place, of(ONE, "runs", "my.ipynb"))
    assert why_not(place, of(ONE, "runs")) == SENTENCE.format(
        path=place, what="is a report of something else"
    )


@pytest.mark.parametrize("content", ["", "<html>my homepage</html>"])
def test_something_else_is_kept(content: str, place: Path) -> None:
    place.write_text(content)
    assert why_not(place, of(ONE)) == SENTENCE.format(path=place, what="is no report")


def test_the_report_of_another_student_or_worksheet_is_kept(
    hand_in: Callable[..., Path], place: Path
) -> None:
    written(place, of(handins.read(hand_in())))
    other = of(handins.read(hand_in(who=(Student("22X9999"), Student("22X8888")))))
    assert why_not(place, other) == SENTENCE.format(
        path=place, what="is the report of another student ID, 22X1234"
    )
    assert "is a report of something else" in why_not(place, of(HandIn(worksheet="b2-2")))


def test_results_are_not_written_over_by_none(hand_in: Callable[..., Path], place: Path) -> None:
    written(place, of(handins.read(hand_in())))
    assert why_not(place, of(handins.read(hand_in(kept=[])))) == SENTENCE.format(
        path=place, what="holds results, of which this report would have none"
    )


def test_a_pdf_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    check_renewal(path, of(ONE))
    path.write_bytes(b"%PDF-")
    assert "is a PDF, which can't be compared with this report" in why_not(path, of(ONE))


def test_the_command(hand_in: Callable[..., Path], place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def tatami(*words: object) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["report", *map(str, words), "--out", str(place), "--lang", "ja"])
        i18n.set_language(None)
        return int(ended.value.code or 0)

    place.write_text("mine")
    assert tatami(hand_in()) == 2
    assert capsys.readouterr().err == (
        f"{place} はすでにあり、レポートではありません。"
        "--out で別のファイルを指定するか、上書きしてよければ --force を付けてください。\n"
    )
    assert place.read_text() == "mine"
    assert tatami(hand_in(), "--force") == 0
    assert tatami(hand_in(answers={"B2-1-1": "filled in later"})) == 0
    assert read_report(place).answers["B2-1-1"] == "filled in later"
    assert read_report(place).sources == ("b2-1.ipynb",)
