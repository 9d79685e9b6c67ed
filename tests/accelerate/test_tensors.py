"""Data that are no NumPy arrays: a double of torch's tensors, which give their memory by DLPack; and torch itself."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from twins import compare

from tatamilab.acceleration import accelerated
from tatamilab.engine.program import Program

GENERATOR = np.random.default_rng(6)
X = GENERATOR.normal(size=(60, 6)).astype(np.float32)
Y = GENERATOR.integers(0, 3, 60)


class Tensor:
    """What Keras takes for a tensor of torch: the name of its class and of its module."""

    __module__ = "torch"

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(np.from_dlpack(self), dtype)

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, rows: Any) -> "Tensor":
        return Tensor(self.array[rows])

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> str:
        return f"torch.{self.array.dtype}"


def small() -> keras.Model:
    model = keras.Sequential([keras.Input((6,)), layers.Dense(5, "tanh"), layers.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def batches(tensor: Callable[[np.ndarray], Any]) -> Iterator[Any]:
    while True:
        yield from ((tensor(X[at : at + 20]), tensor(Y[at : at + 20])) for at in range(0, 60, 20))


def everything(tensor: Callable[[np.ndarray], Any]) -> Callable[[keras.Model], Any]:
    def act(model: keras.Model) -> Any:
        x, y = tensor(X), tensor(Y)
        return (
            model.fit(x, y, batch_size=20, epochs=2, validation_data=(x, y), verbose=0),
            model.fit(batches(tensor), steps_per_epoch=3, shuffle=False, verbose=0),
            model.evaluate(x, y, batch_size=20, verbose=0),
            model.predict(x, batch_size=20, verbose=0),
        )

    return act


def test_tensors_that_look_like_torchs() -> None:
    compare(small, everything(Tensor))


@pytest.mark.campaign
def test_tensors_of_torch() -> None:
    torch = pytest.importorskip("torch")
    compare(small, everything(torch.from_numpy))


@pytest.mark.parametrize("tensor", [np.asarray, Tensor])
def test_batches_are_read_where_they_lie(tensor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[np.ndarray] = []
    whole = Program.examples

    def examples(self: Program, x: np.ndarray, *others: Any) -> Any:
        made = whole(self, x, *others)
        read.append(made.images)
        return made

    monkeypatch.setattr(Program, "examples", examples)
    with accelerated(strict=True):
        small().fit(batches(tensor), steps_per_epoch=3, shuffle=False, verbose=0)
    assert len(read) == 3
    assert all(np.shares_memory(images, X) for images in read)
