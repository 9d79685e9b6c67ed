"""The second seam: `keras.datasets.*.load_data` finds the data that are already on this machine.

Keras's own cache comes first, then ours (MNIST is inside the package), then Keras's download; ours too where Keras's
file is damaged and no better one can be had. What is returned is what Keras returns: the same arrays, dtypes and
shapes, free to be written to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from tatamilab.data import CATALOGUE, load
from tatamilab.data.cache import state_of

HOMES = ("keras.datasets", "keras._tf_keras.keras.datasets")
"""The public modules that hold the loaders; `tensorflow.keras` is the second."""


@dataclass(frozen=True)
class Loader:
    """One of Keras's loaders, and the data set of ours that holds the same.

    Args:
        name: of the module in `keras.datasets`.
        ours: name in the catalogue.
        kept_as: what Keras's cache holds once it has fetched it, in its folder `datasets`.
        image_shape: of one image as Keras gives it.
        label_shape: of one label.
    """

    name: str
    ours: str
    kept_as: str
    image_shape: tuple[int, ...]
    label_shape: tuple[int, ...] = ()

    def is_kept_by_keras(self, path: str | None) -> bool:
        """Whether Keras would find it without the network."""
        from tatamilab.acceleration.internals import keras_home

        return (Path(keras_home()) / "datasets" / (path or self.kept_as)).exists()

    def is_ours(self) -> bool:
        """Whether our files of it are here."""
        import keras

        here = state_of(CATALOGUE[self.ours]).state in ("packaged", "cached")
        return here and keras.config.image_data_format() == "channels_last"

    def arrays(self) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """(x_train, y_train), (x_test, y_test), uint8."""
        data = load(self.ours)
        train, test = (
            (
                np.array(x).reshape(len(x), *self.image_shape),
                np.array(y, np.uint8).reshape(len(y), *self.label_shape),
            )
            for x, y in ((data.x_train, data.y_train), (data.x_test, data.y_test))
        )
        return train, test


LOADERS = (
    Loader("mnist", "mnist", "mnist.npz", (28, 28)),
    Loader("fashion_mnist", "fashion-mnist", "fashion-mnist", (28, 28)),
    Loader("cifar10", "cifar10", "cifar-10-batches-py-target", (32, 32, 3), (1,)),
)

_lock = Lock()
_keras_own: dict[tuple[str, str], Callable[..., Any]] = {}
"""Keras's loaders by home and name, while ours stand in their place."""


def patch() -> None:
    """Let the loaders look here first; once."""
    with _lock:
        if _keras_own:
            return
        for home in HOMES:
            for loader in LOADERS:
                module = import_module(f"{home}.{loader.name}")
                _keras_own[home, loader.name] = module.load_data
                module.load_data = _replacement(module.load_data, loader)  # type: ignore[attr-defined]


def unpatch() -> None:
    """Give Keras its loaders back."""
    with _lock:
        for (home, name), own in _keras_own.items():
            import_module(f"{home}.{name}").load_data = own  # type: ignore[attr-defined]
        _keras_own.clear()


def _replacement(keras_own: Callable[..., Any], loader: Loader) -> Callable[..., Any]:
    @wraps(keras_own)
    def load_data(*args: Any, **kwargs: Any) -> Any:
        path = kwargs.get("path", args[0] if args else None)
        if not loader.is_ours():
            return keras_own(*args, **kwargs)
        if not loader.is_kept_by_keras(path):
            return loader.arrays()
        try:
            return keras_own(*args, **kwargs)
        except TypeError:
            raise
        except Exception:  # its file is damaged, and a better one could not be had
            return loader.arrays()

    return load_data
