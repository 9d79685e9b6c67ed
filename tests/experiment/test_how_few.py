"""How few filters will do, on a run short enough for a test: what is kept, and going on after a stop."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tatamilab.experiment import RunOptions, Watcher, how_few, run
from tatamilab.experiment.explained_run import ExplainedRun, read_explained
from tatamilab.experiment.how_few import Step, kept_how_few
from tatamilab.experiment.interruption import Interruption, interruptible


@pytest.fixture(scope="module")
def explained(few_images: str, tmp_path_factory: pytest.TempPathFactory) -> ExplainedRun:
    out = tmp_path_factory.mktemp("few") / "run"
    run(RunOptions(data=few_images, epochs=2, batch_size=16, out=out), Watcher())
    return read_explained(out)


@pytest.fixture(autouse=True)
def _few_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(how_few, "SIZES", (1, 4))
    monkeypatch.setattr(how_few, "SEEDS", (0, 1))


def test_a_stop_keeps_what_is_whole_and_the_next_call_goes_on(
    explained: ExplainedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[Step] = []
    interruptions: list[Interruption] = []

    @contextmanager
    def noted() -> Iterator[Interruption]:
        with interruptible() as interruption:
            interruptions.append(interruption)
            yield interruption

    def stop(step: Step) -> None:
        """Called by a thread that trains, while the main one, which hears of signals, waits for it."""
        if not steps:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            assert interruptions[0]._asked.wait(60)
        steps.append(step)

    assert kept_how_few(explained) is None
    with monkeypatch.context() as watched:
        watched.setattr(how_few, "interruptible", noted)
        assert how_few.how_few(explained, stop) is None
    done = len(steps)
    assert 1 <= done < 4
    found = how_few.how_few(explained, steps.append)
    assert found is not None
    assert sorted(step.done for step in steps) == [1, 2, 3, 4]
    assert {(step.size, step.seed) for step in steps} == {(1, 0), (1, 1), (4, 0), (4, 1)}
    for size in (1, 4):
        own = [step.accuracy for step in steps if step.size == size]
        assert found.retrained[size].value == pytest.approx(np.mean(own))
    curves = found.curves
    assert curves.by_score["norm"][-1] == np.mean(
        explained.probabilities.argmax(1) == explained.dataset.y_test
    )
    assert curves.by_score["norm"][0] == curves.by_score["orientation"][0] == curves.at_random[0, 0]
    how_few.how_few(explained, steps.append)
    assert len(steps) == 4


def test_the_run_s_network_is_left_as_it_is(explained: ExplainedRun) -> None:
    before = [weight.copy() for weight in explained.model.get_weights()]
    how_few.how_few(explained)
    for old, new in zip(before, explained.model.get_weights(), strict=True):
        assert np.array_equal(old, new)


def test_another_number_of_filters_changes_that_layer_and_no_other(explained: ExplainedRun) -> None:
    again = how_few._with_filters(explained, 32, 0)
    for a, b in zip(again.get_weights(), explained.before_model.get_weights(), strict=True):
        assert a.shape == b.shape
    assert how_few._with_filters(explained, 4, 0).layers[0].filters == 4


def test_refuses_filters_that_cannot_be_counted(
    few_images: str, tmp_path: Path, refused: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nets.py").write_text(
        "import keras\n"
        "def deep(input_shape, n_classes):\n"
        "    L = keras.layers\n"
        "    return keras.Sequential([keras.Input(input_shape), L.DepthwiseConv2D(3, name='one'), L.Flatten(),\n"
        "        L.Dense(n_classes, activation='softmax')])\n"
    )
    monkeypatch.chdir(tmp_path)
    run(RunOptions(data=few_images, model="nets:deep", epochs=1, out=tmp_path / "run"), Watcher())
    refused(
        lambda: how_few.how_few(read_explained(tmp_path / "run")),
        en="Filters can be removed from a Conv2D layer; 'one' is a DepthwiseConv2D.",
        ja="フィルタを取り除けるのは Conv2D 層だけです（'one' は DepthwiseConv2D です）。",
    )
