"""Weights, optimizer and metrics, between Keras's variables and a program's memory.

Only the variables that Python has set since they were last exchanged are copied, where the backend tells which.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras.optimizers.schedules import LearningRateSchedule

from tatamilab.acceleration import variables
from tatamilab.acceleration.variables import Values
from tatamilab.engine import frontend
from tatamilab.engine.frontend import optimizers
from tatamilab.engine.graph import BatchNormalization, Optimizer, Parameter, Training, Unsupported
from tatamilab.engine.kernels.optimizer import momentum_products
from tatamilab.engine.program import Program
from tatamilab.engine.totals import Totals
from tatamilab.i18n import _

SLOTS = {
    "sgd": ("momentums",),
    "adam": ("_momentums", "_velocities", "_velocity_hats"),
    "adamw": ("_momentums", "_velocities", "_velocity_hats"),
    "nadam": ("_momentums", "_velocities"),
    "rmsprop": ("_velocities", "_momentums", "_average_gradients"),
    "adagrad": ("_accumulators",),
}
"""Where Keras's optimizers keep their slots: lists in the order of the trainable variables, in our order."""

AVERAGES = "_model_variables_moving_average"
"""Where any of them keeps the averages of the weights, if it is to; they are our first slot."""

Tied = list[tuple[Parameter, Any]]
"""Parameters of a program, each with the Keras variable that holds the same."""

COUNT = ("optimizer", "iterations")
"""Under what the optimizer's count of steps is exchanged."""


class Exchange:
    """What passes between one model and one program.

    Args:
        program: compiled for the model's graph.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._exchanged: dict[tuple[str, str], Any] = {}
        self._stored_iterations = 0
        plan = program.plan
        self._learned = {p.name for p in plan.graph.parameters if p.trainable}
        for node in plan.graph.nodes:
            if isinstance(node, BatchNormalization) and not node.frozen:
                self._learned |= {node.mean, node.variance}

    # -- Keras to program ------------------------------------------------------------------------------------

    def load_weights(self, model: Any) -> None:
        """Give the program the weights that the model has now."""
        if fresh := self._changed("weights", self._weights(model)):
            self._program.set_weights(fresh)

    def load_optimizer(self, model: Any) -> None:
        """Give the program the optimizer's slots and its count of steps."""
        fresh: list[Mapping[str, np.ndarray]] = []
        for slot, tied in self._slots(model).items():
            fresh.append(self._changed(slot, tied))
        iterations = model.optimizer.iterations
        version = variables.version(iterations)
        if self._exchanged.get(COUNT) is not version:
            self._exchanged[COUNT] = version
            self._stored_iterations = self._program.iterations = int(variables.number(iterations))
        self._program.set_slots(fresh, self._program.iterations)

    def _changed(self, what: str, tied: Tied) -> dict[str, np.ndarray]:
        """What Python has set since the last exchange, by parameter name."""
        fresh = {}
        for parameter, variable in tied:
            version = variables.version(variable)
            if self._exchanged.get((what, parameter.name)) is not version:
                fresh[parameter.name] = np.asarray(variable.value, np.float32).reshape(parameter.shape)
                self._exchanged[what, parameter.name] = version
        return fresh

    def seed(self, model: Any) -> int:
        """What dropout's masks depend on beside the count of steps: the seed and lead of each generator."""
        states = [np.asarray(state.value, np.int64) for state in frontend.seed_states(model)]
        if not states:
            return 0
        leads = [(int(seed), int(drawn - self._stored_iterations) % 2**32) for seed, drawn in states]
        return int(
            np.random.SeedSequence([n for pair in leads for n in pair]).generate_state(1, np.uint64)[0]
        )

    # -- program to Keras ------------------------------------------------------------------------------------

    def store(self, model: Any, totals: Totals | None = None) -> None:
        """Give the model what training has changed: weights, moving statistics, slots, count of steps.

        Args:
            model: whose variables are set.
            totals: what its metrics have added up, if they are to be set too.
        """
        counted = [] if totals is None else _counted(model, totals)
        if self._program.iterations == self._stored_iterations:
            variables.assign(counted)
            return
        learned = self._learned_values(model)
        set_now = [*counted, *self._counters(model), *((v, value) for _key, v, value in learned)]
        variables.assign(set_now)
        for key, variable, _value in learned:
            self._exchanged[key] = variables.version(variable)
        self._exchanged[COUNT] = variables.version(model.optimizer.iterations)
        self._stored_iterations = self._program.iterations

    def _learned_values(self, model: Any) -> list[tuple[tuple[str, str], Any, np.ndarray]]:
        """What a step changes: (under what it is exchanged, the variable, its value)."""
        weights, slots = self._program.get_weights(), self._program.get_slots()
        tied = [
            ("weights", parameter, variable, weights)
            for parameter, variable in self._weights(model)
            if parameter.name in self._learned
        ]
        for (slot, pairs), values in zip(self._slots(model).items(), slots, strict=True):
            tied += [(slot, parameter, variable, values) for parameter, variable in pairs]
        return [((what, p.name), variable, values[p.name]) for what, p, variable, values in tied]

    def _counters(self, model: Any) -> Values:
        """What only the number of steps changes; each dropout layer draws once a step."""
        training, now = self._program.plan.training, self._program.iterations
        assert training
        drawn = np.array([0, now - self._stored_iterations], np.uint32)
        counters: list[tuple[Any, Any]] = [
            (state, np.asarray(state.value) + drawn) for state in frontend.seed_states(model)
        ]
        if training.optimizer.kind == "nadam":
            counters.append((model.optimizer._u_product, momentum_product(training.optimizer, now)))
        return [*counters, (model.optimizer.iterations, np.asarray(now))]

    # -- which is which --------------------------------------------------------------------------------------

    def _weights(self, model: Any) -> Tied:
        return list(zip(self._program.plan.graph.parameters, model.weights, strict=True))

    def _slots(self, model: Any) -> dict[str, Tied]:
        training = self._program.plan.training
        assert training
        trained = {id(v): p for p, v in self._weights(model) if p.trainable}
        parameters = [trained[id(v)] for v in model.optimizer._trainable_variables]
        names = (AVERAGES, *SLOTS[training.optimizer.kind])
        found = {name: getattr(model.optimizer, name, None) for name in names}
        return {name: list(zip(parameters, slot, strict=True)) for name, slot in found.items() if slot}


