"""`evaluate` and `predict`, step for step as Keras's JAX trainer does them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

import keras
import numpy as np

from tatamilab.acceleration import exchange, internals, looking, programs, scope
from tatamilab.acceleration.outcome import OnlySteps
from tatamilab.acceleration.programs import Native
from tatamilab.engine.totals import Totals, added
from tatamilab.i18n import _

Data = tuple[Any, Any, Any]
"""(x, y, sample_weight) as the user gave them."""

Part = tuple[slice, int | None]
"""Some rows of the data, and the step that ends with them, if it is to be told."""

ALL = slice(None)

SAMPLE_S = 0.05
"""Seconds between two calls of a batch hook: Keras's progress bar shows no more."""


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
        totals = None
        for rows, step in parts(model, callbacks, iterator, "on_test_batch_end", len(self._scoring)):
            totals = self._scoring.totals(rows, totals)
            if step is not None:
                callbacks.on_test_batch_end(step, self._scoring.reports(totals))
        assert totals  # there is no call without data
        exchange.store_metrics(model, totals)
        logs = self._scoring.reports(totals)
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
        done: list[np.ndarray] = []
        n, size = len(self._images), iterator.data_adapter.batch_size * model.steps_per_execution
        for rows, step in parts(model, callbacks, iterator, "on_predict_batch_end", n):
            done.append(self._outputs(rows))
            if step is not None:
                last_batch = done[-1][(len(done[-1]) - 1) // size * size :]
                callbacks.on_predict_batch_end(step, {"outputs": last_batch})
        callbacks.on_predict_end()
        return done[0] if len(done) == 1 else np.concatenate(done)

    def _outputs(self, rows: slice) -> np.ndarray:
        with self._native.lock:
            self._native.exchange.load_weights(self.model)
            return self._native.program.predict(self._images[rows])


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

    def __len__(self) -> int:
        return len(self._arrays.x)

    def totals(self, rows: slice = ALL, before: Totals | None = None) -> Totals:
        """Score the model as it is now.

        Args:
            rows: on which of the data.
            before: what others of them came to, to be added.
        """
        given = self._arrays
        weights = None if given.weights is None else given.weights[rows]
        with self._native.lock:
            self._native.exchange.load_weights(self._model)
            found = self._native.program.evaluate(given.x[rows], given.y[rows], sample_weight=weights)
        return found if before is None else added(before, found)

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


def parts(model: Any, callbacks: Any, iterator: Any, hook: str, n: int) -> Iterator[Part]:
    """The data of a call in pieces of whole executions, about one in `SAMPLE_S`, if anyone listens to a batch hook.

    Args:
        model: whose call it is.
        callbacks: of the call.
        iterator: Keras's, of the same data.
        hook: the name of the batch hook.
        n: images.

    Yields:
        Which rows come next, and what Keras calls the step that ends with them; in one piece, and without a step,
        where nobody listens.
    """
    if not looking.wants_samples(callbacks.callbacks, hook):
        yield ALL, None
        return
    batch, execution = iterator.data_adapter.batch_size, model.steps_per_execution
    start, executions = 0, 1
    while start < n:
        stop, began = min(start + executions * execution * batch, n), time.perf_counter()
        yield slice(start, stop), last_step(model, ceil(stop / batch))
        fast = time.perf_counter() - began < SAMPLE_S / 2
        start, executions = stop, 2 * executions if fast else executions


def last_step(model: Any, n_steps: int) -> int:
    """What Keras calls the last step: with `steps_per_execution`, the end of the last execution."""
    execution = model.steps_per_execution
    return ceil(n_steps / execution) * execution - 1
