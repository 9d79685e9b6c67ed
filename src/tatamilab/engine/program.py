"""`Program`: a compiled network with its memory and its threads; the engine's one face.

Training, evaluation and prediction are native calls that a team of threads shares. Python looks at counters
while they run, and nothing else of Python is in the loop.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from threading import Lock, get_ident
from typing import Any, TypeVar

import numpy as np

from tatamilab.engine import threads
from tatamilab.engine.arguments import (
    check_count,
    check_images,
    check_labels,
    check_order,
    check_parameter,
    check_rates,
    check_weights,
)
from tatamilab.engine.availability import check_memory
from tatamilab.engine.buffers import Buffer
from tatamilab.engine.graph import Graph, Training
from tatamilab.engine.jit import Code
from tatamilab.engine.kernels.dropout import seeds
from tatamilab.engine.kernels.optimizer import initial_slots, n_slots, rates
from tatamilab.engine.memory import (
    HALTS_ON_NAN,
    MAX_STATISTICS,
    PROGRESS,
    SCALARS,
    SEED,
    WANTS_LOSS,
    WANTS_OUTPUTS,
    buffers,
    slot_name,
    slots,
)
from tatamilab.engine.plan import Plan
from tatamilab.engine.target import IMAGES_PER_CHUNK, Target, choose
from tatamilab.engine.team import Job, Team
from tatamilab.errors import BadInput
from tatamilab.i18n import _

POLL_S = 0.02
"""Seconds between two looks at the counters of a running call."""

LARGEST_BATCH = 2**20
"""Images in a step; more is a mistake of the caller, or work for another kind of plan."""


@dataclass(frozen=True)
class Totals:
    """What a call added up.

    Args:
        steps: steps done.
        images: images seen.
        loss: mean over the images of weight × loss (each with the weights of its own step).
        metrics: share of the images that are right, in the order of `Training.metrics`.
    """

    steps: int
    images: int
    loss: float
    metrics: tuple[float, ...]


Watch = Callable[[Totals], object]
"""Told how far a call is; training ends after the step in hand when it returns something true."""

Method = TypeVar("Method", bound=Callable[..., Any])


def _one_at_a_time(method: Method) -> Method:
    """Calls from several threads take turns; one from within `watch` is refused, as it would wait for itself."""

    @wraps(method)
    def in_turn(self: Program, *args: Any, **named: Any) -> Any:
        if os.getpid() != self._process:
            self._start_team()  # a forked process has none of its parent's threads
        if self._caller == get_ident():
            raise BadInput(_("A program that is training cannot be used from its own watch function."))
        with self._turn:
            self._caller = get_ident()
            try:
                return method(self, *args, **named)
            finally:
                self._caller = 0

    return in_turn  # type: ignore[return-value]


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
        first: the function to compile at once, "train" or "infer"; None for "train" if there is training.
            The other is compiled when it is first needed.

    Raises:
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
        first: str | None = None,
    ) -> None:
        if checked is None:
            checked = os.environ.get("TATAMI_CHECKED") == "1"
        self.plan = Plan(
            graph=graph,
            training=training,
            batch_size=check_count("batch_size", batch_size, largest=LARGEST_BATCH),
            target=target or choose(os.environ.get("TATAMI_TARGET")),
            input_dtype=input_dtype,
            checked=checked,
            profile=profile,
        )
        self._code = Code(self.plan)
        self.compile(first or ("train" if training else "infer"))
        if n_threads is None:
            n_threads = threads.default()
        self.n_threads = check_count("n_threads", n_threads, largest=threads.LARGEST)
        self._memory = _Memory(self.plan, self.n_threads)
        self._start_team()
        for i, value in enumerate(initial_slots(training.optimizer) if training else ()):
            self._memory.arrays[slot_name(i)].view(np.float32)[:] = value
        self._flags = np.zeros((max(self.plan.n_pieces, 64), 8), np.int64)
        self._ticket = 1
        self.iterations = 0

    def compile(self, function: str) -> None:
        """Compile "train" or "infer" now, unless that was done before. Raises as the constructor does."""
        self._code.function(function)

    def _start_team(self) -> None:
        self._team = Team(self.n_threads)
        self._process = os.getpid()
        self._job: Job | None = None
        self._turn, self._caller = Lock(), 0

    # -- weights and state -----------------------------------------------------------------------------------

    def set_weights(self, weights: Mapping[str, np.ndarray]) -> None:
        """Take weights by parameter name; those not named stay."""
        self._store("weights", weights)

    def get_weights(self) -> dict[str, np.ndarray]:
        """A copy of every parameter, float32 in Keras's shapes."""
        return self._load("weights", trained_only=False)

    def set_slots(self, slots_: list[Mapping[str, np.ndarray]], iterations: int) -> None:
        """Take the optimizer's state: for each slot the arrays by parameter name, and the steps taken."""
        for i, values in enumerate(slots_):
            self._store(slot_name(i), values)
        self.iterations = iterations

    def get_slots(self) -> list[dict[str, np.ndarray]]:
        """The optimizer's state: for each slot the arrays by parameter name."""
        count = n_slots(self.plan.training.optimizer) if self.plan.training else 0
        return [self._load(slot_name(i), trained_only=True) for i in range(count)]

    def _store(self, buffer: str, values: Mapping[str, np.ndarray]) -> None:
        flat = self._memory.arrays[buffer].view(np.float32)
        for name, value in values.items():
            placed = self.plan.placed[name]
            given = check_parameter(name, value, placed.parameter.shape)
            flat[placed.at : placed.at + given.size] = given.ravel()

    def _load(self, buffer: str, *, trained_only: bool) -> dict[str, np.ndarray]:
        flat = self._memory.arrays[buffer].view(np.float32)
        return {
            name: flat[p.at : p.at + p.parameter.size].reshape(p.parameter.shape).copy()
            for name, p in self.plan.placed.items()
            if p.parameter.trainable or not trained_only
        }

    # -- calls -----------------------------------------------------------------------------------------------

    @_one_at_a_time
    def train(
        self,
        x: np.ndarray,
        y: np.ndarray,
        order: np.ndarray | None = None,
        *,
        learning_rate: float | np.ndarray = 0.001,
        sample_weight: np.ndarray | None = None,
        seed: int = 0,
        watch: Watch | None = None,
        halt_on_nan: bool = False,
    ) -> Totals:
        """One pass over the images that `order` names, a step for each batch.

        Args:
            x: images, (n, *input shape), float32 or uint8.
            y: class numbers (n,), or targets (n, outputs).
            order: rows of `x` in the order of training, int64; None for all in their own order.
            learning_rate: one for all steps, or one a step.
            sample_weight: (n,), float32.
            seed: of what dropout drops, together with the steps taken so far: the same drops the same.
            watch: called with the totals so far about 50 times a second; training ends after the step in hand
                when it returns something true.
            halt_on_nan: end after the step that makes the running loss infinite or not a number.

        Returns:
            The totals, as Keras computes them: the loss of each step before its update.

        Raises:
            BadInput: an array that does not fit, told before any native code sees it.
        """
        assert self.plan.training, "compiled without training"
        x = check_images(self.plan, x)
        y = check_labels(self.plan, y, len(x))
        order = check_order(order, len(x))
        n_steps = -(-len(order) // self.plan.batch_size)
        lr = check_rates(learning_rate, n_steps)
        step_rates = rates(self.plan.training.optimizer, self.iterations, lr)
        step_rates.view(np.uint32)[:, SEED] = seeds(seed, self.iterations, n_steps)
        arrays = {
            "images": x,
            "targets": y,
            "order": order,
            "sample_weights": check_weights(sample_weight, len(x)),
            "rates": step_rates,
            "statistics": np.zeros((self.plan.max_chunks, MAX_STATISTICS), np.float32),
        }
        wants = HALTS_ON_NAN if halt_on_nan else 0
        totals = self._run("train", arrays, len(order), n_steps, wants=wants, watch=watch)
        self.iterations += totals.steps
        return totals

    @_one_at_a_time
    def evaluate(self, x: np.ndarray, y: np.ndarray, *, sample_weight: np.ndarray | None = None) -> Totals:
        """Loss and metrics without training. Arguments and errors as in `train`."""
        assert self.plan.training, "compiled without training"
        x = check_images(self.plan, x)
        arrays = {
            "images": x,
            "targets": check_labels(self.plan, y, len(x)),
            "order": np.arange(len(x)),
            "sample_weights": check_weights(sample_weight, len(x)),
            "statistics": np.zeros((max(1, -(-len(x) // IMAGES_PER_CHUNK)), MAX_STATISTICS), np.float32),
        }
        return self._run("infer", arrays, len(x), 0, wants=WANTS_LOSS)

    @_one_at_a_time
    def predict(self, x: np.ndarray) -> np.ndarray:
        """The network's output for each image, float32 (n, *output shape)."""
        x = check_images(self.plan, x)
        out = np.zeros((len(x), *self.plan.graph.output.shape), np.float32)
        arrays = {"images": x, "order": np.arange(len(x)), "outputs": out}
        self._run("infer", arrays, len(x), 0, wants=WANTS_OUTPUTS)
        return out

    # -- the native call -------------------------------------------------------------------------------------

    def _run(
        self,
        function: str,
        arrays: Mapping[str, np.ndarray],
        n_images: int,
        n_steps: int,
        *,
        wants: int = 0,
        watch: Watch | None = None,
    ) -> Totals:
        self._end(self._job)  # still under way if Ctrl-C came twice
        chunks = -(-n_images // IMAGES_PER_CHUNK)
        if function == "infer" and chunks > len(self._flags):
            self._flags = np.zeros((chunks, 8), np.int64)
        scalars = (n_images, self.n_threads, n_steps, self._ticket, self.plan.batch_size, wants)
        table = self._memory.table(arrays, self._flags, dict(zip(SCALARS, scalars, strict=True)))
        self._ticket += n_steps * self.plan.n_meetings + 1
        progress = self._memory.progress
        progress[:] = 0
        call = self._code.function(function)
        self._job = job = Job(call, table, {**self._memory.arrays, **arrays, "flags": self._flags})
        try:
            self._team.take(job)
            while not job.wait(POLL_S):
                if watch and watch(self._totals(n_images, n_steps)):
                    progress[PROGRESS.index("stop_request"), 0] = 1
                    watch = None
        except BaseException:
            progress[PROGRESS.index("stop_request"), 0] = 1
            self._end(job)
            if function == "train":
                self.iterations += int(progress[PROGRESS.index("step"), 0])
            raise
        self._memory.raise_fault(self.plan)
        return self._totals(n_images, n_steps)

    def _end(self, job: Job | None) -> None:
        """Wait for a job that Ctrl-C has interrupted, perhaps before it was handed over."""
        if job is not None and not job.over:
            self._team.take(job)
            while not job.wait(POLL_S):
                pass

    def profile_counts(self) -> dict[str, tuple[int, int, int]]:
        """For each kernel: calls, cycles in all, cycles of the fastest call; summed over the threads."""
        from tatamilab.engine.assemble import kernel_names

        buffer = self._memory.buffers["profile"]
        rows = self._memory.arrays["profile"].reshape(self.n_threads, -1)[:, : buffer.content_bytes]
        table = np.ascontiguousarray(rows).view(np.int64).reshape(self.n_threads, -1, 3)
        out = {}
        for at, name in enumerate(kernel_names(self.plan)):
            mine = table[:, at]
            ran = mine[mine[:, 0] > 0]
            if len(ran):
                out[name] = (int(ran[:, 0].sum()), int(ran[:, 1].sum()), int(ran[:, 2].min()))
        return out

    def _totals(self, n_images: int, n_steps: int) -> Totals:
        progress = self._memory.progress
        steps = int(progress[PROGRESS.index("step"), 0])
        seen = min(n_images, steps * self.plan.batch_size) if n_steps else n_images
        sums = progress[len(PROGRESS) :, 0].view(np.float64)
        n = 1 + len(self.plan.training.metrics) if self.plan.training else 1
        means = [float(s) / max(seen, 1) for s in sums[:n]]
        return Totals(steps=steps, images=seen, loss=means[0], metrics=tuple(means[1:]))


class _Memory:
    """The arrays of a plan, aligned to cache lines, and the table of their addresses."""

    def __init__(self, plan: Plan, n_threads: int) -> None:
        self._slots = slots(plan)
        self.buffers = {b.name: b for b in buffers(plan)}
        instances = {"shared": 1, "thread": n_threads, "chunk": max(n_threads, plan.max_chunks)}
        kept = [b for b in self.buffers.values() if not b.external]
        check_memory(sum(b.stride_bytes * instances[b.scope] for b in kept), plan.batch_size)
        self.arrays = {
            b.name: _aligned(b.stride_bytes * instances[b.scope], plan.checked, b)
            for b in self.buffers.values()
            if not b.external
        }
        self.progress = self.arrays["progress"][: 64 * (len(PROGRESS) + MAX_STATISTICS)]
        self.progress = self.progress.view(np.int64).reshape(-1, 8)

    def table(
        self, external: Mapping[str, np.ndarray], flags: np.ndarray, scalars: Mapping[str, int]
    ) -> np.ndarray:
        """Addresses and scalars in the order the code expects."""
        out = np.zeros(len(self._slots), np.int64)
        for name, array in {**self.arrays, **external, "flags": flags}.items():
            out[self._slots[name]] = array.ctypes.data
        for name, value in scalars.items():
            out[self._slots[name]] = value
        return out

    def raise_fault(self, plan: Plan) -> None:
        """In checked mode: say which access left its buffer."""
        seen, buffer, byte, function = self.arrays["faults"].view(np.int64)[:4].tolist()
        if seen:
            names = list(self._slots)
            raise RuntimeError(
                f"checked mode: function {function} of the module left buffer {names[buffer]!r} at byte {byte}"
            )


def _aligned(n_bytes: int, checked: bool, buffer: Buffer) -> np.ndarray:
    raw = np.zeros(n_bytes + 64, np.uint8)
    start = -raw.ctypes.data % 64
    out = raw[start : start + n_bytes]
    scratch = buffer.images and buffer.padded_shape == buffer.shape
    if checked and scratch and buffer.dtype == "f32":
        out[: n_bytes - n_bytes % 4].view(np.float32)[:] = np.nan
    return out
