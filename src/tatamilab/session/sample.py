"""The images of a live run: normalised once, shared by all runs on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tatamilab.data import Dataset, split_sizes


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
    def of(cls, data: Dataset, validation_split: float = 0.1) -> "Sample":
        """The training images of `data`; as in Keras, the last of them are held back.

        Raises:
            BadInput: the split leaves a part empty.

        Example:
            >>> from tatamilab.data import load
            >>> sample = Sample.of(load("mnist", data_size=600))
            >>> sample.x.shape, sample.y_held_back.shape
            ((540, 28, 28, 1), (60,))
        """
        n = split_sizes(len(data.x_train), validation_split).n_train
        x = data.x_train.astype(np.float32) / np.float32(255)
        return cls(x[:n], data.y_train[:n], x[n:], data.y_train[n:], data.class_names)
