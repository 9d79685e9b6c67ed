"""The progress bar, and callbacks that are content with some batches, are told what Keras would have told them."""

import contextlib
import re
from itertools import pairwise
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from twins import same

from tatamilab.acceleration import Sampled, accelerated, fitting, inference

GENERATOR = np.random.default_rng(3)
X = GENERATOR.normal(size=(75, 6)).astype(np.float32)
Y = GENERATOR.integers(0, 3, 75)


def small(**options: Any) -> keras.Model:
    keras.utils.set_random_seed(2)
    model = keras.Sequential([keras.Input((6,)), layers.Dense(5, "tanh"), layers.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    return model


class Told(Sampled, keras.callbacks.Callback):
    """Writes down which batches it is told of, and what."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: dict[str, dict[int, dict[str, Any]]] = {"train": {}, "test": {}, "predict": {}}

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.batches["train"][batch] = dict(logs or {})

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self.batches["test"][batch] = dict(logs or {})

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        self.batches["predict"][batch] = {"outputs": np.array((logs or {})["outputs"])}


def act(model: keras.Model, **options: Any) -> None:
    model.fit(X, Y, batch_size=16, shuffle=False, **options)
    model.evaluate(X, Y, batch_size=16, **options)
    model.predict(X, batch_size=16, **options)


def shown(text: str) -> list[str]:
    """The last state of each line of the terminal, without colours and times."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    lines = [re.split("[\r\b]", line)[-1] for line in plain.split("\n")]
    return [re.sub(r"\b\d+(s|us|ms)\b", "…", line).rstrip() for line in lines]


def test_every_line_ends_as_keras_ends_it(capsys: pytest.CaptureFixture[str]) -> None:
    ends = []
    for native in (False, True):
        model = small()
        with accelerated(strict=True) if native else contextlib.nullcontext():
            for verbose in (1, 2):
                model.fit(X, Y, epochs=2, validation_split=0.2, shuffle=False, verbose=verbose)
                act(model, verbose=verbose)
        ends.append(shown(capsys.readouterr().out))
    assert ends[1] == ends[0]
    assert sum("accuracy: 0." in line for line in ends[1]) == 8
    assert sum("5/5" in line for line in ends[1]) == 6


@pytest.mark.parametrize("execution", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_running_means_are_those_of_that_batch(execution: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (fitting, inference):
        monkeypatch.setattr(module, "SAMPLE_S", 0.0)
    plain, ours = Told(), Told()
    act(small(steps_per_execution=execution), callbacks=[plain], verbose=0)
    with accelerated(strict=True):
        act(small(steps_per_execution=execution), callbacks=[ours], verbose=0)
    for kind, told in ours.batches.items():
        assert max(told) == max(plain.batches[kind])
        for batch, logs in told.items():
            same(logs, plain.batches[kind][batch])
    assert set(ours.batches["test"]) == set(plain.batches["test"])
    assert set(ours.batches["predict"]) == set(plain.batches["predict"])


def test_no_step_is_told_of_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps that take longer than the time between two looks, and looks of which each would tell."""
    monkeypatch.setattr(fitting, "SAMPLE_S", 0.0)
    told: list[int] = []

    class Batches(Sampled, keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            told.append(batch)

    model = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Conv2D(16, 5), layers.Flatten(), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    x = np.zeros((12_000, 28, 28, 1), np.float32)
    with accelerated(strict=True):
        model.fit(x, x[:, 0, 0], batch_size=6_000, epochs=2, callbacks=[Batches()], verbose=0)
    assert told.count(1) == 2  # the last of each epoch
    assert all(one != next_ for one, next_ in pairwise(told))
