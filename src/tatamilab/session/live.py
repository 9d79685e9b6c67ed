"""`LiveRun`: a training in a thread of its own that can be paused, stepped, changed and looked back on.

run = LiveRun(worksheet_cnn, Sample.of(load("mnist")))
run.start()
run.learning_rate = 0.0003    # from the next steps on
run.pause()
run.step("batch")
run.look_at(3)                # `run.network` now has the weights of the film's fourth frame
"""

import math
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from tatamilab import backend
from tatamilab.engine import frontend
from tatamilab.engine.graph import Graph
from tatamilab.engine.loop import Loop
from tatamilab.engine.program import Program
from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.session.curve import Curve, Point
from tatamilab.session.film import Film, Frame
from tatamilab.session.moment import Kept, Moment, Phase, Progress
from tatamilab.session.network import Network, Weights
from tatamilab.session.sample import Sample
from tatamilab.session.turns import HERE, KERAS, Turns
from tatamilab.session.worker import Worker
from tatamilab.session.yielding import yielding

if TYPE_CHECKING:
    import keras

SLICE_S = 0.05
"""Seconds of training between two looks: 20 a second."""

FIRST_SLICE_S = 0.02
"""The same until there is a curve to be seen."""

POINTS_AN_EPOCH = 40
"""Points of the curve in an epoch, at most."""

LARGEST_BATCH = 1024
"""Images of a step, at most; with the largest network such a step takes two seconds or three."""


@dataclass(frozen=True)
class Slice:
    """What some steps in a row have brought.

    Attributes:
        trained: of the training images.
        held_back: of the images held back, where the epoch is over.
    """

    trained: Point
    held_back: Point | None


