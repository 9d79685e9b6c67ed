"""`Loop`: a training that runs some steps at a time, can be changed between them, put away, and taken up again.

loop = Loop(program, x, y, seed=7)
loop.run(100)                 # 100 steps, or less if the epoch ends before
loop.learning_rate = 0.0003   # from the next step on
loop.run()                    # the rest of the epoch
state = loop.state()          # weights, slots, place in the epoch, random state
loop.restore(state)           # here, or in another process: the same bits follow
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tatamilab.engine.arguments import check_count, check_seed
from tatamilab.engine.calling import Watch
from tatamilab.engine.program import Program, Slots
from tatamilab.engine.totals import Totals, added
from tatamilab.errors import BadInput
from tatamilab.files import read_arrays, read_json, write_whole
from tatamilab.i18n import _

FORMAT = 1


@dataclass(frozen=True, eq=False)
class State:
    """All that a training depends on from here on, beside its program and its data.

    Args:
        weights: by parameter name.
        slots: the optimizer's state.
        iterations: steps of the optimizer so far.
        epoch, step: the next step's epoch, and its place in it, both from 0.
        random: of the generator that shuffles, before it drew this epoch's order.
        seed: the loop's.
        learning_rate: the loop's.
        n_images, batch_size: what an epoch consists of.
    """

    weights: Mapping[str, np.ndarray]
    slots: Slots
    iterations: int
    epoch: int
    step: int
    random: Mapping[str, Any]
    seed: int
    learning_rate: float
    n_images: int
    batch_size: int

    def save(self, path: str | Path) -> None:
        """Write to a file, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        arrays = {f"weights:{name}": value for name, value in self.weights.items()}
        for i, slot in enumerate(self.slots):
            arrays |= {f"slot{i}:{name}": value for name, value in slot.items()}
        numbers = {name: getattr(self, name) for name in _NUMBERS}
        written = io.BytesIO()
        np.savez(written, allow_pickle=False, state=json.dumps({"format": FORMAT, **numbers}), **arrays)
        write_whole(Path(path), written.getvalue())

    @classmethod
    def load(cls, path: str | Path) -> "State":
        """Read what `save` wrote.

        Raises:
            BadInput: there is no such file, or it holds something else.
        """
        try:
            arrays = read_arrays(Path(path).read_bytes())
            numbers = read_json(str(arrays.pop("state")))
            if numbers.pop("format") != FORMAT:
                raise ValueError
            kinds = sorted({name.partition(":")[0] for name in arrays} - {"weights"})
            weights, *slots = (_named(arrays, kind) for kind in ("weights", *kinds))
            return cls(weights=weights, slots=slots, **numbers)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as problem:
            raise BadInput(
                _("{path} is not the state of a training, or it is damaged.", path=path)
            ) from problem


_NUMBERS = (
    "iterations", "epoch", "step", "random", "seed", "learning_rate", "n_images", "batch_size",
)  # fmt: skip


def _named(arrays: Mapping[str, np.ndarray], kind: str) -> dict[str, np.ndarray]:
    return {name.partition(":")[2]: value for name, value in arrays.items() if name.startswith(f"{kind}:")}


class Loop:
    """A training in progress.

    Args:
        program: compiled for training; its weights now are where the training starts.
        x: images, (n, *input shape).
        y: class numbers (n,), or targets (n, outputs).
        sample_weight: (n,).
        shuffle: draw a new order for each epoch.
        seed: of the orders, and of what dropout drops.
        learning_rate: of the steps to come; assign to change it.

    Attributes:
        epoch: epochs that are over.
        totals: of the current epoch so far.

    Raises:
        BadInput: arrays that do not fit, or none.
    """

    def __init__(
        self,
        program: Program,
        x: np.ndarray,
        y: np.ndarray,
        *,
        sample_weight: np.ndarray | None = None,
        shuffle: bool = True,
        seed: int = 0,
        learning_rate: float = 0.001,
    ) -> None:
        self.program = program
        self.learning_rate = learning_rate
        self._data = program.examples(x, y, sample_weight)
        if not len(self._data):
            raise BadInput(_("There are no images to train on."))
        self._shuffle, self._seed = shuffle, check_seed(seed)
        self._random = np.random.default_rng(self._seed % 2**64)
        self.epoch = 0
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        self._began = self.program.iterations
        self._before_order = self._random.bit_generator.state
        n = len(self._data)
        self._order = self._random.permutation(n) if self._shuffle else np.arange(n)
        self.totals = Totals(0, 0, 0.0, (0.0,) * self.program.n_metrics)

    @property
    def n_steps(self) -> int:
        """Steps of an epoch."""
        return -(-len(self._data) // self.program.plan.batch_size)

    @property
    def step(self) -> int:
        """Steps of this epoch that are done, whether or not a call was interrupted."""
        return self.program.iterations - self._began

    def run(
        self,
        n_steps: int | None = None,
        *,
        watch: Watch | None = None,
        halt_on_nan: bool = False,
        snapshots: np.ndarray | None = None,
        every: int = 1,
    ) -> Totals:
        """Train on, but not beyond the end of the epoch; after it, the next call begins another.

        Args:
            n_steps: how many steps at most; None for all that the epoch has left.
            watch, halt_on_nan, snapshots, every: as in `Program.train`.

        Returns:
            The totals of these steps.

        Raises:
            BadInput: an argument that makes no sense.
        """
        self._end_epoch_if_over()  # an interrupted call may have got to its end
        first = self.step
        count = self.n_steps - first
        if n_steps is not None:
            count = min(count, check_count("n_steps", n_steps, largest=2**31))
        size = self.program.plan.batch_size
        totals = self.program.train(
            self._data,
            order=self._order[first * size : (first + count) * size],
            learning_rate=self.learning_rate,
            seed=self._seed,
            watch=watch,
            halt_on_nan=halt_on_nan,
            snapshots=snapshots,
            every=every,
        )
        self.totals = added(self.totals, totals)
        self._end_epoch_if_over()
        return totals

    def _end_epoch_if_over(self) -> None:
        if self.step == self.n_steps:
            self.epoch += 1
            self._begin_epoch()

    def state(self) -> State:
        """A copy of all that the steps to come depend on."""
        return State(
            weights=self.program.get_weights(),
            slots=self.program.get_slots(),
            iterations=self.program.iterations,
            epoch=self.epoch,
            step=self.step,
            random=self._before_order,
            seed=self._seed,
            learning_rate=self.learning_rate,
            n_images=len(self._data),
            batch_size=self.program.plan.batch_size,
        )

    def restore(self, state: State) -> None:
        """Go on from a state of a training on the same data by the same network.

        Raises:
            BadInput: it is of a training on so many other images, in other batches, or of another network.
        """
        mine, given = (len(self._data), self.program.plan.batch_size), (state.n_images, state.batch_size)
        if mine != given:
            raise BadInput(
                _(
                    "The state is of a training on {n} images in batches of {batch}, not {mine} in batches of {size}.",
                    n=given[0],
                    batch=given[1],
                    mine=mine[0],
                    size=mine[1],
                )
            )
        if set(state.weights) != set(self.program.plan.placed):
            raise BadInput(_("The state is of another network."))
        self.program.set_weights(state.weights)
        self.program.set_slots(state.slots, state.iterations - state.step)
        self._seed, self.learning_rate, self.epoch = state.seed, state.learning_rate, state.epoch
        self._random.bit_generator.state = dict(state.random)
        self._begin_epoch()
        self.program.iterations = state.iterations
