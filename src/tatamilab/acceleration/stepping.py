"""Keras's train, test and predict functions, one native step at a time, in the loop that Keras runs itself.

Keras passes the state of a model from step to step as lists of arrays, one of them for the values of each kind of
variable. Here they are `Held`: the values stay in the program until someone looks at one of them, as Keras does
at an epoch's end and whenever a callback asks for its model. Then the variables are brought up to date, and
what Python sets in them acts on the next step.

A step that the engine can't do is left to Keras, and so is the rest of that call.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import keras
import numpy as np

from tatamilab.acceleration import exchange, internals, outcome, programs, scope, variables
from tatamilab.acceleration.programs import Native
from tatamilab.acceleration.scope import Arrays
from tatamilab.acceleration.switch import is_native, switch
from tatamilab.engine.arguments import Examples
from tatamilab.engine.totals import Totals, added
from tatamilab.errors import TatamiError

State = tuple[Sequence[Any], ...]
"""Values of the trainable, the other, the optimizer's and the metrics' variables, as far as a function has them."""


class Held(Sequence[Any]):
    """The values of some variables, brought up to date when someone looks at them.

    Args:
        variables: of Keras, in the order of the values.
        bring: brings them up to date.
    """

    def __init__(self, variables: Sequence[Any], bring: Callable[[], None]) -> None:
        self.variables, self._bring = variables, bring

    def __len__(self) -> int:
        return len(self.variables)

    def __getitem__(self, index: Any) -> Any:
        return list(self)[index]

    def __iter__(self) -> Iterator[Any]:
        self._bring()
        return iter([variable.value for variable in self.variables])


class Steps:
    """One of a model's three functions: (state, batches) → (what Keras wants to know, state).

    Args:
        model: whose function it is.
        keras_own: what Keras has made.
    """

    trains = False
    rates_ahead = 256
    """Learning rates of a schedule that are asked for at a time."""

    def __init__(self, model: Any, keras_own: Callable[..., Any]) -> None:
        self._model, self._keras_own = model, keras_own
        self._rates = exchange.Rates(self.rates_ahead)
        self._native: Native | None = None
        self._signature: tuple[Any, ...] = ()
        self._made_for: tuple[Any, ...] = ()
        self.begin()

    def begin(self) -> None:
        """A new call begins."""
        self._latest: State | None = None
        self._refused: TatamiError | None = None
        self._told = False
        made_for = (len(self._model.trainable_variables), programs.settings())
        if made_for != self._made_for:
            self._native, self._made_for = None, made_for

    def __call__(self, state: State, batches: Iterator[Any]) -> tuple[Any, State]:
        """Do as many steps as Keras does at a time."""
        if self._refused is not None or not is_native(self._model):
            return self._left(state, batches)
        n_steps = self._model.steps_per_execution
        done: list[Any] = []
        for at in range(n_steps):
            try:
                batch = next(batches)
            except StopIteration:
                if not done:
                    raise
                break
            try:
                native, batch = self._prepared(state, batch)
            except TatamiError as reason:
                self._tell(reason)
                if switch.strict:
                    raise
                self._refused = reason
                rest, state = self._left(state, chain([batch], islice(batches, n_steps - at - 1)))
                return self._joined([*done, rest]), state
            self._tell(None)
            with native.lock:
                if state is not self._latest:
                    self._take(native, state)
                outcome_of_step, state = self._step(native, batch, state)
            self._latest = state
            done.append(outcome_of_step)
        return self._joined(done), state

    def _left(self, state: State, batches: Iterator[Any]) -> tuple[Any, State]:
        return self._keras_own(tuple(list(part) for part in state), batches)

    def _tell(self, reason: TatamiError | None) -> None:
        if not self._told or reason is not None:
            self._told = True
            outcome.note(self._model, reason, trains=self.trains)

    @property
    def has_stepped(self) -> bool:
        """Whether a native step was done, before which Keras has built all that it takes."""
        return self._native is not None

    def alone(self, batch: Any) -> tuple[Native, Any]:
        """The program for a batch that comes by itself, and the batch as it reads it.

        Raises:
            TatamiError: why Keras has to do it.
        """
        return self._prepared(None, batch)

    def by_itself(self, native: Native, batch: Any) -> Any:
        """A step with what `alone` gives, outside Keras's loop: all variables have their values, before and after."""
        raise NotImplementedError

    def _prepared(self, state: State | None, batch: Any) -> tuple[Native, Any]:
        """The program for a batch, and the batch as it reads it."""
        arrays = self._arrays(batch)
        x, y = arrays.x, arrays.y
        signature = (x.shape[1:], x.dtype, y.shape[1:])
        native = self._native
        if native is None or signature != self._signature or self._is_too_small(native, len(x)):
            if state is not None:
                self._attach(state)
            self._native = native = self._find(arrays)
            self._latest, self._signature = None, signature
        return native, self._as_read(native, arrays)

    def _is_too_small(self, native: Native, n: int) -> bool:
        return self.trains and n > native.program.plan.batch_size

    def _attach(self, state: State) -> None:
        """Give the variables the values that Keras took from them when it passed them on."""
        self._held = tuple(Held(variables, self._bring) for variables in self._variables())
        for held, part in zip(self._held, state, strict=True):
            for variable, value in zip(held.variables, list(part), strict=True):
                variable._value = value

    def _take(self, native: Native, state: State) -> None:
        """Take over a state that doesn't come from the step before: Python may have set anything in it."""
        self._attach(state)
        native.exchange.load_weights(self._model)

    def _arrays(self, batch: Any) -> Arrays:
        return scope.arrays(*internals.unpack_x_y_sample_weight(batch), labelled=True)

    def _as_read(self, native: Native, arrays: Arrays) -> Any:
        raise NotImplementedError

    def _bring(self) -> None:
        """Bring the variables up to date."""

    def _joined(self, done: list[Any]) -> Any:
        return done[-1]

    def _variables(self) -> tuple[Sequence[Any], ...]:
        """The variables whose values are passed, in the order in which they are."""
        raise NotImplementedError

    def _find(self, arrays: Arrays) -> Native:
        raise NotImplementedError

    def _step(self, native: Native, batch: Any, state: State) -> tuple[Any, State]:
        raise NotImplementedError