def check_optimizer(optimizer: Any, trained: list[Any]) -> None:
    """Refuse an optimizer built for other weights or for none, and learning rates that only Keras can ask for.

    Args:
        optimizer: a Keras optimizer, built or not.
        trained: the model's trainable variables.

    Raises:
        Unsupported: naming the optimizer, or the model.
    """
    if not trained:  # Keras's optimizers then don't even count the steps
        raise Unsupported(_("the model"), _("has no trainable weights"))
    what = _("optimizer {kind}", kind=type(optimizer).__name__)
    if isinstance(optimizer, keras.optimizers.Nadam) and optimizer.built:
        product = momentum_product(optimizers.lower(optimizer), int(variables.number(optimizer.iterations)))
        if not np.isclose(variables.number(optimizer._u_product), product, rtol=1e-4):
            raise Unsupported(what, _("has a product of its momenta that its count of steps doesn't lead to"))
    if optimizer.built and list(map(id, optimizer._trainable_variables)) != list(map(id, trained)):
        raise Unsupported(what, _("was built for other weights"))
    if not isinstance(optimizer._learning_rate, (keras.Variable, LearningRateSchedule)):
        raise Unsupported(what, _("asks a function for its learning rate"))


def momentum_product(rule: Optimizer, n_steps: int) -> np.float32:
    """μ₁⋯μₙ of Nadam, which Keras keeps as a variable and the engine computes from the count of steps."""
    return np.float32(momentum_products(rule, np.asarray(n_steps)))


def learning_rates(optimizer: Any, iterations: int, n_steps: int) -> np.ndarray:
    """The learning rate of each of the next steps, float32; a schedule gives each its own.

    Args:
        optimizer: checked.
        iterations: steps taken before.
        n_steps: how many are to come.
    """
    rate = optimizer._learning_rate
    if isinstance(rate, keras.Variable):
        return np.full(n_steps, np.asarray(rate.value), np.float32)
    steps = np.arange(iterations, iterations + n_steps, dtype=np.int32)
    if keras.backend.backend() != "jax":
        return np.array([np.asarray(rate(step)) for step in steps], np.float32)
    import jax

    return np.asarray(jax.vmap(rate)(steps), np.float32)


class Rates:
    """Learning rates, one step after the other; a schedule is asked for those of some steps at once.

    Args:
        ahead: how many.
    """

    def __init__(self, ahead: int) -> None:
        self._ahead = ahead
        self._schedule: Any = None
        self._known, self._first = np.empty(0, np.float32), 0

    def of(self, optimizer: Any, iterations: int) -> float:
        """The learning rate of the step that follows so many."""
        rate = optimizer._learning_rate
        if isinstance(rate, keras.Variable):
            return variables.number(rate)
        at = iterations - self._first
        if rate is not self._schedule or not 0 <= at < len(self._known):
            self._schedule, self._first, at = rate, iterations, 0
            self._known = learning_rates(optimizer, iterations, self._ahead)
        return float(self._known[at])


def reports(training: Training, totals: Totals) -> dict[str, float]:
    """Loss and metrics as Keras reports them: by name, in the order of names, float32 as Python floats."""
    names = ("loss", *(metric.name for metric in training.metrics))
    means = (totals.loss, *totals.metrics)
    return dict(sorted((name, float(np.float32(mean))) for name, mean in zip(names, means, strict=True)))


def store_metrics(model: Any, totals: Totals) -> None:
    """Give the model's metrics what a call has added up, so that their results are the ones reported."""
    variables.assign(_counted(model, totals))


def _counted(model: Any, totals: Totals) -> Values:
    """The variables of the loss and of the metrics, each with its value."""
    means = zip(_means(model), (totals.loss, *totals.metrics), strict=True)
    return [
        pair
        for metric, mean in means
        for pair in (
            (metric.total, np.asarray(mean * totals.images)),
            (metric.count, np.asarray(totals.images)),
        )
    ]


def stored_metrics(model: Any) -> Totals:
    """What the model's metrics have added up so far: the inverse of `store_metrics`."""
    images = int(variables.number(model._loss_tracker.count))
    loss, *metrics = (variables.number(metric.total) / max(images, 1) for metric in _means(model))
    return Totals(0, images, loss, tuple(metrics))


def _means(model: Any) -> list[Any]:
    """The metrics that a model was compiled with, its loss first."""
    compiled = model._compile_metrics
    return [model._loss_tracker, *(compiled.metrics if compiled is not None else ())]
