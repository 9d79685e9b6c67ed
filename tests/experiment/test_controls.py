"""The controls, by a recipe short enough for a test: what is shared, what is taken away, and going on after a stop."""

import signal
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tatamilab import i18n
from tatamilab.analysis import filter_norms, neighbour_correlation
from tatamilab.experiment import controls
from tatamilab.experiment.conclusions import Standing, answer
from tatamilab.experiment.control_arms import ARMS, question_of, title_of
from tatamilab.experiment.control_conclusions import of_controls
from tatamilab.experiment.control_recipe import Recipe
from tatamilab.experiment.control_store import Store, Trained
from tatamilab.experiment.control_summary import ControlSummary, summarise
from tatamilab.experiment.controls import Step, run_controls
from tatamilab.experiment.interruption import Interruption
from tatamilab.models import load_model

SHORT = Recipe(data_size=300, epochs=2)
SEEDS = 2


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("controls") / "short", SHORT)
    steps: list[Step] = []
    assert run_controls(store, SEEDS, steps.append)
    assert [step.done for step in steps] == list(range(1, len(ARMS) * SEEDS + 1))
    assert {(step.arm, step.seed) for step in steps} == {(arm, seed) for arm in ARMS for seed in range(SEEDS)}
    return store


@pytest.fixture(scope="module")
def summary(store: Store) -> ControlSummary:
    return summarise(store.folder)


@pytest.mark.slow
def test_all_arms_of_a_seed_start_alike(store: Store) -> None:
    start = np.asarray(load_model("cnn", (28, 28, 1), 10, seed=1).layers[0].kernel)
    for arm in ("learned", "frozen", "pixels", "phases", "labels", "rotated"):
        assert np.array_equal(store.load(arm, 1).kernels[0], start)
    assert not np.array_equal(store.load("learned", 0).kernels[0], start)


def test_what_is_frozen_stays(store: Store) -> None:
    for arm, settings in ARMS.items():
        kernels = store.load(arm, 0).kernels
        assert np.array_equal(kernels[0], kernels[-1]) is settings.frozen


def test_gabors_have_the_norms_of_the_start_and_permuted_ones_the_weights_of_the_learned(
    store: Store,
) -> None:
    start, learned = store.load("learned", 0).kernels[0], store.load("learned", 0).kernels[-1]
    assert filter_norms(store.load("gabor", 0).kernels[0]) == pytest.approx(filter_norms(start), rel=1e-5)
    permuted = store.load("permuted", 0).kernels[0]
    assert np.array_equal(np.sort(permuted.reshape(25, 32), axis=0), np.sort(learned.reshape(25, 32), axis=0))


def test_filters_are_kept_at_growing_distances(store: Store) -> None:
    assert store.load("learned", 0).steps.tolist() == [0, 1, 2, 3, 6]  # 270 images: 3 steps an epoch


def test_patches_are_those_that_the_network_saw(store: Store) -> None:
    upright, moved = store.load("learned", 0).components, store.load("pixels", 0).components
    smooth = [neighbour_correlation(np.moveaxis(one[:6], 0, -1)) for one in (upright, moved)]
    assert smooth[0] > 0.4 > 0.2 > smooth[1]


def test_what_is_there_is_not_trained_again_and_what_is_missing_gives_the_same_bits(store: Store) -> None:
    steps: list[Step] = []
    assert run_controls(store, SEEDS, steps.append)
    assert steps == []
    before = store.load("rotated", 1)
    store.path("rotated", 1).unlink()
    assert store.complete_seeds(list(ARMS)) == [0]
    assert run_controls(store, SEEDS, steps.append)
    assert [(step.arm, step.seed, step.done) for step in steps] == [("rotated", 1, 16)]
    assert np.array_equal(store.load("rotated", 1).kernels, before.kernels)