def _reports(native: Native, totals: Totals) -> dict[str, float]:
    training = native.program.plan.training
    assert training
    return exchange.reports(training, totals)


class CountingSteps(Steps):
    """Steps that add to the model's loss and metrics."""

    def _take(self, native: Native, state: State) -> None:
        super()._take(native, state)
        self._totals = self._brought = exchange.stored_metrics(self._model)

    def _reports(self, native: Native) -> dict[str, float]:
        return _reports(native, self._totals)

    def _as_read(self, native: Native, arrays: Arrays) -> Examples:
        plan = native.program.plan
        if arrays.y.dtype.kind == "f" and plan.training:
            scope.check_labels(plan.graph, plan.training, arrays.y)
        return native.program.examples(scope.without_extra_axis(plan, arrays.x), arrays.y, arrays.weights)

    def _bring(self) -> None:
        if self._native is None or self._totals is self._brought:
            return
        with self._native.lock:
            self._native.exchange.store(self._model, self._totals)
        self._brought = self._totals


class TrainSteps(CountingSteps):
    """Forwards, backwards, and the optimizer."""

    trains = True

    def _variables(self) -> tuple[Sequence[Any], ...]:
        model = self._model
        return (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        )

    def _find(self, arrays: Arrays) -> Native:
        return programs.for_training(self._model, arrays, len(arrays.x), or_larger=True)

    def _take(self, native: Native, state: State) -> None:
        super()._take(native, state)
        native.exchange.load_optimizer(self._model)
        self._seed = native.exchange.seed(self._model)
        rate = self._model.optimizer._learning_rate
        self._constant = variables.number(rate) if isinstance(rate, keras.Variable) else None

    def _step(self, native: Native, batch: Examples, state: State) -> tuple[Any, State]:
        rate = self._constant
        if rate is None:
            rate = self._rates.of(self._model.optimizer, native.program.iterations)
        totals = native.program.train(batch, learning_rate=rate, seed=self._seed)
        self._totals = added(self._totals, totals)
        return self._reports(native), self._held

    def by_itself(self, native: Native, batch: Examples) -> dict[str, float]:
        """Train; returns loss and metrics."""
        model, exchanged = self._model, native.exchange
        with native.lock:
            exchanged.load_weights(model)
            exchanged.load_optimizer(model)
            rate = self._rates.of(model.optimizer, native.program.iterations)
            totals = native.program.train(batch, learning_rate=rate, seed=exchanged.seed(model))
            exchanged.store(model, totals)
        return _reports(native, totals)


class TestSteps(CountingSteps):
    """Loss and metrics of a batch."""

    def _variables(self) -> tuple[Sequence[Any], ...]:
        model = self._model
        return model.trainable_variables, model.non_trainable_variables, model.metrics_variables

    def _find(self, arrays: Arrays) -> Native:
        return programs.for_evaluation(self._model, arrays)

    def _step(self, native: Native, batch: Examples, state: State) -> tuple[Any, State]:
        self._totals = added(self._totals, native.program.evaluate(batch))
        return self._reports(native), (state[0], state[1], self._held[2])

    def by_itself(self, native: Native, batch: Examples) -> dict[str, float]:
        """Evaluate; returns loss and metrics."""
        with native.lock:
            native.exchange.load_weights(self._model)
            totals = native.program.evaluate(batch)
            exchange.store_metrics(self._model, totals)
        return _reports(native, totals)


class PredictSteps(Steps):
    """The network's output for a batch."""

    def _variables(self) -> tuple[Sequence[Any], ...]:
        return self._model.trainable_variables, self._model.non_trainable_variables

    def _arrays(self, batch: Any) -> Arrays:
        return scope.arrays(internals.unpack_x_y_sample_weight(batch)[0])

    def _find(self, arrays: Arrays) -> Native:
        return programs.for_prediction(self._model, arrays)

    def _as_read(self, native: Native, arrays: Arrays) -> np.ndarray:
        return scope.as_images(native.program.plan, arrays.x)

    def _step(self, native: Native, batch: np.ndarray, state: State) -> tuple[Any, State]:
        return keras.ops.convert_to_tensor(native.program.predict(batch)), state

    def by_itself(self, native: Native, batch: np.ndarray) -> np.ndarray:
        """Predict; returns the output."""
        with native.lock:
            native.exchange.load_weights(self._model)
            return native.program.predict(batch)

    def _joined(self, done: list[Any]) -> Any:
        return done[0] if len(done) == 1 else keras.ops.concatenate(done)


FUNCTIONS: dict[str, Callable[..., Steps]] = {
    "train_function": TrainSteps,
    "test_function": TestSteps,
    "predict_function": PredictSteps,
}
"""By the attribute in which a model keeps the function."""


def put_before(model: Any, name: str, functions: Mapping[str, Callable[..., Steps]]) -> None:
    """Put our function before the one that Keras has made, unless that was done; a call begins.

    Args:
        model: a Keras model.
        name: of the attribute.
        functions: ours, by attribute: those of Keras's backend.
    """
    made = getattr(model, name)
    if not isinstance(made, Steps):
        made = functions[name](model, made)
        setattr(model, name, made)
    made.begin()
