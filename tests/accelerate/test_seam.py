"""The patch: made once, taken back whole, in any number of threads."""

import inspect
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from keras import layers

import tatamilab
from tatamilab.acceleration import seam
from tatamilab.acceleration.internals import JAXTrainer
from tatamilab.engine.availability import EngineUnavailable

METHODS = (*seam._calls(), *seam.MAKERS)


def standing() -> list[object]:
    return [vars(JAXTrainer)[name] for name in METHODS]


def test_made_once_and_taken_back_whole() -> None:
    before, signature = standing(), inspect.signature(keras.Model.fit)
    tatamilab.accelerate()
    patched = standing()
    tatamilab.accelerate(strict=True)
    assert standing() == patched
    assert not set(patched) & set(before)
    assert inspect.signature(keras.Model.fit) == signature
    assert keras.Model.fit.__doc__ == before[0].__doc__
    tatamilab.restore()
    tatamilab.restore()
    assert standing() == before


def test_blocks_nest_and_leave_what_was_there() -> None:
    before = standing()
    with tatamilab.accelerated():
        patched = standing()
        with tatamilab.accelerated():
            assert standing() == patched
        assert standing() == patched
    assert standing() == before
    tatamilab.accelerate()
    with pytest.raises(KeyError), tatamilab.accelerated():
        raise KeyError
    assert standing() != before


def test_threads_leave_it_as_it_was() -> None:
    before = standing()

    def turn_on_and_off() -> None:
        for _ in range(50):
            with tatamilab.accelerated():
                assert standing() != before

    threads = [threading.Thread(target=turn_on_and_off) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert standing() == before


@pytest.mark.slow
def test_models_train_in_threads_while_it_is_turned_on_and_off() -> None:
    x, y = np.linspace(-1, 1, 160).reshape(40, 4), np.arange(40) % 3

    def build() -> keras.Model:
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3, "softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    def train(model: keras.Model) -> None:
        for _ in range(10):
            model.fit(x, y, epochs=2, shuffle=False, verbose=0)
            model.train_on_batch(x, y)

    before, twin, models = standing(), build(), [build() for _ in range(3)]
    train(twin)
    with ThreadPoolExecutor() as threads:
        trainings = [threads.submit(train, model) for model in models]
        while not all(training.done() for training in trainings):
            tatamilab.accelerate()
            tatamilab.restore()
            time.sleep(0.001)
    for training, model in zip(trainings, models, strict=True):
        training.result()
        assert int(model.optimizer.iterations.value) == int(twin.optimizer.iterations.value)
        for ours, theirs in zip(model.get_weights(), twin.get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    assert standing() == before


def test_a_keras_that_moved_its_trainer_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = JAXTrainer.fit
    monkeypatch.setattr(JAXTrainer, "fit", lambda self, x, y: None)
    moved = JAXTrainer.fit
    tatamilab.accelerate()
    assert JAXTrainer.fit is moved
    why = f"its version {keras.__version__} isn't known to tatamilab"
    assert seam.absence() == why
    assert capsys.readouterr().err == f"tatamilab: Keras can't be accelerated: {why}\n"
    with pytest.raises(EngineUnavailable, match="isn't known"):
        tatamilab.accelerate(strict=True)
    monkeypatch.setattr(JAXTrainer, "fit", before)


def test_importing_the_package_imports_no_keras() -> None:
    code = "import sys, tatamilab; assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
