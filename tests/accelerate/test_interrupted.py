"""Ended before its end, a training leaves weights, optimizer and count of steps as after a whole step."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import tatamilab
from tatamilab.acceleration import Sampled, fitting

N, BATCH, FEATURES = 1_600_000, 16, 4
"""So many steps that they take seconds: what ends them at the first look has time to."""


def data() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.standard_normal((N, FEATURES), np.float32), generator.integers(0, 10, N)


def build() -> keras.Model:
    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [keras.Input((FEATURES,)), layers.Dense(64, "relu"), layers.Dense(10, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class At(Sampled, keras.callbacks.Callback):
    """Does something at the first batch that it is told of."""

    def __init__(self, action: Any) -> None:
        super().__init__()
        self.action = action
        self.told: list[int] = []
        self.epoch_logs: dict[str, float] | None = None
        self.ended = False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.told.append(batch)
        if len(self.told) == 1:
            self.action(self._model)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epoch_logs = logs

    def on_train_end(self, logs: Any = None) -> None:
        self.ended = True


def interrupt(_model: keras.Model) -> None:
    raise KeyboardInterrupt


def stop(model: keras.Model) -> None:
    model.stop_training = True


@pytest.mark.parametrize("action", [interrupt, stop])
def test_at_a_step_boundary(action: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "SAMPLE_S", 0.0)
    tatamilab.accelerate(strict=True)
    x, y = data()
    model, at = build(), At(action)
    if action is interrupt:
        with pytest.raises(KeyboardInterrupt):
            model.fit(x, y, batch_size=BATCH, callbacks=[at], verbose=0)
    else:
        log = model.fit(x, y, batch_size=BATCH, epochs=3, callbacks=[at], verbose=0)
        assert log.history["loss"] == [at.epoch_logs["loss"]]
    assert at.ended == (action is stop)
    steps = int(model.optimizer.iterations.value)
    assert 0 < steps < N // BATCH
    assert at.told[-1] == (steps - 1 if action is stop else at.told[0])

    twin = build()
    np.random.permutation(N)
    seen = np.random.permutation(N)[: steps * BATCH]
    twin.fit(x[seen], y[seen], batch_size=BATCH, shuffle=False, verbose=0)
    for ours, theirs in zip(model.optimizer.variables, twin.optimizer.variables, strict=True):
        np.testing.assert_array_equal(ours.value, theirs.value, err_msg=ours.path)
    for ours, theirs in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert np.isfinite(model.evaluate(x[:100], y[:100], verbose=0)).all()


def test_an_exception_at_an_epochs_end_keeps_the_epoch() -> None:
    class Fails(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            raise ZeroDivisionError

    tatamilab.accelerate(strict=True)
    x, y = (array[:320] for array in data())
    model = build()
    before = model.get_weights()
    with pytest.raises(ZeroDivisionError):
        model.fit(x, y, callbacks=[Fails()], verbose=0)
    assert int(model.optimizer.iterations.value) == 10
    assert not np.array_equal(before[0], model.get_weights()[0])
    assert model.fit(x, y, verbose=0).history["loss"]
    assert int(model.optimizer.iterations.value) == 20
