"""The patch: made once, taken back whole, in any number of threads."""

import inspect
import subprocess
import sys
import threading

import keras
import pytest

import tatamilab
from tatamilab.acceleration import seam
from tatamilab.acceleration.internals import JAXTrainer
from tatamilab.engine.availability import EngineUnavailable

METHODS = ("fit", "evaluate", "predict", *seam.MAKERS)


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
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
