"""The seam of Keras's TensorFlow backend: native steps in the loop that Keras runs itself.

TensorFlow shuffles by generators of its own, so the order of the images is Keras's to draw, and whole epochs stay
with it. Its variables don't tell when they were set: all are read before each step, and set after it.
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from itertools import chain, islice
from typing import Any

import keras

from tatamilab.acceleration import internals, stepping
from tatamilab.acceleration.switch import is_native, switch
from tatamilab.engine.graph import Unsupported
from tatamilab.errors import TatamiError
from tatamilab.i18n import _

NOTHING: stepping.State = ((), (), (), ())
"""What stands for the state that JAX passes from step to step."""


def trainer() -> type:
    """The class whose methods are replaced.

    Raises:
        ImportError: this Keras has it elsewhere, or TensorFlow is missing.
    """
    from keras.src.backend.tensorflow.trainer import TensorFlowTrainer

    return TensorFlowTrainer


class Steps(stepping.Steps):
    """One of a model's three functions: batches → what Keras wants to know."""

    rates_ahead = 1
    _held: Any = NOTHING

    def __call__(self, batches: Any) -> Any:  # type: ignore[override]
        """Do as many steps as Keras does at a time."""
        if self._refused is not None or not is_native(self._model):
            return self._keras_own(batches)
        n_steps = self._model.steps_per_execution
        done: list[Any] = []
        given = iter(batches)
        for batch in islice(given, n_steps):
            try:
                native, read = self._prepared(NOTHING, batch)
            except TatamiError as reason:
                self._tell(reason)
                if switch.strict:
                    raise
                self._refused = reason
                rest = chain([batch], islice(given, n_steps - len(done) - 1))
                return self._joined([*done, self._keras_own(self._as_keras_reads(rest))])
            self._tell(None)
            with native.lock:
                self._take(native, NOTHING)
                seen, _state = self._step(native, read, NOTHING)
                self._bring()
            done.append(seen)
        if not done:
            raise StopIteration
        return self._joined(done)

    def _prepared(self, state: Any, batch: Any) -> Any:
        if self._model._distribute_strategy is not None:
            raise Unsupported(_("the model"), _("is distributed, or uses NNX"))
        batch = keras.tree.map_structure(_as_array, batch)
        self._build(batch)
        return super()._prepared(state, batch)

    def _build(self, batch: Any) -> None:
        """Keras builds what isn't built while TensorFlow traces a step; here nothing is traced."""

    def _attach(self, state: Any) -> None:
        self._held = NOTHING

    def _as_keras_reads(self, batches: Iterable[Any]) -> Any:
        return batches


def _as_array(value: Any) -> Any:
    tf = import_module("tensorflow")

    if isinstance(value, tf.experimental.Optional):
        return None
    return value.numpy() if isinstance(value, tf.Tensor) else value


class TrainSteps(Steps, stepping.TrainSteps):
    """Forwards, backwards, and the optimizer."""

    def _build(self, batch: Any) -> None:
        self._model._symbolic_build(data_batch=internals.unpack_x_y_sample_weight(batch))


class TestSteps(Steps, stepping.TestSteps):
    """Loss and metrics of a batch."""

    def _build(self, batch: Any) -> None:
        self._model._symbolic_build(data_batch=internals.unpack_x_y_sample_weight(batch))


class PredictSteps(Steps, stepping.PredictSteps):
    """The network's output for some batches, which Keras gives as a list."""

    def _as_keras_reads(self, batches: Iterable[Any]) -> Any:
        return list(batches)


FUNCTIONS: dict[str, Callable[..., Steps]] = {
    "train_function": TrainSteps,
    "test_function": TestSteps,
    "predict_function": PredictSteps,
}
"""By the attribute in which a model keeps the function."""
