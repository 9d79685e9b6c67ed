"""`fit`, step for step as Keras's JAX trainer does it, with each epoch one native call."""

import time
import warnings
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Any

import keras
import numpy as np

from tatamilab.acceleration import exchange, internals, looking, programs, scope
from tatamilab.acceleration.inference import SAMPLE_S, Data, Scoring, last_step
from tatamilab.engine.totals import Totals


@dataclass
class Fit:
    """One call of `fit`, its arguments as Keras names them."""

    model: Any
    x: Any
    y: Any
    batch_size: int | None
    epochs: int
    verbose: Any
    callbacks: Any
    validation_split: float
    validation_data: Any
    shuffle: Any
    class_weight: Any
    sample_weight: Any
    initial_epoch: int
    steps_per_epoch: int | None
    validation_steps: int | None
    validation_batch_size: int | None
    validation_freq: Any

    def prepare(self) -> None:
        """Check everything, and compile; nothing changes yet.

        Raises:
            TatamiError: why Keras has to train.
            ValueError: Keras's own, for what it refuses.
        """
        model = self.model
        model._assert_compile_called("fit")
        data, validation = self._split
        arrays = scope.arrays(*data, labelled=True)
        if not internals.is_built(model):
            model._symbolic_build(iterator=self._iterator())
        self._native = programs.for_training(model, arrays, self._batch_size(len(arrays.x)))
        self._validation = Scoring(model, validation, self._native) if validation else None
        options = {"steps_per_epoch": self.steps_per_epoch, "validation_steps": self.validation_steps}
        scope.check_options(options | {"max_steps_per_epoch": keras.config.max_steps_per_epoch()})
        looking.check(looking.flat(self.callbacks), looking.FIT_HOOKS)

    def _batch_size(self, n: int) -> int:
        """Images in a step, as Keras decides it."""
        if self.batch_size is None and self.steps_per_epoch:
            return ceil(n / self.steps_per_epoch)
        return self.batch_size or 32

    def _iterator(self) -> Any:
        x, y, sample_weight = self._split[0]
        return internals.JAXEpochIterator(
            x=x,
            y=y,
            sample_weight=sample_weight,
            batch_size=self.batch_size,
            steps_per_epoch=self.steps_per_epoch,
            shuffle=self.shuffle,
            class_weight=self.class_weight,
            steps_per_execution=self.model.steps_per_execution,
        )

    @cached_property
    def _split(self) -> tuple[Data, Data | None]:
        """The data to train on, and those to validate on, if there are any."""
        given = (self.x, self.y, self.sample_weight)
        if self.validation_split and self.validation_data is None:
            train, validation = internals.train_validation_split(given, self.validation_split)
            return train, validation
        if self.validation_data is None:
            return given, None
        return given, internals.unpack_x_y_sample_weight(self.validation_data)

    def run(self) -> Any:
        """Train, and return Keras's `History`."""
        model = self.model
        epochs = _capped(self.epochs)
        iterator = self._iterator()
        model._symbolic_build(iterator=iterator)
        iterator.reset()
        callbacks = self._callback_list(epochs, iterator.num_batches)
        model.make_train_function()
        model.stop_training = False
        self._epochs(Epochs(self, iterator.data_adapter, callbacks), callbacks, epochs)
        return model.history

    def _callback_list(self, epochs: int, steps: int) -> Any:
        if isinstance(self.callbacks, keras.callbacks.CallbackList):
            return self.callbacks
        return keras.callbacks.CallbackList(
            self.callbacks,
            add_history=True,
            add_progbar=self.verbose != 0,
            verbose=self.verbose,
            epochs=epochs,
            steps=steps,
            model=self.model,
        )

    def _epochs(self, runner: "Epochs", callbacks: Any, epochs: int) -> None:
        model = self.model
        logs: dict[str, float] = {}
        callbacks.on_train_begin()
        finished = False
        try:
            for epoch in range(model._initial_epoch or self.initial_epoch, epochs):
                callbacks.on_epoch_begin(epoch)
                logs = runner.train()
                if self._validation and model._should_eval(epoch, self.validation_freq):
                    results = runner.validate(self._validation)
                    logs |= {f"val_{name}": value for name, value in results.items()}
                callbacks.on_epoch_end(epoch, logs)
                if model.stop_training:
                    break
            finished = True
        finally:
            runner.store()
            if epochs > 0:
                model.optimizer.finalize_variable_values(model.trainable_weights)
            if finished:
                callbacks.on_train_end(logs=logs)


