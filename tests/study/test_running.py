"""Studies that are run: paired, resumed, killed, interrupted, failing."""

import dataclasses
import json
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_study import stored

from tatamilab.analysis.study_effects import Estimate
from tatamilab.data import Dataset, load
from tatamilab.engine.target import runnable
from tatamilab.i18n import using
from tatamilab.store import RunRow, RunStatus, StudyStore
from tatamilab.study import asking, running, streams, training
from tatamilab.study.answer import answer
from tatamilab.study.asking import ask, stored_answer, write_folder
from tatamilab.study.design import Place, Placed, Traits
from tatamilab.study.exporting import to_csv
from tatamilab.study.networks import Networks
from tatamilab.study.places import none_begins, open_place
from tatamilab.study.remembered import remember, remembered
from tatamilab.study.results import collect
from tatamilab.study.running import Progress, prepare, run_missing
from tatamilab.study.specification import Study, changed
from tatamilab.study.stopping import main_contrast
from tatamilab.study.training import Task, Trained
from tatamilab.study.verdict import verdict
from tatamilab.study.words import arm_title, points

ASKER = Path(__file__).with_name("small_study.py")


class Here:
    """A place that runs in this process, and can be made to fail."""

    n_workers, notice, draws_random_numbers = 1, "", False

    def __init__(self) -> None:
        self.target: str | None = os.environ.get("TATAMI_TARGET")
        self.tasks: list[Task] = []
        self.fails: dict[str, int] = {}

    def submit(self, task: Task) -> "Future[Trained]":
        self.tasks.append(task)
        outcome: Future[Trained] = Future()
        if self.fails.get(task.place.arm, 0) > 0:
            self.fails[task.place.arm] -= 1
            outcome.set_exception(RuntimeError("no luck"))
        else:
            outcome.set_result(training.train(task))
        return outcome

    def close(self) -> None:
        pass


made: dict[str, Networks] = {}
"""Networks by what they are made of: most studies here have the same."""


def networks_of(study: Study, data: Dataset, target: str | None = None) -> Networks:
    wanted = repr((study.recipes(), target))
    if wanted not in made:
        made[wanted] = Networks(study, data, target)
    return made[wanted]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    place = Here()
    monkeypatch.setattr(running, "Networks", networks_of)
    monkeypatch.setattr(running, "open_place", lambda _on, _data, **_soon: place)
    return place


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StudyStore]:
    with StudyStore(f"sqlite:///{tmp_path / 's.db'}") as opened:
        yield opened


def test_arms_share_sample_initialisation_and_order(here: Here, store: StudyStore, small: Study) -> None:
    ask(small, store)
    assert len(here.tasks) == 2 * 2 * (1 + 3)
    by_place = {(t.place.arm, t.place.size, t.place.draw): t for t in here.tasks}
    first, second = by_place["wide", 60, 1], by_place["narrow", 60, 1]
    assert first.weights["0"].shape == (784, 16)
    assert second.weights["0"].shape == (784, 4)
    again = prepare(changed("small", small, {"contrasts": None}))
    assert again.runs[0].key in {run.key for run in prepare(small).runs}


def test_a_smaller_draw_is_part_of_a_larger_one_and_streams_do_not_meet() -> None:
    assert streams.sample(0, 4, 60, 1000).tolist() == streams.sample(0, 4, 100, 1000)[:60].tolist()
    assert streams.sample(0, streams.FIRST, 3, 1000).tolist() == [0, 1, 2]
    seeds = {streams.initialisation_seed(0, draw, i) for draw in range(-1, 20) for i in range(3)}
    assert len(seeds) == 63
    orders = {tuple(streams.orders(0, draw, o).permutation(8)) for draw in range(-1, 5) for o in range(2)}
    assert len(orders) == 12


