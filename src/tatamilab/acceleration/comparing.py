"""`tatamilab.compare`: a model trained both ways from the same weights, and what came of it."""

import random
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from tatamilab.acceleration.seam import accelerated, suspended
from tatamilab.i18n import _

WEIGHTS = "weights"
"""The name of the weights' difference beside those of the history's rows; the same in every language."""


@dataclass(frozen=True)
class Way:
    """What one of the two trainings came to.

    Args:
        history: loss and metrics by name, one number an epoch.
        weights: after training, in Keras's order.
        elapsed_s: of the whole `fit`, compiling included.
    """

    history: dict[str, list[float]]
    weights: list[np.ndarray]
    elapsed_s: float


@dataclass(frozen=True)
class Comparison:
    """Two trainings of one model from the same weights, in the same order of images.

    Args:
        native: by the engine.
        keras: by Keras.
    """

    native: Way
    keras: Way

    @property
    def largest_differences(self) -> dict[str, float]:
        """For "weights", and for each row of the history by its name, how far the two are apart at most."""
        pairs = zip(self.native.weights, self.keras.weights, strict=True)
        weights = max((float(np.abs(a - b).max(initial=0)) for a, b in pairs), default=0.0)
        rows = {
            name: float(np.abs(np.subtract(row, self.keras.history[name])).max(initial=0))
            for name, row in self.native.history.items()
        }
        return {WEIGHTS: weights, **rows}

    def __str__(self) -> str:
        """A table: how far apart, and how long each took."""
        times = _(
            "native {native:.2f} s, Keras {keras:.2f} s: {ratio:.1f} times as fast, compiling included",
            native=self.native.elapsed_s,
            keras=self.keras.elapsed_s,
            ratio=self.keras.elapsed_s / self.native.elapsed_s,
        )
        names = {WEIGHTS: _("weights")}
        rows = [
            _(
                "{name}: largest difference {difference:.2g}",
                name=names.get(name, name),
                difference=difference,
            )
            for name, difference in self.largest_differences.items()
        ]
        return "\n".join([times, *rows])


def compare(model: Any, x: Any, y: Any = None, **options: Any) -> Comparison:
    """Train copies of a model both ways, print differences and times, and return them.

    The model itself, its optimizer and the random generators of NumPy and Python stay as they are. Networks
    with dropout drop other values each way, so that only their statistics agree.

    Args:
        model: compiled, and built.
        x, y: what to train on, as for `fit`.
        options: of `fit`; `verbose=0` unless given.

    Raises:
        TatamiError: why the model can't be trained natively.
        ValueError: Keras's own, for what it refuses.

    Example:
        >>> import numpy as np, keras
        >>> keras.utils.set_random_seed(0)
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        >>> model.compile("sgd", "mse")
        >>> comparison = compare(model, np.ones((8, 4)), np.zeros((8, 2)))  # doctest: +ELLIPSIS
        native ...
        >>> comparison.largest_differences["loss"] < 1e-5
        True
    """
    native = _train(model, x, y, options, accelerated(strict=True))
    plain = _train(model, x, y, options, suspended())
    comparison = Comparison(native, plain)
    print(comparison)
    return comparison


def _train(model: Any, x: Any, y: Any, options: dict[str, Any], way: AbstractContextManager[None]) -> Way:
    states = np.random.get_state(), random.getstate()
    try:
        copy = keras.models.clone_model(model)
        copy.set_weights(model.get_weights())
        copy.compile_from_config(model.get_compile_config())
        random.setstate(states[1])
        began = time.perf_counter()
        with way:
            history = copy.fit(x, y, **{"verbose": 0, **options}).history
        elapsed_s = time.perf_counter() - began
    finally:
        np.random.set_state(states[0])
        random.setstate(states[1])
    return Way(history, copy.get_weights(), elapsed_s)