def _capped(epochs: int) -> int:
    most = keras.config.max_epochs()
    if most and most < epochs:
        warnings.warn(f"Limiting epochs to {most}", stacklevel=4)
        return int(most)
    return epochs


class Epochs:
    """Trains epoch after epoch, and tells the callbacks what they would have seen.

    Args:
        fit: the call that it is for, prepared.
        adapter: Keras's adapter of the arrays.
        callbacks: all of them.
    """

    def __init__(self, fit: Fit, adapter: Any, callbacks: Any) -> None:
        self._model, self._native, self._shuffle = fit.model, fit._native, fit.shuffle
        self._callbacks = callbacks
        arrays = scope.arrays(*internals.unpack_x_y_sample_weight(adapter._inputs))
        self._arrays = scope.as_program_reads(self._native.program.plan, arrays)
        self._n, self._batch = len(arrays.x), adapter.batch_size
        self._sampled = looking.wants_samples(callbacks.callbacks, "on_batch_end", "on_train_batch_end")
        self._halts_on_nan = looking.halts_on_nan(callbacks.callbacks)
        self._watched = any(looking.looks_between_epochs(callback) for callback in callbacks.callbacks)
        self._totals: Totals | None = None
        self._last_sample = 0.0
        self._steps_told = 0

    def train(self) -> dict[str, float]:
        """One epoch; returns its loss and metrics by name."""
        program = self._native.program
        n_steps = ceil(self._n / self._batch)
        self._steps_told = 0
        with self._native.lock:
            self._native.exchange.load_weights(self._model)
            self._native.exchange.load_optimizer(self._model)
            totals = self._totals = program.train(
                self._arrays.x,
                self._arrays.y,
                self._order(),
                learning_rate=exchange.learning_rates(self._model.optimizer, program.iterations, n_steps),
                sample_weight=self._arrays.weights,
                seed=self._native.exchange.seed(self._model),
                watch=self._look if self._sampled else None,
                halt_on_nan=self._halts_on_nan,
            )
        if self._sampled and totals.steps > self._steps_told:
            self._sample(totals)
        if self._watched:
            self.store()
        return self._reports(totals)

    def validate(self, scoring: Scoring) -> dict[str, float]:
        """Loss and metrics of the validation data by name."""
        self._model.make_test_function()
        self._model.stop_evaluating = False
        self._callbacks.on_test_begin()
        totals = self._totals = scoring.totals()
        if self._watched:
            self.store()
        logs = scoring.reports(totals)
        self._callbacks.on_test_end(logs)
        return logs

    def store(self) -> None:
        """Bring weights, optimizer and metrics of the model up to date; metrics once, as a callback may set them."""
        self._native.exchange.store(self._model, self._totals)
        self._totals = None

    def _order(self) -> np.ndarray:
        """The images in the order of this epoch, drawn as Keras draws it."""
        if self._shuffle == "batch":
            starts = range(0, self._n, self._batch)
            pieces = [np.random.permutation(min(self._batch, self._n - start)) + start for start in starts]
            return np.concatenate(pieces)
        return np.random.permutation(self._n) if self._shuffle else np.arange(self._n)

    def _look(self, totals: Totals) -> bool:
        """Called by the program while it trains; true ends the training."""
        now = time.perf_counter()
        if totals.steps > self._steps_told and now - self._last_sample >= SAMPLE_S:
            self._last_sample = now
            self._sample(totals)
        return bool(self._model.stop_training)

    def _sample(self, totals: Totals) -> None:
        self._steps_told = totals.steps
        self._callbacks.on_train_batch_end(last_step(self._model, totals.steps), self._reports(totals))

    def _reports(self, totals: Totals) -> dict[str, float]:
        training = self._native.program.plan.training
        assert training
        return exchange.reports(training, totals)
