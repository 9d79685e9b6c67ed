"""The same code run twice from the same seeds, by plain Keras and natively, and what came of it compared."""

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from tatamilab.acceleration import accelerated

Act = Callable[[keras.Model], Any]


@dataclass
class Run:
    """What one of the two runs came to."""

    model: keras.Model
    returned: Any
    draws: Any
    weights: list[np.ndarray]
    optimizer: dict[str, np.ndarray]
    metrics: dict[str, float]


def run(build: Callable[[], keras.Model], act: Act, *, native: bool, seed: int = 3) -> Run:
    """Build a model and act on it."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(seed)
    model = build()
    with accelerated(strict=True) if native else contextlib.nullcontext():
        returned = act(model)
    variables = model.optimizer.variables if model.compiled else []
    return Run(
        model=model,
        returned=returned,
        draws=(np.random.get_state()[1:3], random.getstate()),
        weights=model.get_weights(),
        optimizer={v.path.partition("/")[2]: np.asarray(v.value) for v in variables},
        metrics={metric.name: float(metric.result()) for metric in _metrics(model)},
    )


def _metrics(model: keras.Model) -> list[keras.metrics.Metric]:
    """The loss and the metrics that a model was compiled with, one by one."""
    inner = [getattr(metric, "metrics", [metric]) for metric in model.metrics]
    return [metric for group in inner for metric in group]


def compare(
    build: Callable[[], keras.Model], act: Act, *, rtol: float = 2e-4, atol: float = 2e-5, seed: int = 3
) -> Run:
    """Run both, compare all that can be seen, and return the native run."""
    plain, native = run(build, act, native=False, seed=seed), run(build, act, native=True, seed=seed)
    same(native.returned, plain.returned, rtol, atol)
    np.testing.assert_array_equal(native.draws[0][0], plain.draws[0][0])
    assert native.draws[0][1] == plain.draws[0][1]
    assert native.draws[1] == plain.draws[1]
    for ours, theirs in zip(native.weights, plain.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol)
    assert native.optimizer.keys() == plain.optimizer.keys()
    for name, value in native.optimizer.items():
        assert value.dtype == plain.optimizer[name].dtype
        np.testing.assert_allclose(value, plain.optimizer[name], rtol=rtol, atol=atol, err_msg=name)
    same(native.metrics, plain.metrics, rtol, atol)
    return native


def same(ours: Any, theirs: Any, rtol: float = 2e-4, atol: float = 2e-5, where: str = "returned") -> None:
    """Equal in type, structure and order of keys; numbers within rounding."""
    if isinstance(theirs, keras.callbacks.History):
        same(ours.history, theirs.history, rtol, atol, f"{where}.history")
        same(ours.epoch, theirs.epoch, rtol, atol, f"{where}.epoch")
        same(ours.params, theirs.params, rtol, atol, f"{where}.params")
        return
    assert type(ours) is type(theirs), (where, ours, theirs)
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs), where
        for key in theirs:
            same(ours[key], theirs[key], rtol, atol, f"{where}[{key!r}]")
    elif isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs), where
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            same(a, b, rtol, atol, f"{where}[{i}]")
    elif isinstance(theirs, float):
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol, err_msg=where)
    elif isinstance(theirs, np.ndarray):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape), where
        assert ours.flags.writeable
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol, err_msg=where)
    else:
        assert ours == theirs, where


@dataclass
class Trace:
    """Events of a training: name, argument, logs, and what the model's state sums up to."""

    events: list[tuple[Any, ...]] = field(default_factory=list)

    def callback(self) -> keras.callbacks.Callback:
        """A callback that writes all down but single batches."""
        trace = self.events

        class Writer(keras.callbacks.Callback):
            def _write(self, event: str, at: int | None, logs: Any) -> None:
                weights = float(sum(np.abs(w).sum() for w in self.model.get_weights()))
                trace.append(
                    (event, at, dict(logs or {}), weights, int(self.model.optimizer.iterations.value))
                )

            def on_train_begin(self, logs: Any = None) -> None:
                self._write("train begin", None, logs)

            def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
                self._write("epoch begin", epoch, logs)

            def on_test_begin(self, logs: Any = None) -> None:
                self._write("test begin", None, logs)

            def on_test_end(self, logs: Any = None) -> None:
                self._write("test end", None, logs)

            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                self._write("epoch end", epoch, logs)

            def on_train_end(self, logs: Any = None) -> None:
                self._write("train end", None, logs)

        return Writer()
