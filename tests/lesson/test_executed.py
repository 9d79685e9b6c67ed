"""A notebook without results beside what `tatami notebook run` made of it; and a report without any result."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from made_up import ANSWER, results_of

from tatamilab import i18n
from tatamilab.cli import main
from tatamilab.lesson import executed
from tatamilab.lesson.classroom import gather, summarise
from tatamilab.lesson.reading_reports import read_report
from tatamilab.lesson.students import Student

WHO = (Student("22X1234", "Hanako", "h@example.org"),)


@pytest.fixture
def tatami(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> Callable[..., tuple[int, list[str]]]:
    """Run a command in an empty folder; what it returned and said."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str, lang: str = "en") -> tuple[int, list[str]]:
        with pytest.raises(SystemExit) as ended:
            main([*words, "--lang", lang])
        i18n.set_language(None)
        said = capsys.readouterr()
        return int(ended.value.code or 0), (said.out + said.err).splitlines()

    return call


@pytest.fixture
def pair(hand_in) -> Path:
    """A notebook as it was given out, with an answer in it, and the executed one without answers."""
    hand_in("b2-1.executed.ipynb", answers={"B2-1-1": "an edge", "B2-1-2": "an older answer"})
    return hand_in(kept=[], answers={"B2-1-2": ANSWER})


def test_the_results_of_the_executed_one_and_the_answers_of_both(pair: Path) -> None:
    source = executed.read(pair)
    assert source.executed == pair.with_name("b2-1.executed.ipynb")
    assert source.is_same_code
    assert [kept.result for kept in source.found.results] == results_of("22X1234")
    assert source.found.answers == {"B2-1-1": "an edge", "B2-1-2": ANSWER}
    assert source.found.students == WHO


def test_a_notebook_that_was_run_in_jupyter_needs_no_other(hand_in) -> None:
    hand_in("b2-1.executed.ipynb", kept=results_of("22X1234", spread=50))
    source = executed.read(hand_in())
    assert source.executed is None
    assert [kept.result for kept in source.found.results] == results_of("22X1234")


def test_an_executed_one_of_nothing_or_of_another_worksheet_is_left_alone(pair: Path, hand_in) -> None:
    beside = pair.with_name("b2-1.executed.ipynb")
    notebook = json.loads(beside.read_text(encoding="utf-8"))
    notebook["metadata"]["tatamilab"]["worksheet"] = "b2-2"
    beside.write_text(json.dumps(notebook), encoding="utf-8")
    assert executed.read(pair).executed is None
    hand_in("b2-1.executed.ipynb", kept=[])
    assert executed.read(pair).executed is None


def test_a_damaged_one_is_named(pair: Path) -> None:
    beside = pair.with_name("b2-1.executed.ipynb")
    beside.write_text("{")
    with i18n.using("en"):
        found = executed.read(pair).found
    assert found.troubles == [f"{beside} is not a notebook (.ipynb)."]
    assert found.answers["B2-1-2"] == ANSWER


def test_the_report_says_whose_results_it_has(pair: Path, tatami) -> None:
    code, said = tatami("report", "b2-1.ipynb")
    assert code == 0
    assert said == [
        "b2-1.ipynb holds no results: they are those of b2-1.executed.ipynb.",
        "Written to report.html.",
    ]
    report = read_report(Path("report.html"))
    assert len(report.results) == 4
    assert report.answers["B2-1-2"] == ANSWER
    assert tatami("verify", "report.html")[0] == 0


@pytest.mark.parametrize(
    "named",
    [
        ["b2-1.ipynb", "b2-1.executed.ipynb"],
        ["b2-1.executed.ipynb", "b2-1.ipynb"],
        ["b2-1.ipynb", "./b2-1.ipynb"],
    ],
)
def test_what_is_named_twice_counts_once(pair: Path, tatami, named: list[str]) -> None:
    assert tatami("report", *named)[0] == 0
    report = read_report(Path("report.html"))
    assert [kept.result for kept in report.results] == results_of("22X1234")
    assert report.answers["B2-1-2"] == ANSWER
    assert report.sources == ("b2-1.ipynb",)


def test_code_that_has_changed_since_is_told(pair: Path, tatami) -> None:
    notebook = json.loads(pair.read_text(encoding="utf-8"))
    next(cell for cell in notebook["cells"] if cell["id"] == "2-2")["source"] += "\nprint(1)"
    pair.write_text(json.dumps(notebook), encoding="utf-8")
    assert tatami("report", "b2-1.ipynb")[1][1] == (
        "The code of the two is no longer the same; tatami notebook run b2-1.ipynb gives the results of the code as "
        "it is now."
    )


@pytest.mark.parametrize(
    ("lang", "line", "verified"),
    [
        (
            "en",
            "There is no result in it: run b2-1.ipynb and save it, or run it with tatami notebook run b2-1.ipynb; then "
            "make the report again.",
            "The report holds no result, so there was no number to check.",
        ),
        (
            "ja",
            "このレポートには結果が 1 つもありません。b2-1.ipynb を実行して保存するか、"
            "tatami notebook run b2-1.ipynb で実行してから、もう一度レポートを作ってください。",
            "レポートには結果がないので、確かめる数値がありませんでした。",
        ),
    ],
)
def test_a_report_without_any_result_is_no_success(
    hand_in, tatami, lang: str, line: str, verified: str
) -> None:
    hand_in(kept=[])
    _code, said = tatami("report", "b2-1.ipynb", lang=lang)
    assert said[1] == line
    code, said = tatami("verify", "report.html", lang=lang)
    assert code == 1
    assert said[0] == verified


def test_a_class_reads_the_two_as_one(hand_in, tmp_path: Path) -> None:
    hand_in("in/Hanako/b2-1.executed.ipynb", answers={"B2-1-1": "an edge"})
    hand_in("in/Hanako/b2-1.ipynb", kept=[], answers={"B2-1-2": ANSWER})
    hand_in("in/Taro/b2-1.ipynb", who=(Student("22X9999", "Taro"),), kept=[])
    rows = summarise(gather(tmp_path / "in")).rows
    assert [(row.source, len(row.results)) for row in rows] == [
        ("Hanako/b2-1.ipynb", 4),
        ("Taro/b2-1.ipynb", 0),
    ]
    assert rows[0].missing == ()


@pytest.mark.slow
def test_from_the_worksheet_to_the_verified_report(tatami) -> None:
    """The commands as a student gives them, on the first part of a worksheet."""
    assert tatami("worksheet", "b1-2", "--student-id", "22X1234", "--name", "Hanako")[0] == 0
    path = Path("b1-2.ipynb")
    notebook = json.loads(path.read_text(encoding="utf-8"))
    keys = {"header", "unit-code", "1-0", "1-1", "1-2", "1-3", "2-1"}
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] in keys]
    notebook["cells"][-1]["source"] = "".join(notebook["cells"][-1]["source"]).replace(
        "(600, 6000, 60000)", "(600,)"
    )
    path.write_text(json.dumps(notebook), encoding="utf-8")
    assert tatami("notebook", "run", "b1-2.ipynb")[0] == 0
    code, said = tatami("report", "b1-2.ipynb")
    assert code == 0
    assert said[:3] == [
        "b1-2.ipynb holds no results: they are those of b1-2.executed.ipynb.",
        "Written to report.html.",
        "Not there yet (you can hand it in all the same):",
    ]
    assert tatami("verify", "report.html") == (
        0,
        ["Results: 1; every number is the one that was computed.", "This finds slips, not cheats."],
    )
