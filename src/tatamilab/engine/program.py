"""`Program`: a compiled network with its memory and its threads; the engine's one face.

Training, evaluation and prediction are native calls that a team of threads shares. Python looks at counters
while they run, and nothing else of Python is in the loop.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from tatamilab.engine import threads
from tatamilab.engine.ahead import Ahead
from tatamilab.engine.allocation import Arrays
from tatamilab.engine.arguments import (
    Examples,
    check_choice,
    check_count,
    check_images,
    check_labels,
    check_name,
    check_order,
    check_parameter,
    check_seed,
    check_snapshots,
    check_weights,
)
from tatamilab.engine.calling import Calls, Watch, n_chunks
from tatamilab.engine.graph import Dropout, Graph, Training
from tatamilab.engine.inside import Parts
from tatamilab.engine.jit import Code
from tatamilab.engine.kernels.dropout import seeds
from tatamilab.engine.kernels.optimizer import initial_slots, n_slots
from tatamilab.engine.memory import (
    COUNTS,
    HALTS_ON_NAN,
    MAX_KERNELS,
    MAX_STATISTICS,
    SEED,
    WANTS_LOSS,
    WANTS_OUTPUTS,
    slot_name,
)
from tatamilab.engine.plan import Plan
from tatamilab.engine.schedule import Schedule, chosen
from tatamilab.engine.target import Target, choose
from tatamilab.engine.totals import Totals, added
from tatamilab.errors import BadInput
from tatamilab.i18n import _

LARGEST_BATCH = 2**20
"""Images in a step; more is a mistake of the caller, or work for another kind of plan."""

FUNCTIONS = ("train", "infer")
"""What can be compiled beforehand."""

Slots = list[dict[str, np.ndarray]]
"""The optimizer's state: for each slot the arrays by parameter name."""