def test_a_run_starts_as_keras_does(here: Here, store: StudyStore, small: Study) -> None:
    from tatamilab.models import load_model

    ask(small, store)
    task = next(t for t in here.tasks if t.place.arm == "wide" and t.place.draw == 2)
    seed = streams.initialisation_seed(small.seed, 2, 0)
    model = load_model("bpnn", (28, 28, 1), 10, seed=seed, options={"units": 16})
    for mine, keras_s in zip(task.weights.values(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, keras_s)


def test_what_is_there_is_not_done_again_and_more_draws_add_only_new_ones(
    here: Here, store: StudyStore, small: Study
) -> None:
    ask(small, store)
    n = len(here.tasks)
    ask(small, store)
    assert len(here.tasks) == n
    ask(changed("small", small, {"draws": 4}), store)
    assert {task.place.draw for task in here.tasks[n:]} == {3}
    assert len(here.tasks) == n + 4


def test_a_study_that_is_over_needs_no_networks(
    here: Here, store: StudyStore, small: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tatamilab.study.remembered.cache_folder", lambda: tmp_path)
    first = ask(small, store)
    part = changed("small", small, {"draws": 2})
    with monkeypatch.context() as none_made:
        none_made.setattr(asking, "prepare", lambda *_study, **_how: pytest.fail("networks were made"))
        again, fewer = ask(small, store), ask(part, store)
        assert ask(changed("small", small, {"draws": 3}), store, until="ci<90pp").whole
    assert again.sentences == first.sentences
    assert {run.key for run in fewer.runs} < {run.key for run in first.runs}
    assert stored_answer(store, fewer.id).sentences == fewer.sentences
    for entry in (tmp_path / "networks").iterdir():
        entry.write_text("{")
    n = len(here.tasks)
    assert ask(small, store).sentences == first.sentences
    assert len(here.tasks) == n


def test_networks_are_told_apart_by_all_that_decides_them(
    small: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tatamilab.study.remembered.cache_folder", lambda: tmp_path)
    data, traits = load("mnist"), Traits("plan", "start")
    recipe = small.recipes()["wide"]
    remember(recipe, data, "avx2", traits)
    assert remembered({"a": recipe}, data, "avx2") == {"a": traits}
    assert remembered({"a": recipe.model_copy(update={"epochs": 9})}, data, "avx2") == {"a": traits}
    assert remembered({"a": recipe}, data, "sse4") is None
    for other in ({"frozen": True}, {"learning_rate": 0.1}, {"options": {"units": 17}}):
        assert remembered({"a": recipe, "b": recipe.model_copy(update=other)}, data, "avx2") is None
    own = recipe.model_copy(update={"model": "mine:build"})
    remember(own, data, "avx2", traits)
    assert remembered({"a": own}, data, "avx2") is None
    with monkeypatch.context() as changes:
        changes.setattr("tatamilab.study.remembered.SOURCES", (__file__,))
        assert remembered({"a": recipe}, data, "avx2") is None
    monkeypatch.setattr("tatamilab.study.remembered.version", lambda _name: "another")
    assert remembered({"a": recipe}, data, "avx2") is None


def test_fifty_epochs_and_as_many_updates_are_one_run(here: Here, small: Study) -> None:
    by_epochs = prepare(changed("small", small, {"sizes": [100]}))
    by_updates = prepare(
        changed("small", small, {"sizes": [100], "recipe": {"updates": 9, "batch_size": 32}})
    )
    assert [run.key for run in by_epochs.runs] == [run.key for run in by_updates.runs]


def test_a_narrower_target_is_another_plan(here: Here, small: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    *_wider, narrowest = runnable()
    monkeypatch.setenv("TATAMI_TARGET", narrowest)
    monkeypatch.setattr(running, "open_place", open_place)
    prepared = prepare(small, "local:1", soon=False)
    assert {run.network.target for run in prepared.runs} == {narrowest}


def test_a_failure_is_tried_again_once_and_then_recorded(here: Here, store: StudyStore, small: Study) -> None:
    here.fails = {"wide": 1}
    assert ask(small, store).answer.results.n_failed == 0
    assert max(row.attempts for row in store.rows()) == 2


def test_a_run_that_fails_twice_leaves_the_others_alone(here: Here, store: StudyStore, small: Study) -> None:
    here.fails = {"wide": 10**6}
    asked = ask(small, store)
    failed = [row for row in store.rows() if row.status is RunStatus.FAILED]
    assert len(failed) == asked.answer.results.n_failed == 8
    assert failed[0].error == "RuntimeError: no luck"
    assert asked.answer.results.n_finished == 8
    here.fails = {}
    assert ask(small, store).answer.results.n_failed == 0


def test_numbers_that_are_not_finite_are_kept_marked_and_left_out(
    here: Here, store: StudyStore, small: Study
) -> None:
    recipe = {"epochs": 3, "optimizer": "sgd", "learning_rate": 1e30}
    asked = ask(changed("small", small, {"recipe": recipe, "sizes": [60]}), store)
    assert asked.answer.results.n_non_finite == 8
    assert asked.answer.contrasts[0].largest is None
    assert {row.test_accuracy for row in store.rows()} == {None}
    for lang, said in (
        ("en", "Runs left out because their loss ended as no finite number: 8."),
        ("ja", "8 回の学習は誤差が有限の数でなくなったため、除外した。"),
    ):
        with using(lang):
            assert any(said in sentence for sentence in verdict(asked.answer))


@pytest.mark.usefixtures("here")
def test_a_model_that_is_unknown(refused: Callable[..., None], small: Study) -> None:
    refused(
        lambda: prepare(changed("small", small, {"arms": {"a": {"model": "cnnn"}}, "contrasts": None})),
        en="Unknown model 'cnnn'; the nearest known name is 'cnn'.",
        ja="'cnnn' というモデルはありません。最も近い名前は 'cnn' です。",
    )


def test_ctrl_c_keeps_what_is_done(here: Here, store: StudyStore, small: Study) -> None:
    prepared = prepare(small)

    def told(far: Progress) -> None:
        if far.row is not None and far.done == 5:
            os.kill(os.getpid(), signal.SIGINT)

    assert not run_missing(prepared, store, told)
    assert 5 <= len(store.rows()) < 16
    assert run_missing(prepared, store)
    assert len(store.rows()) == 16


def test_the_best_epoch_is_chosen_by_validation_and_scored_on_the_test_images(
    here: Here, store: StudyStore, small: Study
) -> None:
    """Known from runs that end after each of the epochs."""
    asked = {"sizes": [100], "draws": 2, "first": False}
    by_epoch = []
    for epochs in (1, 2, 3):
        recipe = {**small.recipe, "epochs": epochs}
        told = ask(changed("small", small, {**asked, "recipe": recipe}), store)
        rows = [told.rows[run.key] for run in told.runs]
        assert {row.best_epoch for row in rows} == {None}
        by_epoch.append([(row.validation_accuracy, row.test_accuracy) for row in rows])
    validated, tested = np.moveaxis(np.array(by_epoch), 2, 0)
    best = validated.argmax(axis=0)
    assert len(set(best)) > 1
    found = ask(changed("small", small, {**asked, "measure": "best_epoch_accuracy"}), store)
    rows = [found.rows[run.key] for run in found.runs]
    assert [row.best_epoch for row in rows] == (1 + best).tolist()
    assert [row.best_epoch_accuracy for row in rows] == tested[best, range(4)].tolist()
    assert "at the best epoch by validation" in found.sentences[0]


def test_until_stops_early(here: Here, store: StudyStore, small: Study) -> None:
    study = changed("small", small, {"draws": 60, "sizes": [100]})
    asked = ask(study, store, until="ci<20pp")
    assert 3 <= asked.answer.contrasts[0].largest.n < 30  # type: ignore[union-attr]
    seen = main_contrast(asked.answer.results)
    assert seen.half_width < 0.2
    with using("en"):
        ended = f"holds however often one looks is {points(seen)}, from {seen.n} samples."
        assert any(sentence.endswith(ended) for sentence in verdict(asked.answer, seen))
        assert not any(
            "missing" in sentence or "overlap" in sentence for sentence in verdict(asked.answer, seen)
        )
        assert any("missing" in sentence for sentence in stored_answer(store, asked.id).sentences)
    assert asked.sentences == ask(study, store, until="ci<20pp").sentences


def test_samples_that_overlap_are_said_to(here: Here, store: StudyStore, small: Study) -> None:
    found = ask(small, store).answer
    for lang, said in (
        (
            "en",
            "The samples overlap: 3 of 100 images are more than the 299 there are, so the intervals are about",
        ),
        ("ja", "標本は重なり合っている。100 枚の標本 3 個は全 299 枚より多い"),
    ):
        with using(lang):
            assert any(said in sentence for sentence in verdict(replace(found, n_pool=299)))
            assert not any(said[:8] in sentence for sentence in verdict(replace(found, n_pool=300)))


def test_no_interval_holds_more_than_all_images(store: StudyStore, small: Study) -> None:
    """Of two draws, 0.9 and 1, Student's t interval is 0.95 ± 0.635."""
    study = changed("small", small, {"draws": 2, "first": False, "sizes": [60]})
    runs = [Placed(f"{arm}{n}", Place(arm, 60, n, 0, 0)) for arm in study.recipes() for n in range(2)]
    rows = {
        run.key: RunRow(run.key, {}, RunStatus.FINISHED, test_accuracy=0.9 + 0.1 * run.place.draw)
        for run in runs
    }
    mean = answer(collect(study, runs, rows), runs, store, np.zeros(9, np.uint8), 60_000).arms[0].means[0]
    assert mean is not None
    assert (mean.low, mean.high) == (pytest.approx(0.95 - 0.6353, abs=1e-4), 1.0)


def test_few_samples_cannot_tell_what_the_test_images_do(here: Here, store: StudyStore, small: Study) -> None:
    found = ask(changed("small", small, {"draws": 2, "sizes": [60]}), store).answer
    effect = found.contrasts[0].largest
    assert effect is not None
    many = replace(found, contrasts=(replace(found.contrasts[0], by_size=(replace(effect, n=10),)),))
    for lang, few_say, many_say in (
        (
            "en",
            "points. How much of its variance comes from the test images 2 samples can't tell.",
            "The test images make up",
        ),
        (
            "ja",
            "ポイントである。その分散のうちどれだけがテスト画像によるものかは、標本 2 個ではわからない。",
            "テスト画像によるもので、",
        ),
    ):
        with using(lang):
            assert any(said.endswith(few_say) for said in verdict(found))
            assert any(many_say in said for said in verdict(many))
            assert not any(many_say in said for said in verdict(found))


def test_a_difference_that_rounds_to_nought_has_no_minus() -> None:
    effect = Estimate(mean=-0.0028, low=-0.0057, high=-0.00001, confidence=0.95, n=20, method="t")
    with using("en"):
        assert points(effect) == "-0.28 points (-0.57 to +0.00)"


@pytest.mark.parametrize(
    ("name", "title"),
    [("filters=1, epochs=2", "1 filter, 2 epochs"), ("filters=2, epochs=1", "2 filters, 1 epoch")],
)
def test_one_of_a_kind_is_singular(name: str, title: str) -> None:
    with using("en"):
        assert arm_title(name) == title


def test_what_is_no_digit_is_called_an_image(here: Here, store: StudyStore, small: Study) -> None:
    found = ask(small, store).answer
    clothes = replace(found.results, study=small.model_copy(update={"data": "fashion-mnist"}))
    for lang, digits, images in (("en", "new digits", "new images"), ("ja", "新しい数字", "新しい画像")):
        with using(lang):
            said = ["".join(verdict(one)) for one in (found, replace(found, results=clothes))]
        assert digits in said[0]
        assert images in said[1]
        assert "digit" not in said[1]


def test_the_scatter_of_test_images_is_what_it_was_made_from(store: StudyStore, small: Study) -> None:
    """Every run is right on the same 100 of 400 images: p(1 - p)/(n - 1), and no other scatter."""
    study = changed(
        "small", small, {"draws": 2, "first": False, "initialisations": 2, "orders": 2, "sizes": [60]}
    )
    places = [
        Place(arm, 60, draw, initialisation, order)
        for arm in study.recipes() for draw in range(2) for initialisation in range(2) for order in range(2)
    ]  # fmt: skip
    runs = [Placed(str(number), place) for number, place in enumerate(places)]
    truth, labels = np.zeros(400, np.uint8), np.ones(400, np.uint8)
    labels[:100] = 0
    for run in runs:
        row = RunRow(run.key, {}, RunStatus.FINISHED, test_accuracy=0.25, validation_accuracy=0.5)
        store.save(row, labels, np.zeros(6, np.uint8))
    rows = {row.key: row for row in store.rows()}
    found = answer(collect(study, runs, rows), runs, store, truth, 60_000)
    for arm in found.arms:
        assert arm.variance is not None
        assert arm.variance.total == 0
        assert arm.variance.images == pytest.approx(0.25 * 0.75 / 399, rel=1e-5)
    scattered = [replace(arm, variance=replace(arm.variance, draw=1e-4)) for arm in found.arms]  # type: ignore[type-var]
    with using("en"):
        assert "With 2 samples these shares are rough." in verdict(replace(found, arms=tuple(scattered)))


def test_the_folder_has_what_the_answer_rests_on(
    here: Here, store: StudyStore, small: Study, tmp_path: Path
) -> None:
    asked = ask(small, store)
    names = {path.name for path in write_folder(asked, tmp_path / "out")}
    assert {"verdict.txt", "answer.json", "runs.csv", "pairs.png", "sizes.svg", "differences.png"} <= names
    said = json.loads((tmp_path / "out" / "answer.json").read_text())
    assert said["runs"] == {"finished": 16, "failed": 0, "non_finite": 0, "missing": 0}
    again = stored_answer(store, "small")
    assert again.sentences == asked.sentences
    assert to_csv(again.runs, again.rows) == to_csv(asked.runs, asked.rows)


def finished_alike(addresses: list[str], study: Study) -> None:
    """Both stores hold every run of the study, and in all that is a result they are equal."""
    with StudyStore(addresses[0]) as killed, StudyStore(addresses[1]) as whole:
        mine, theirs = (
            {row.key: dataclasses.replace(row, attempts=1, elapsed_s=None) for row in store.rows()}
            for store in (killed, whole)
        )
        assert len(mine) == len(study.arms) * len(study.sizes) * (study.draws + 1)
        assert mine == theirs
        labels, other = killed.labels(list(mine)), whole.labels(list(mine))
        assert labels.keys() == other.keys() == mine.keys()
        assert all(np.array_equal(a, b) for key in mine for a, b in zip(labels[key], other[key], strict=True))


@pytest.mark.usefixtures("here")
@pytest.mark.slow
def test_killed_at_work_and_resumed_gives_the_same_table(tmp_path: Path, small: Study) -> None:
    """`kill -9` of everything at work; then the study is finished, and compared with one never stopped."""
    study = changed("small", small, {"draws": 8})
    made = tmp_path / "networks"
    made.write_bytes(pickle.dumps(stored(study, prepare(study).networks)))  # type: ignore[arg-type]
    addresses = [f"sqlite:///{tmp_path / name}.db" for name in ("killed", "whole")]
    command = [sys.executable, str(ASKER), addresses[0], "8", str(made)]
    process = subprocess.Popen(command)
    with StudyStore(addresses[0]) as store:
        while len(store.rows()) < 3:
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
        process.wait()
        assert 3 <= len(store.rows()) < 2 * 2 * 9
    subprocess.run(command, check=True)
    with StudyStore(addresses[1]) as store:
        ask(study, store)
    finished_alike(addresses, study)


@pytest.mark.slow
@pytest.mark.usefixtures("here")
def test_killed_twenty_times_and_resumed_gives_the_same_table(tmp_path: Path, small: Study) -> None:
    """`kill -9` of everything at random moments, from the first import to the last run."""
    moments, addresses = random.Random(7), [f"sqlite:///{tmp_path / name}.db" for name in ("killed", "whole")]
    commands = [[sys.executable, str(ASKER), address, "12"] for address in addresses]
    for _kill in range(20):
        process = subprocess.Popen(commands[0], stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0.5, 4.0))
        process.kill()
        process.wait()
    for command in commands:
        subprocess.run(command, check=True)
    finished_alike(addresses, changed("small", small, {"draws": 12}))


@pytest.mark.usefixtures("here")
def test_a_script_that_asks_while_its_workers_read_it(tmp_path: Path, small: Study) -> None:
    made, script = tmp_path / "networks", tmp_path / "unguarded.py"
    made.write_bytes(pickle.dumps(stored(small, prepare(small).networks)))  # type: ignore[arg-type]
    script.write_text("import small_study\n\nsmall_study.main()\n")
    address = f"sqlite:///{tmp_path / 'none.db'}"
    said = subprocess.run(
        [sys.executable, str(script), address, "3", str(made)],
        env={**os.environ, "PYTHONPATH": str(ASKER.parent), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 1
    assert said.stderr.count("Traceback") == 1, said.stderr
    with using("en"):
        assert said.stderr.endswith(f"BadInput: {none_begins()}\n")
    with StudyStore(address) as store:
        assert store.rows() == []


def test_what_is_said_where_no_worker_begins(refused: Callable[..., None]) -> None:
    def begins() -> None:
        raise none_begins()

    refused(
        begins,
        en="The processes that do the runs end before they begin; in a script, write what asks below `if __name__ == "
        '"__main__":`, as each of them reads the script first.',
        ja="学習を行うプロセスが、始まる前に終了しています。スクリプトでは、調査を実行する部分を `if __name__ == "
        '"__main__":` の下に書いてください（どのプロセスも最初にスクリプトを読み込むためです）。',
    )


def test_a_worker_that_is_killed_loses_its_run_alone(store: StudyStore, small: Study) -> None:
    prepared = prepare(changed("small", small, {"draws": 6}), "local:2")
    try:
        workers = [next(iter(one._processes)) for one in prepared.where._every]  # type: ignore[attr-defined]
        os.kill(workers[0], signal.SIGKILL)
        assert run_missing(prepared, store)
    finally:
        prepared.close()
    assert {row.status for row in store.rows()} == {RunStatus.FINISHED}
    assert len(store.rows()) == 28
