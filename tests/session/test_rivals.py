"""Two networks trained anew for every setting: the newest wish wins, and every training is a run of a study."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from weakref import ref

import pytest

from tatamilab.data import Dataset, load
from tatamilab.session.contest import Arms, Contest
from tatamilab.session.rivals import PLANNED, Rivals, Setting
from tatamilab.study import streams
from tatamilab.study.design import Place, data_hash
from tatamilab.study.networks import Networks
from tatamilab.study.specification import make_study
from tatamilab.study.training import Task, train

EPOCHS = 3
SMALL = Setting(size=100, model="few-filters")


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load("mnist")


@pytest.fixture
def rivals(data: Dataset) -> Iterator[Rivals]:
    made = Rivals(data, epochs=EPOCHS)
    yield made
    made.close()


def test_a_training_is_a_run_of_a_study(rivals: Rivals, data: Dataset) -> None:
    rivals.ask(replace(SMALL, draw=4))
    rivals.wait()
    outcome = rivals.sight().outcomes[-1]
    arms = {"cnn": {"model": "cnn-small-data", "filters": 4}, "bpnn": {"model": "bpnn"}}
    study = make_study("a", {"arms": arms, "recipe": {"epochs": EPOCHS}, "sizes": [100]})
    networks = Networks(study, data)
    for arm, found in (("cnn", outcome.cnn), ("bpnn", outcome.bpnn)):
        start = networks.start(arm, streams.initialisation_seed(0, 4, 0))
        place, recipe = Place(arm, 100, 4, 0, 0), study.recipes()[arm]
        task = Task(
            place,
            recipe,
            networks.by_arm[arm],
            start,
            "mnist",
            data_hash(data),
            0,
            0.1,
            seeks_best_epoch=False,
        )
        assert train(task).test_accuracy == found


def test_the_plain_network_is_told_of_before_the_other_is_trained(rivals: Rivals) -> None:
    seen: list[set[str]] = []
    rivals.subscribe(lambda: seen.append(set(rivals.sight().shares)))
    rivals.ask(SMALL)
    rivals.wait()
    told = [arms for number, arms in enumerate(seen) if arms and arms not in seen[:number]]
    assert told == [{"bpnn"}, {"bpnn", "cnn"}]
    outcome = rivals.sight().outcomes[-1]
    assert rivals.sight().shares == {"cnn": outcome.cnn, "bpnn": outcome.bpnn}


def test_points_of_earlier_settings_are_kept_each_once(rivals: Rivals) -> None:
    for draw in (0, 1, 0):
        rivals.ask(replace(SMALL, draw=draw))
        rivals.wait()
    assert [one.setting.draw for one in rivals.sight().outcomes] == [1, 0]
    rivals.clear()
    assert [one.setting.draw for one in rivals.sight().outcomes] == [0]


def test_the_newest_wish_wins(data: Dataset) -> None:
    rivals = Rivals(data, epochs=10_000)
    rivals.ask(SMALL)
    time.sleep(0.05)
    rivals.ask(replace(SMALL, seed=1))
    rivals.stop()
    rivals.wait(60)
    sight = rivals.sight()
    assert (sight.busy, sight.outcomes, sight.setting.seed) == (False, (), 1)
    rivals.close()
    assert rivals._thread is not None
    assert not rivals._thread.is_alive()


@pytest.mark.slow
def test_the_small_study_runs_to_its_planned_end(rivals: Rivals) -> None:
    rivals.ask(SMALL)
    rivals.measure()
    rivals.wait()
    sight = rivals.sight()
    assert (len(sight.differences), sight.planned, sight.busy) == (PLANNED, PLANNED, False)
    assert [one.setting.draw for one in sight.outcomes] == [streams.FIRST]
    rivals.ask(replace(SMALL, draw=3))
    assert rivals.sight().planned == PLANNED
    rivals.ask(replace(SMALL, size=50))
    rivals.wait()
    assert rivals.sight().planned == 0


def test_what_makes_no_sense_is_refused(rivals: Rivals, refused: Callable[..., None]) -> None:
    refused(
        lambda: rivals.ask(Setting(size=1)),
        en="The size must be from 2 to 60000 images, the draw from 0 to 999; received 1 and -1.",
        ja="枚数は 2 から 60000、標本の番号は 0 から 999 にしてください（1 と -1 が指定されました）。",
    )
    refused(
        lambda: rivals.ask(Setting(model="huge")),
        en="The seed must be from 0 to 999, the model one of small-data, worksheet, few-filters, small-kernel; "
        "received 0 and 'huge'.",
        ja="シードは 0 から 999、モデルは small-data, worksheet, few-filters, small-kernel のいずれかにしてください"
        "（0 と 'huge' が指定されました）。",
    )


def test_what_is_left_undone_gives_back_its_images(data: Dataset) -> None:
    first, second = (Arms(data, "few-filters", EPOCHS) for _ in range(2))
    assert first.start("cnn", 1) is second.start("cnn", 1)
    contest = Contest(data, first, SMALL)
    contest.go_on()
    contest.end()
    gone = ref(contest)
    del contest
    assert gone() is None
