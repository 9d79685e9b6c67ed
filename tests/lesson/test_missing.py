"""What a hand-in lacks, and whose sample its results are from: one rule for report, verify and class."""

import pytest
from made_up import result, results_of

from tatamilab import i18n
from tatamilab.lesson.missing import foreign, missing
from tatamilab.lesson.students import Student, draw_of

ME = (Student("22X1234", "Hanako", ""),)
MINE, OTHER = draw_of("22X1234"), draw_of("22X9999")
BOTH = {"B2-1-1": "Filter 3.", "B2-1-2": "The BPNN."}


def test_nothing_is_missing() -> None:
    with i18n.using("en"):
        assert missing("b2-1", ME, BOTH, results_of("22X1234")).in_full() == []


def test_everything_is_missing_in_full_and_in_short() -> None:
    with i18n.using("en"):
        found = missing("b2-1", (), {"B2-1-2": "  "}, [])
        assert found.in_full() == [
            "student ID",
            "name",
            "answer B2-1-1",
            "answer B2-1-2",
            "The CNN on the first 600 images is not there yet.",
            "The BPNN on the first 600 images is not there yet.",
            "The CNN on your own 600 images is not there yet.",
            "The BPNN on your own 600 images is not there yet.",
        ]
        assert found.in_short()[-1] == "4 of 4 results of B2-1-2"


def test_a_result_on_somebody_elses_sample_is_not_what_was_asked_for() -> None:
    with i18n.using("en"):
        found = missing("b2-1", ME, BOTH, results_of("22X9999"))
    assert [task.name for task, _needs in found.results] == ["B2-1-2"]
    assert len(found.results[0][1]) == 2


@pytest.mark.parametrize(
    ("who", "draws", "worksheet", "others"),
    [
        (ME, [MINE], "b2-1", []),
        (ME, [OTHER], "b2-1", [OTHER]),
        (ME, [MINE, 5], "b2-1", []),  # an experiment beside one's own
        ((), [OTHER], "b2-1", []),  # nobody knows whose it should be
        (ME, [OTHER], "", []),  # no worksheet has asked for a sample of one's own
        ((*ME, Student("22X9999", "Taro", "")), [OTHER], "b2-1", []),
        ((Student("２２ｘ１２３４", "", ""),), [MINE], "b2-1", []),
    ],
)
def test_whose_sample_it_is(
    who: tuple[Student, ...], draws: list[int], worksheet: str, others: list[int]
) -> None:
    results = [result(draw=draw) for draw in draws]
    assert [one.recipe.draw for one in foreign(worksheet, who, results)] == others


def test_each_network_needs_the_sample_of_its_own() -> None:
    results = [result("bpnn", MINE), result("cnn-small-data", OTHER)]
    assert foreign("b2-1", ME, results) == results[1:]
