"""`evaluate` and `predict`, step for step as Keras's JAX trainer does them."""

from dataclasses import dataclass
from math import ceil
from typing import Any

import keras
import numpy as np

from tatamilab.acceleration import exchange, internals, looking, programs, scope
from tatamilab.acceleration.outcome import OnlySteps
from tatamilab.acceleration.programs import Native
from tatamilab.engine.totals import Totals
from tatamilab.i18n import _

Data = tuple[Any, Any, Any]
"""(x, y, sample_weight) as the user gave them."""


@dataclass
class Evaluate:
    """One call of `evaluate`, its arguments as Keras names them."""

    model: Any
    x: Any
    y: Any
    batch_size: int | None
    verbose: Any
    sample_weight: Any
    steps: int | None
    callbacks: Any
    return_dict: bool

    def prepare(self) -> None:
        """Check everything, and compile; nothing changes yet.

        Raises:
            TatamiError: why Keras has to evaluate.
            ValueError: Keras's own, for what it refuses.
        """
        self.model._assert_compile_called("evaluate")
        scope.arrays(self.x, self.y, self.sample_weight, labelled=True)
        if not internals.is_built(self.model):
            self.model._symbolic_build(iterator=self._iterator())
        self._scoring = Scoring(self.model, (self.x, self.y, self.sample_weight))
        _check(self, looking.EVALUATE_HOOKS)

    def _iterator(self) -> Any:
        return internals.JAXEpochIterator(
            x=self.x,
            y=self.y,
            sample_weight=self.sample_weight,
            batch_size=self.batch_size,
            shuffle=False,
            steps_per_execution=self.model.steps_per_execution,
        )

    def run(self) -> Any:
        """Evaluate, and return what Keras returns."""
        model = self.model
        iterator = self._iterator()
        model._symbolic_build(iterator=iterator)
        iterator.reset()
        callbacks = callback_list(self, steps=iterator.num_batches)
        model.make_test_function()
        model.stop_evaluating = False
        callbacks.on_test_begin()
        totals = self._scoring.totals()
        exchange.store_metrics(model, totals)
        logs = self._scoring.reports(totals)
        if looking.wants_samples(callbacks.callbacks, "on_test_batch_end"):
            callbacks.on_test_batch_end(last_step(model, iterator.num_batches), logs)
        callbacks.on_test_end(logs)
        return logs if self.return_dict else model._flatten_metrics_in_order(logs)


@dataclass
class Predict:
    """One call of `predict`, its arguments as Keras names them."""

    model: Any
    x: Any
    batch_size: int | None
    verbose: Any
    steps: int | None
    callbacks: Any

    def prepare(self) -> None:
        """Check everything, and compile; nothing changes yet.

        Raises:
            TatamiError: why Keras has to predict.
        """
        arrays = scope.arrays(self.x)
        if not internals.is_built(self.model):
            raise OnlySteps(_("the model"), _("isn't built"))
        self._native = programs.for_prediction(self.model, arrays)
        self._images = scope.as_program_reads(self._native.program.plan, arrays).x
        _check(self, looking.PREDICT_HOOKS)

    def run(self) -> np.ndarray:
        """Predict, and return what Keras returns."""
        model = self.model
        iterator = internals.JAXEpochIterator(
            x=self.x,
            batch_size=self.batch_size,
            shuffle=False,
            steps_per_execution=model.steps_per_execution,
        )
        callbacks = callback_list(self, steps=iterator.num_batches)
        model.make_predict_function()
        model.stop_predicting = False
        callbacks.on_predict_begin()
        with self._native.lock:
            self._native.exchange.load_weights(model)
            outputs = self._native.program.predict(self._images)
        if looking.wants_samples(callbacks.callbacks, "on_predict_batch_end"):
            step = last_step(model, iterator.num_batches)
            last_batch = outputs[step * iterator.data_adapter.batch_size :]
            callbacks.on_predict_batch_end(step, {"outputs": last_batch})
        callbacks.on_predict_end()
        return outputs


def _check(call: Evaluate | Predict, hooks: tuple[str, ...]) -> None:
    """Refuse what only Keras's own loop does."""
    scope.check_options({"steps": call.steps, "max_steps_per_epoch": keras.config.max_steps_per_epoch()})
    looking.check(looking.flat(call.callbacks), hooks)


class Scoring:
    """Loss and metrics of a model on some arrays.

    Args:
        model: compiled.
        data: what to score it on.
        native: the program that trains the model, if one does.

    Raises:
        TatamiError: why Keras has to do it.
    """

    def __init__(self, model: Any, data: Data, native: Native | None = None) -> None:
        self._model = model
        arrays = scope.arrays(*data, labelled=True)
        if native is not None and native.program.plan.input_dtype == programs.dtype(arrays.x):
            programs.check_evaluation(native.program, arrays)
            self._native = native
        else:
            self._native = programs.for_evaluation(model, arrays)
        self._arrays = scope.as_program_reads(self._native.program.plan, arrays)

    def totals(self) -> Totals:
        """Score the model as it is now."""
        with self._native.lock:
            self._native.exchange.load_weights(self._model)
            arrays = self._arrays
            return self._native.program.evaluate(arrays.x, arrays.y, sample_weight=arrays.weights)

    def reports(self, totals: Totals) -> dict[str, float]:
        """The same by name."""
        training = self._native.program.plan.training
        assert training
        return exchange.reports(training, totals)


def callback_list(call: Evaluate | Predict, steps: int) -> Any:
    """The callbacks of a call, with Keras's progress bar unless it is to be silent."""
    if isinstance(call.callbacks, keras.callbacks.CallbackList):
        return call.callbacks
    return keras.callbacks.CallbackList(
        call.callbacks,
        add_progbar=call.verbose != 0,
        verbose=call.verbose,
        epochs=1,
        steps=steps,
        model=call.model,
    )


def last_step(model: Any, n_steps: int) -> int:
    """What Keras calls the last step: with `steps_per_execution`, the end of the last execution."""
    execution = model.steps_per_execution
    return ceil(n_steps / execution) * execution - 1
