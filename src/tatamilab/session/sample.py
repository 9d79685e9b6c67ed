"""The images of a live run: normalised once, shared by all runs on them."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tatamilab.data import Dataset, load, split_sizes


@dataclass(frozen=True, eq=False)
class Sample:
    """Images to train on and images held back.

    Attributes:
        x, y: float32 (n, h, w, c) from 0 to 1, and labels (n,).
        x_held_back, y_held_back: the same of those that validate.
        class_names: what each label means.
    """

    x: NDArray[np.float32]
    y: NDArray[np.integer]
    x_held_back: NDArray[np.float32]
    y_held_back: NDArray[np.integer]
    class_names: tuple[str, ...]

    @classmethod
    def of(cls, data: Dataset, validation_split: float = 0.1, *, images: int | None = None) -> "Sample":
        """The training images of `data`; as in Keras, the last of them are held back.

        Args:
            data: the data set.
            validation_split: share that is held back.
            images: only the first so many; all if None.

        Raises:
            BadInput: the split leaves a part empty.

        Example:
            >>> from tatamilab.data import load
            >>> sample = Sample.of(load("mnist"), images=600)
            >>> sample.x.shape, sample.y_held_back.shape
            ((540, 28, 28, 1), (60,))
        """
        size = len(data.x_train) if images is None else images
        n = split_sizes(size, validation_split).n_train
        x, y = normalised(data), data.y_train
        return cls(x[:n], y[:n], x[n:size], y[n:size], data.class_names)


@lru_cache(maxsize=1)
def mnist() -> Dataset:
    """MNIST, loaded once for all parts of the laboratory.

    Raises:
        DataFileError: its files are damaged.
    """
    return load("mnist")


@lru_cache(maxsize=2)
def normalised(data: Dataset) -> NDArray[np.float32]:
    """The training images from 0 to 1: one copy for all runs on this data set."""
    return data.x_train.astype(np.float32) / np.float32(255)


@lru_cache(maxsize=2)
def normalised_test(data: Dataset) -> NDArray[np.float32]:
    """The test images from 0 to 1: one copy for all who look at them."""
    return data.x_test.astype(np.float32) / np.float32(255)
