"""A training cut off after any epoch goes on in another process to the same bits, natively and by Keras."""

import random
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tatamilab import acceleration
from tatamilab.experiment.checkpoint import Checkpoint, Saved

X = np.random.default_rng(0).random((90, 8, 8, 1), np.float32)
Y = np.arange(90) % 4
EPOCHS = 5


class Killed(BaseException):
    """Stands for the end of the process."""


class Kill(keras.callbacks.Callback):
    """Ends the training after an epoch, as if the process had ended."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        if epoch + 1 == self.after:
            raise Killed


def started() -> keras.Model:
    """A process that begins: a new model, its generators as a seed leaves them."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(3, 3, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(4, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(model: keras.Model, *callbacks: keras.callbacks.Callback) -> dict[str, list[float]]:
    history = model.fit(
        X, Y, batch_size=32, epochs=EPOCHS, validation_split=0.2, verbose=0, callbacks=list(callbacks)
    )
    assert history.epoch == [*range(EPOCHS)]
    return dict(history.history)


def state(model: keras.Model) -> list[Any]:
    values = [np.asarray(v).tobytes() for v in [*model.variables, *model.optimizer.variables]]
    return [*values, np.random.random(), random.random()]


@pytest.mark.parametrize(
    ("native", "after"),
    [
        (True, [1]),
        (True, [EPOCHS]),
        (True, [2, 4]),
        pytest.param(False, [2, 4], marks=pytest.mark.slow),
        pytest.param(False, [1], marks=pytest.mark.slow),
        pytest.param(False, [EPOCHS], marks=pytest.mark.slow),
    ],
)
def test_it_goes_on_with_the_same_bits(native: bool, after: list[int], tmp_path: Path) -> None:
    path = tmp_path / "kept" / "training"
    with acceleration.accelerated() if native else acceleration.suspended():
        whole = started()
        expected = fit(whole)
        expected_state = state(whole)
        for epoch in after:
            with pytest.raises(Killed):
                fit(started(), Checkpoint(path, every_s=0), Kill(epoch))
            assert Saved.read(path).epoch == epoch
        resumed = started()
        assert fit(resumed, Checkpoint(path, every_s=0)) == expected
        assert state(resumed) == expected_state
        assert not native or acceleration.reason(resumed) is None
        assert not path.exists()
        assert resumed.fit(X, Y, verbose=0).epoch == [0]  # and what follows begins at its own beginning


def test_a_checkpoint_is_written_when_it_is_time(tmp_path: Path) -> None:
    path = tmp_path / "training"
    with pytest.raises(Killed):
        fit(started(), Checkpoint(path, every_s=3600), Kill(4))
    assert not path.exists()


def test_what_cannot_be_gone_on_with(tmp_path: Path, refused) -> None:
    path = tmp_path / "training"
    with pytest.raises(Killed):
        fit(started(), Checkpoint(path, every_s=0, of={"data": "these"}), Kill(1))
    refused(
        lambda: fit(started(), Checkpoint(path)),
        en=f"{path} belongs to another training; give this one a file of its own.",
        ja=f"{path} は別の学習のものです。この学習には別のファイルを指定してください。",
    )
    small = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4)])
    small.compile("sgd", "sparse_categorical_crossentropy")
    refused(
        lambda: fit(small, Checkpoint(path, of={"data": "these"})),
        en=f"{path} is of a training of another network.",
        ja=f"{path} は別のネットワークの学習のものです。",
    )
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    for damaged in (content, content[:100], b"", b"no checkpoint at all"):
        path.write_bytes(damaged)
        refused(
            lambda: fit(started(), Checkpoint(path)),
            en=f"{path} holds no checkpoint that can be read: begin the training anew.",
            ja=f"{path} のチェックポイントを読めません。学習を最初からやり直してください。",
        )
    assert path.read_bytes() == b"no checkpoint at all"