def test_ctrl_c_keeps_what_is_whole(tmp_path: Path) -> None:
    store = Store(tmp_path / "stopped", SHORT)
    asked: list[Step] = []

    def ask(step: Step) -> None:
        if not asked:
            signal.raise_signal(signal.SIGINT)
        asked.append(step)

    assert not run_controls(store, SEEDS, ask)
    there = sorted(path.name for path in store.folder.iterdir())
    assert "controls.json" in there
    assert 2 <= len(there) < len(ARMS)
    for name in there:
        if name.endswith(".npz"):
            arm, _dash, seed = name.removesuffix(".npz").rpartition("-")
            assert isinstance(store.load(arm, int(seed)), Trained)


def test_ctrl_c_while_a_baseline_is_in_hand_asks_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()
    train = controls._Laboratory.train

    def second_waits(laboratory: object, name: str, seed: int, interruption: Interruption) -> Trained | None:
        if seed == 1:
            asked.wait(60)
        return train(laboratory, name, seed, interruption)

    def ask(_step: Step) -> None:
        signal.raise_signal(signal.SIGINT)
        asked.set()

    monkeypatch.setattr(controls._Laboratory, "train", second_waits)
    store = Store(tmp_path / "stopped", SHORT)
    assert not run_controls(store, SEEDS, ask)
    assert [path.name for path in store.folder.glob("*.npz")] == ["learned-0.npz"]


def test_summary_adds_up(store: Store, summary: ControlSummary) -> None:
    accuracy = {arm: [store.load(arm, seed).accuracy for seed in range(SEEDS)] for arm in ARMS}
    assert summary.seeds == (0, 1)
    for row in summary.rows:
        assert row.accuracy.value == pytest.approx(np.mean(accuracy[row.arm]))
        if row.arm == "learned":
            assert row.difference is None
        else:
            expected = np.subtract(accuracy[row.arm], accuracy["learned"]).mean()
            assert row.difference.mean == pytest.approx(expected)
            assert row.p_holm == 1  # two pairs: 2/2² at least, times seven
        assert (row.energy is None) is ARMS[row.arm].frozen
    assert len(summary.tests) == 8 + 4 + 8
    assert 0 < summary.peak <= 1


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_two_pairs_show_nothing_and_the_conclusions_say_so(summary: ControlSummary, lang: str) -> None:
    with i18n.using(lang):
        found = of_controls(summary)
        assert all(one.standing is Standing.NOT_SHOWN for one in found)
        assert "tatami controls" in answer(found)
        word = {"en": "not shown", "ja": "示されていない"}[lang]
        assert sum(word in one.sentence for one in found) == 8
        assert all(title_of(arm) and question_of(arm) for arm in ARMS)


def test_refuses_another_recipe_in_the_same_folder(store: Store, refused: Callable[..., None]) -> None:
    known = "data=mnist, model=cnn, data_size=300, epochs=2, batch_size=128, validation_split=0.1, lr=0.001"
    refused(
        lambda: Store(store.folder, Recipe()),
        en=f"{store.folder} holds controls by another recipe ({known}); choose another folder with --out.",
        ja=f"{store.folder} には別の条件（{known}）で行った対照実験が入っているため、"
        "--out で別のフォルダを指定してください。",
    )


def test_refuses_what_is_damaged_or_too_little(
    store: Store, tmp_path: Path, refused: Callable[..., None]
) -> None:
    other = Store(tmp_path / "other", SHORT)
    path = other.path("learned", 0)
    path.write_bytes(b"PK\x03\x04 cut short")
    refused(
        lambda: other.load("learned", 0),
        en=f"{path} is damaged; delete it, and the controls train it again.",
        ja=f"{path} は壊れています。削除すると、対照実験がその学習をやり直します。",
    )
    refused(
        lambda: summarise(other.folder),
        en=f"The controls in {other.folder} are complete for 0 seeds, and 2 are the fewest that can be compared; go on "
        "with tatami controls.",
        ja=f"{other.folder} の対照実験は 0 個のシードまで終わっていますが、比較には少なくとも 2 個必要なため、"
        "tatami controls で続けてください。",
    )
    refused(
        lambda: summarise(tmp_path),
        en=f"{tmp_path} is not a folder of controls: it holds no readable controls.json.",
        ja=f"{tmp_path} は対照実験のフォルダではありません（読める controls.json がありません）。",
    )