class LiveRun(Worker[int, Slice]):
    """One training, live.

    Args:
        make: builds the untrained Keras model.
        sample: what to train on.
        epochs: how many.
        batch_size: images a step.
        learning_rate: Adam's, to begin with.
        seed: decides weights and order.
        turns: who may compute when.

    Attributes:
        id: of the training; another after each `reset`.
        network: the network with the weights that are looked at: the latest, or those of a frame.

    Raises:
        BadInput: a number that makes no sense; images that don't fit.
        Unsupported: a layer has no native form.
    """

    def __init__(
        self,
        make: Callable[[], "keras.Model"],
        sample: Sample,
        *,
        epochs: int = 10,
        batch_size: int = 128,
        learning_rate: float = 0.001,
        seed: int = 1,
        turns: Turns = HERE,
    ) -> None:
        super().__init__("tatami live run", turns)
        self.sample = sample
        self.epochs = epochs
        self._batch_size = batch_size
        self._make = make
        self._learning_rate = checked_rate(learning_rate)
        self._seed = seed
        checked_batch(batch_size)
        model = self._build(seed)
        graph = frontend.lower(model)
        self._training = frontend.lower_training(model, ())
        program = self._compiled(graph, batch_size)
        self._held_back = program.examples(sample.x_held_back, sample.y_held_back)
        self._wanted: float = 0
        self._one_epoch = False
        self._step_s = SLICE_S
        self._first = seed, frontend.weights_of(model, graph)
        self._begin(program, self._first[1])
        # of one thread: beside trainings, more would but wait for each other
        self.network = Network(graph, self.weights, n_threads=1)

    def _build(self, seed: int) -> "keras.Model":
        backend.choose()
        import keras

        with KERAS:
            keras.utils.set_random_seed(seed)
            model = self._make()
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            return model

    def _drawn(self, seed: int) -> Weights:
        """The initial weights of a seed; a network is built only for those of another one than the last."""
        first = self._first
        if first[0] != seed:
            first = self._first = seed, frontend.weights_of(self._build(seed), self._program.plan.graph)
        return first[1]

    def _compiled(self, graph: Graph, batch_size: int) -> Program:
        return yielding(lambda: Program(graph, self._training, batch_size=batch_size, input_dtype="f32"))

    def _program_for(self, batch_size: int) -> Program:
        """One whose batches are of this size; a new one takes a moment, in which nothing must wait."""
        for program in (self._program, self._next):
            if program.plan.batch_size == batch_size:
                return program
        return self._compiled(self._program.plan.graph, batch_size)

    def _begin(self, program: Program, weights: Weights) -> None:
        """Everything as before the first step."""
        self.id = secrets.token_hex(4)
        self._program = self._next = program
        program.start_over(weights)
        x, y = self.sample.x, self.sample.y
        self._loop = Loop(program, x, y, seed=self._seed, learning_rate=self._learning_rate)
        self._curve = Curve(least=len(x) // POINTS_AN_EPOCH)
        self._validation: tuple[Point, ...] = ()
        self._speed = 0.0
        self._phase, self.problem = Phase.READY, ""
        self._film = Film(sum(array.nbytes for array in weights.values()))
        self._latest = Frame(0, weights)
        self._film.offer(self._latest)
        self._shown: Frame | None = None

    # -- what is asked of it ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Train until the last epoch is over, or `pause`; a finished run stays finished."""
        self._ask("end")

    def pause(self) -> None:
        """Stop; the steps in hand, a twentieth of a second where a step takes no longer, are finished yet."""
        with self._changed:
            self._wanted = 0
            if self._phase is Phase.RUNNING:
                self._phase = Phase.PAUSED
            self._wake()
        self._tell()

    def step(self, what: Literal["batch", "epoch"] = "batch") -> None:
        """Train one batch, or to the end of the epoch, then pause."""
        self._ask(what)

    def reset(self, seed: int | None = None) -> None:
        """Begin again: with the same weights and order, or with those of another seed.

        Raises:
            BadInput: a step that is in hand takes very long.
        """
        self.pause()
        seed = self._seed if seed is None else seed
        program, weights = self._program_for(self._batch_size), self._drawn(seed)
        with self._at_rest():
            self._wanted, self._seed = 0, seed
            self._begin(program, weights)
        self._tell()

    @property
    def seed(self) -> int:
        """Of weights and orders."""
        return self._seed

    @property
    def learning_rate(self) -> float:
        """Adam's, of the steps to come; assign to change it while the run goes on."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        with self._changed:
            self._learning_rate = self._loop.learning_rate = checked_rate(rate)
        self._tell()

    @property
    def batch_size(self) -> int:
        """Images of a step; what is assigned while an epoch is under way holds from the next epoch on."""
        return self._batch_size

    @batch_size.setter
    def batch_size(self, size: int) -> None:
        self._batch_size = checked_batch(size)
        self._tell()

    def kept(self) -> Kept:
        """All that it takes to go on later, once the slice in hand is done.

        Raises:
            BadInput: a step that is in hand takes very long.
        """
        with self._at_rest():
            phase = Phase.PAUSED if self._phase is Phase.RUNNING else self._phase
            progress = Progress(
                id=self.id,
                phase=phase,
                points=tuple(self._curve.points),
                validation=self._validation,
                images_per_s=self._speed,
                batch_size=self._batch_size,
            )
            return Kept(progress, self._loop.state())

    def restore(self, kept: Kept) -> None:
        """Go on from where a run of the same network on the same images was.

        Raises:
            BadInput: it was of another network, or on so many other images; a step that is in hand takes very long.
        """
        progress = kept.progress
        self.pause()
        program = self._program_for(checked_batch(kept.state.batch_size))
        with self._at_rest():
            self._wanted, self._seed = 0, kept.state.seed
            self._begin(program, program.get_weights())
            self._loop.restore(kept.state)
            self.id, self._phase, self._speed = progress.id, progress.phase, progress.images_per_s
            self._batch_size, self._learning_rate = progress.batch_size, kept.state.learning_rate
            for point in progress.points:
                self._curve.append(point)
            self._validation = progress.validation
            self._latest = Frame(self._program.iterations, self._program.get_weights())
            self._film = Film(sum(array.nbytes for array in self._latest.weights.values()))
            self._film.offer(self._latest)
        self._tell()

    def look_at(self, frame: int | None) -> None:
        """Give `network` the weights of a frame of the film; None for the latest, as they go on.

        Raises:
            BadInput: the film has no such frame.
        """
        with self._changed:
            if frame is not None and not 0 <= frame < len(self._film.frames):
                raise BadInput(
                    _(
                        "The film has {n} pictures; there is no number {frame}.",
                        n=len(self._film.frames),
                        frame=frame,
                    )
                )
            self._shown = None if frame is None else self._film.frames[frame]
        self._tell()

    def close(self) -> None:
        """End the thread; the run cannot be used any more."""
        self.pause()
        super().close()

    def wait(self, timeout_s: float = 60.0) -> Phase:
        """Wait until nothing is left to do, and say how it stands."""
        self._wait(timeout_s)
        return self._phase

    # -- what it tells ---------------------------------------------------------------------------------------

    def weights(self) -> Weights:
        """The weights that are looked at."""
        return (self._shown or self._latest).weights

    def models(self) -> "tuple[keras.Model, keras.Model]":
        """Keras models of the caller's own: as the training began, and with the weights that are looked at.

        Their layers have the same names.
        """
        weights, before = self.weights(), self._build(self._seed)
        import keras

        with KERAS:
            now = keras.models.clone_model(before)
        frontend.set_weights_of(now, self._program.plan.graph, weights)
        return before, now

    def moment(self) -> Moment:
        """How it stands."""
        with self._changed:
            frames = self._film.frames
            shown = next((k for k, frame in enumerate(frames) if frame is self._shown), None)
            return Moment(
                phase=self._phase,
                epoch=self._loop.epoch,
                step=self._loop.step,
                n_steps=self._loop.n_steps,
                epochs=self.epochs,
                points=tuple(self._curve.points),
                validation=self._validation,
                images_per_s=self._speed,
                learning_rate=self._learning_rate,
                seed=self._seed,
                frames=tuple(frame.step for frame in frames),
                shown=shown,
                n_steps_seen=(self._shown or self._latest).step,
                batch_size=self._batch_size,
                n_sharing=self._turns.n_sharing,
                place=self._seat.place,
                problem=self.problem,
            )

    # -- the thread ------------------------------------------------------------------------------------------

    def _ask(self, until: Literal["batch", "epoch", "end"]) -> None:
        with self._changed:
            if self._closed or self._phase in (Phase.FINISHED, Phase.DIVERGED):
                return
            self._wanted, self._one_epoch = 1 if until == "batch" else math.inf, until == "epoch"
            self._phase, self._shown = Phase.RUNNING, None
            self._wake()
        self._tell()

    def _get_ready(self) -> None:
        """Have the next epoch's program compiled while others compute."""
        self._next = self._program_for(self._batch_size)

    def _take(self) -> int:
        self._go_on_with_next()
        slice_s = SLICE_S if len(self._curve.points) > 1 else FIRST_SLICE_S
        return int(min(max(1, round(slice_s / self._step_s)), self._wanted))

    def _do(self, count: int) -> Slice:
        """Train some steps, and see how long one takes, for the next slice; what they do doesn't depend on it."""
        began = time.perf_counter()
        totals = self._loop.run(count, halt_on_nan=True)
        elapsed_s = max(time.perf_counter() - began, 1e-9)
        self._speed = totals.images / elapsed_s
        self._step_s = elapsed_s / max(totals.steps, 1)
        place = self._loop.epoch + self._loop.step / self._loop.n_steps
        trained = Point(place, totals.images, totals.loss, totals.metrics[0])
        if self._loop.step:
            return Slice(trained, None)
        score = self._program.evaluate(self._held_back)
        held_back = Point(place, score.images, score.loss, score.metrics[0])
        return Slice(trained, held_back)

    def _keep(self, count: int, done: Slice) -> bool:
        """Write down what a slice has brought, and see whether the run is over."""
        self._wanted = max(0, self._wanted - count)
        self._curve.append(done.trained)
        self._latest = Frame(self._program.iterations, self._program.get_weights())
        self._film.offer(self._latest)
        if done.held_back is not None:
            self._validation = (*self._validation, done.held_back)
            self._wanted = 0 if self._one_epoch else self._wanted
        self._go_on_with_next()
        if not math.isfinite(done.trained.loss):
            self._phase, self._wanted = Phase.DIVERGED, 0
        elif self._loop.epoch >= self.epochs:
            self._phase, self._wanted = Phase.FINISHED, 0
        elif not self._wanted:
            self._phase = Phase.PAUSED
        return True

    def _give_up(self) -> None:
        self._wanted, self._phase = 0, Phase.PAUSED

    def _go_on_with_next(self) -> None:
        """Between two epochs: take the next steps by the program whose batches are of the size that is wanted."""
        program = self._next
        if program is self._program or program.plan.batch_size != self._batch_size or self._loop.step:
            return
        state = replace(self._loop.state(), batch_size=program.plan.batch_size)
        self._program = program
        self._loop = Loop(program, self.sample.x, self.sample.y)
        self._loop.restore(state)


def checked_batch(size: int) -> int:
    """The batch size, if it is one.

    Raises:
        BadInput: it is below 1 or above `LARGEST_BATCH`.
    """
    if not 1 <= size <= LARGEST_BATCH:
        raise BadInput(_("A batch has 1 to {most:,} images, got {size}.", most=LARGEST_BATCH, size=size))
    return size


def checked_rate(rate: float) -> float:
    """The learning rate, if it is one.

    Raises:
        BadInput: it is not above 0, or not finite.
    """
    if not (math.isfinite(rate) and rate > 0):
        raise BadInput(_("A learning rate must be above 0, got {rate}.", rate=rate))
    return float(rate)