class Program:
    """A network compiled for this machine.

    Args:
        graph: the network.
        training: loss, optimizer and metrics; None to predict only.
        batch_size: images in a step of training.
        target: None for the widest that this CPU runs (or `TATAMI_TARGET` names).
        n_threads: None for `TATAMI_THREADS`, or the physical cores this process may use.
        input_dtype: "f32" or "u8", what the images will hold.
        checked: None for `TATAMI_CHECKED=1`: test every load and store.
        profile: count the cycles of every kernel, for `profile_counts`.
        schedule: None for what `TATAMI_SCHEDULE` has for the target, or the engine's own table.
        first: the function to compile at once, "train" or "infer"; None for "train" if there is training.
            The other is compiled when it is first needed.
        of_input: for `gradient`, which makes such programs itself.

    Raises:
        BadInput: an option that makes no sense.
        Unsupported: a layer, loss or optimizer has no native form.
        EngineUnavailable: LLVM is missing or fails.
    """

    def __init__(
        self,
        graph: Graph,
        training: Training | None = None,
        *,
        batch_size: int = 128,
        target: Target | None = None,
        n_threads: int | None = None,
        input_dtype: str = "f32",
        checked: bool | None = None,
        profile: bool = False,
        schedule: Schedule | None = None,
        first: str | None = None,
        of_input: bool = False,
    ) -> None:
        if checked is None:
            checked = os.environ.get("TATAMI_CHECKED") == "1"
        target = target or choose(os.environ.get("TATAMI_TARGET"))
        self.plan = Plan(
            graph=graph,
            training=training,
            batch_size=check_count("batch_size", batch_size, largest=LARGEST_BATCH),
            target=target,
            input_dtype=check_choice("input_dtype", input_dtype, ("f32", "u8")),
            checked=checked,
            profile=profile,
            of_input=of_input,
            measured=schedule or chosen(target.name),
        )
        self._code = Code(self.plan)
        if not of_input:
            self.compile(first or ("train" if training else "infer"))
        if n_threads is None:
            n_threads = threads.default()
        self.n_threads = check_count("n_threads", n_threads, largest=threads.LARGEST)
        self._arrays = Arrays(self.plan, self.n_threads)
        self._calls = Calls(self.plan, self._code, self._arrays, self.n_threads)
        self._parts = Parts()
        self._reset_slots()

    def compile(self, function: str) -> None:
        """Compile "train" or "infer" now, unless that was done before. Raises as the constructor does."""
        if check_choice("function", function, FUNCTIONS) == "train":
            self._training()
        self._code.function(function)

    def _training(self) -> Training:
        if self.plan.training is None:
            raise BadInput(_("This program was compiled without training: it can only predict."))
        return self.plan.training

    # -- weights and state -----------------------------------------------------------------------------------

    @property
    def iterations(self) -> int:
        """Steps of the optimizer so far; while a training runs, those that are done."""
        return self._calls.iterations

    @iterations.setter
    def iterations(self, count: int) -> None:
        self._calls.iterations = count

    def set_weights(self, weights: Mapping[str, np.ndarray]) -> None:
        """Take weights by parameter name; those not named stay.

        Raises:
            BadInput: no such parameter, or another shape.
        """
        self._calls.settle()
        self._store("weights", weights)

    def get_weights(self) -> dict[str, np.ndarray]:
        """A copy of every parameter, float32 in Keras's shapes."""
        self._calls.settle()
        return self.by_name(self._arrays.floats("weights").copy())

    def set_slots(self, slots: Sequence[Mapping[str, np.ndarray]], iterations: int) -> None:
        """Take the optimizer's state: for each slot the arrays by parameter name, and the steps taken.

        Raises:
            BadInput: no such slot or parameter, or another shape.
        """
        self._calls.settle()
        if len(slots) > self._n_slots:
            raise BadInput(_("The optimizer keeps {n} slots, got {got}.", n=self._n_slots, got=len(slots)))
        for i, values in enumerate(slots):
            self._store(slot_name(i), values)
        self.iterations = iterations

    def get_slots(self) -> Slots:
        """A copy of the optimizer's state: for each slot the arrays by parameter name."""
        self._calls.settle()
        trained = {p.parameter.name for p in self.plan.trained}
        every = [self.by_name(self._arrays.floats(slot_name(i)).copy()) for i in range(self._n_slots)]
        return [{name: slot[name] for name in slot if name in trained} for slot in every]

    def start_over(self, weights: Mapping[str, np.ndarray]) -> None:
        """Take weights, and an optimizer that has seen nothing: another training by the same program."""
        self.set_weights(weights)
        self._reset_slots()

    @property
    def n_metrics(self) -> int:
        """Metrics that `Totals` counts beside the loss."""
        return len(self.plan.training.metrics) if self.plan.training else 0

    @property
    def n_floats(self) -> int:
        """Length of the flat vector that holds all parameters: a row of `snapshots`."""
        return self.plan.n_weights

    def by_name(self, flat: np.ndarray) -> dict[str, np.ndarray]:
        """Views of the parameters that a flat vector of them holds, in Keras's shapes.

        Args:
            flat: float32 (n_floats,), for example a row of `snapshots`; or the shorter vector of a slot, which
                holds the trained parameters only.
        """
        return {
            name: flat[p.at : p.at + p.parameter.size].reshape(p.parameter.shape)
            for name, p in self.plan.placed.items()
            if p.at + p.parameter.size <= flat.size
        }

    @cached_property
    def _ahead(self) -> Ahead:
        return Ahead(self._training().optimizer)

    @cached_property
    def _drops(self) -> bool:
        return any(isinstance(node, Dropout) for node in self.plan.graph.nodes)

    @cached_property
    def _n_slots(self) -> int:
        return n_slots(self.plan.training.optimizer) if self.plan.training else 0

    def _reset_slots(self) -> None:
        values = initial_slots(self.plan.training.optimizer) if self.plan.training else ()
        for i, value in enumerate(values):
            self._arrays.floats(slot_name(i))[:] = value
        self.iterations = 0

    def _store(self, buffer: str, values: Mapping[str, np.ndarray]) -> None:
        flat = self._arrays.floats(buffer)
        for name, value in values.items():
            placed = self.plan.placed[check_name(name, self.plan.placed)]
            given = check_parameter(name, value, placed.parameter.shape)
            flat[placed.at : placed.at + given.size] = given.ravel()

    # -- training --------------------------------------------------------------------------------------------

    def examples(
        self, x: np.ndarray, y: np.ndarray | None = None, sample_weight: np.ndarray | None = None
    ) -> Examples:
        """Images, labels and weights, checked and as the program reads them: once for many calls.

        Args:
            x: images, (n, *input shape), float32 or uint8.
            y: class numbers (n,), or targets (n, outputs).
            sample_weight: (n,), float32.

        Raises:
            BadInput: an array that does not fit.
        """
        x = check_images(self.plan, x)
        self._training()
        return Examples(x, check_labels(self.plan, y, len(x)), check_weights(sample_weight, len(x)))

    def train(
        self,
        x: np.ndarray | Examples,
        y: np.ndarray | None = None,
        order: np.ndarray | None = None,
        *,
        learning_rate: float | np.ndarray = 0.001,
        sample_weight: np.ndarray | None = None,
        seed: int = 0,
        watch: Watch | None = None,
        halt_on_nan: bool = False,
        snapshots: np.ndarray | None = None,
        every: int = 1,
    ) -> Totals:
        """One pass over the images that `order` names, a step for each batch.

        A part of an epoch is a part of its order: `order[k * batch_size:]` goes on after k steps.

        Args:
            x: images, (n, *input shape), float32 or uint8; or what `examples` made of images, labels and weights.
            y: class numbers (n,), or targets (n, outputs).
            order: rows of `x` in the order of training, int64; None for all in their own order.
            learning_rate: one for all steps, or one a step.
            sample_weight: (n,), float32.
            seed: of what dropout drops, together with the steps taken so far: the same drops the same.
            watch: called with the totals so far about 50 times a second; training ends after the step in hand
                when it returns something true.
            halt_on_nan: end after the step that makes the running loss infinite or not a number.
            snapshots: float32 (rows, n_floats), filled with the parameters after every `every` steps; `by_name`
                takes a row apart.
            every: see there.

        Returns:
            The totals, as Keras computes them: the loss of each step before its update.

        Raises:
            BadInput: an array that does not fit, told before any native code sees it.
        """
        data = x if isinstance(x, Examples) else self.examples(x, y, sample_weight)
        order = check_order(order, len(data))
        size = self.plan.batch_size
        n_steps = -(-len(order) // size)
        seed = check_seed(seed)
        wants = HALTS_ON_NAN if halt_on_nan else 0
        with self._calls.turn():
            first = self.iterations
            step_rates = self._ahead.rows(first, learning_rate, n_steps)
            if self._drops:
                step_rates.view(np.uint32)[:, SEED] = seeds(seed, first, n_steps)
            if snapshots is None:
                return self._train(data, order, step_rates, wants=wants, watch=watch)
            return self._train_in_parts(data, order, step_rates, wants, watch, snapshots, every)

    def _train_in_parts(
        self,
        data: Examples,
        order: np.ndarray,
        step_rates: np.ndarray,
        wants: int,
        watch: Watch | None,
        snapshots: np.ndarray,
        every: int,
    ) -> Totals:
        """The same steps in calls of `every`, with a copy of the parameters after each whole one."""
        every = check_count("every", every, largest=2**31)
        n_steps, size = len(step_rates), self.plan.batch_size
        check_snapshots(snapshots, n_steps // every, self.n_floats)
        weights = self._arrays.floats("weights")[: self.n_floats]
        total = Totals(0, 0, 0.0, (0.0,) * self.n_metrics)
        stopped = False

        def watched(part: Totals) -> object:
            nonlocal stopped
            stopped = bool(watch and watch(added(total, part)))
            return stopped

        for row, start in enumerate(range(0, n_steps, every)):
            images, rates_ = order[start * size : (start + every) * size], step_rates[start : start + every]
            part = self._train(data, images, rates_, wants=wants, watch=watched)
            total = added(total, part)
            if part.steps == every:
                snapshots[row] = weights
            if stopped or part.steps < len(rates_):
                break
        return total

    def _train(
        self, data: Examples, order: np.ndarray, step_rates: np.ndarray, *, wants: int, watch: Watch | None
    ) -> Totals:
        arrays = {
            "images": data.images,
            "targets": data.targets,
            "order": order,
            "sample_weights": data.weights,
            "rates": step_rates,
            "statistics": np.zeros((self.plan.max_chunks, MAX_STATISTICS), np.float32),
        }
        return self._calls.run("train", arrays, len(order), len(step_rates), wants=wants, watch=watch)

    # -- what a network makes of images -----------------------------------------------------------------------

    def evaluate(
        self,
        x: np.ndarray | Examples,
        y: np.ndarray | None = None,
        *,
        sample_weight: np.ndarray | None = None,
    ) -> Totals:
        """Loss and metrics without training. Arguments and errors as in `train`."""
        data = x if isinstance(x, Examples) else self.examples(x, y, sample_weight)
        arrays = {
            "images": data.images,
            "targets": data.targets,
            "order": np.arange(len(data)),
            "sample_weights": data.weights,
            "statistics": np.zeros((max(1, n_chunks(len(data))), MAX_STATISTICS), np.float32),
        }
        with self._calls.turn():
            return self._calls.run("infer", arrays, len(data), wants=WANTS_LOSS)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The network's output for each image, float32 (n, *output shape)."""
        x = check_images(self.plan, x)
        out = np.zeros((len(x), *self.plan.graph.output.shape), np.float32)
        arrays = {"images": x, "order": np.arange(len(x)), "outputs": out}
        with self._calls.turn():
            self._calls.run("infer", arrays, len(x), wants=WANTS_OUTPUTS)
        return out

    def activation(self, x: np.ndarray, value: str) -> np.ndarray:
        """An intermediate value for each image, with the weights as they are now.

        Args:
            x: images, (n, *input shape).
            value: "conv2d" for the output of the layer of that name, behind its activation; "conv2d/linear" for
                what comes before that: see `cuts.values`.

        Returns:
            float32 (n, *shape of the value).

        Raises:
            BadInput: there is no such value; the images do not fit.
        """
        return self._parts.up_to(self, value).predict(x)

    def gradient(
        self, x: np.ndarray, direction: np.ndarray, *, of: str | None = None, by: str | None = None
    ) -> np.ndarray:
        """∂(Σ_k direction[n,k]·y[n,k])/∂x[n] for each image: how the output y answers to the input.

        The network is as it predicts: nothing drops, and moving statistics normalise.

        Args:
            x: what the gradient is taken by: images (n, *input shape), or the values called `by`.
            direction: (*shape of y,) for all images or (n, *shape of y); one-hot for one output.
            of: the value y, named as in `activation`; None for the network's output.
            by: the value that `x` holds; None for the network's input.

        Returns:
            float32, of the shape of `x`.

        Raises:
            BadInput: there is no such value, or `of` depends on more than `by`; arrays that do not fit.
        """
        return self._parts.between(self, by, of)._input_gradient(x, direction)

    def _input_gradient(self, x: np.ndarray, direction: np.ndarray) -> np.ndarray:
        x = check_images(self.plan, x)
        n = len(x)
        if np.shape(direction) == self.plan.graph.output.shape:
            direction = np.broadcast_to(direction, (n, *self.plan.graph.output.shape))
        out = np.zeros((n, *self.plan.graph.input.shape), np.float32)
        sums_not_means = np.full(n, n, np.float32)  # the loss is a mean over the images
        arrays = {
            "images": x,
            "targets": check_labels(self.plan, direction, n),
            "order": np.arange(n),
            "sample_weights": sums_not_means,
            "statistics": np.zeros((max(1, n_chunks(n)), MAX_STATISTICS), np.float32),
            "input_gradients": out,
        }
        with self._calls.turn():
            self._calls.run("gradient", arrays, n)
        return out

    def profile_counts(self) -> dict[str, tuple[int, int, int]]:
        """For each kernel: calls, cycles in all, cycles of the fastest call; summed over the threads."""
        from tatamilab.engine.assemble import kernel_names

        rows = self._arrays.by_name["profile"].reshape(self.n_threads, -1)
        content = MAX_KERNELS * COUNTS * 8
        table = np.ascontiguousarray(rows[:, :content]).view(np.int64).reshape(self.n_threads, -1, COUNTS)
        out = {}
        for at, name in enumerate(kernel_names(self.plan)):
            mine = table[:, at]
            ran = mine[mine[:, 0] > 0]
            if len(ran):
                out[name] = (int(ran[:, 0].sum()), int(ran[:, 1].sum()), int(ran[:, 2].min()))
        return out
