"""Trains the controls: every arm with every seed, two networks at a time, each on one thread.

Two networks on a thread each are quicker than one after the other on two, as nobody waits at a barrier; which
thread trains what changes no bit. What is done is kept at once, so an interrupted run goes on where it was.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from queue import Empty, SimpleQueue

import numpy as np
from numpy.typing import NDArray

from tatamilab import backend, data, models
from tatamilab.analysis import patch_components
from tatamilab.data.split import split_sizes, steps_per_epoch
from tatamilab.engine import threads
from tatamilab.engine.frontend import lower, lower_training, weights_of
from tatamilab.engine.program import Program
from tatamilab.experiment.control_arms import ARMS, BASELINE, Arm, Images, Labels
from tatamilab.experiment.control_recipe import Recipe
from tatamilab.experiment.control_store import Store, Trained
from tatamilab.experiment.interruption import Interruption, interruptible
from tatamilab.instruments.model_facts import conv_layer

backend.choose()  # before Keras is first imported
import keras  # noqa: E402

Weights = dict[str, NDArray[np.float32]]
Task = tuple[str, int]

_OF_ORDER, _OF_IMAGES, _OF_LABELS, _OF_FILTERS = range(4)
"""What a random generator is for; with the seed it makes the generator."""


@dataclass(frozen=True)
class Step:
    """A training of the controls is over.

    Attributes:
        arm: which.
        seed: with which seed.
        accuracy: on the test images, 0-1.
        done: trainings that are there now.
        total: trainings there will be.
    """

    arm: str
    seed: int
    accuracy: float
    done: int
    total: int


def run_controls(store: Store, n_seeds: int, told: Callable[[Step], object] | None = None) -> bool:
    """Train what is missing of all arms with the seeds 0 to `n_seeds` - 1.

    All arms of a seed share their initial weights and the order of the images.

    Args:
        store: where they are kept, and by which recipe they are trained.
        n_seeds: seeds of every arm, at least 1.
        told: called after each training.

    Returns:
        Whether all are there; False after Ctrl-C, which ends after the step in hand and keeps what is whole.

    Raises:
        BadInput: the recipe names no data, or no model with a convolution.
        Unsupported: the engine cannot train the model.
        OutputError: the store cannot be written.
    """
    tasks = [(arm, seed) for arm in ARMS for seed in range(n_seeds)]
    missing = [task for task in tasks if not store.has(*task)]
    if not missing:
        return True
    laboratory = _Laboratory(store, range(n_seeds))
    done = len(tasks) - len(missing)
    with interruptible() as interruption:
        for (arm, seed), trained in _trained(laboratory, missing, interruption):
            store.save(arm, seed, trained)
            done += 1
            if told:
                told(Step(arm, seed, trained.accuracy, done, len(tasks)))
    return done == len(tasks)


def _trained(
    laboratory: "_Laboratory", tasks: list[Task], interruption: Interruption
) -> Iterator[tuple[Task, Trained]]:
    """The trainings as they are over; what the baseline has to give is trained before what needs it."""
    n_threads = threads.default()
    with ThreadPoolExecutor(n_threads) as pool:
        for group in ([t for t in tasks if t[0] == BASELINE], [t for t in tasks if t[0] != BASELINE]):
            running = {pool.submit(laboratory.train, *task, interruption): task for task in group}
            try:
                while running:
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        task, trained = running.pop(future), future.result()
                        if trained is not None:
                            yield task, trained
            finally:
                for future in running:
                    future.cancel()


class _Laboratory:
    """The data, the programs, and one training at a time for each thread that asks."""

    def __init__(self, store: Store, seeds: Iterable[int]) -> None:
        recipe = self._recipe = store.recipe
        self._store = store
        dataset = data.load(recipe.data, data_size=recipe.data_size)
        arrays = dataset.normalised()
        n_train = split_sizes(len(arrays.x_train), recipe.validation_split).n_train
        self._x_train, self._y_train = arrays.x_train[:n_train], arrays.y_train[:n_train]
        self._x_test, self._y_test = arrays.x_test, arrays.y_test
        self._network = _Network(recipe, dataset)
        self._starts = {seed: self._network.start(seed) for seed in seeds}
        self._idle: dict[bool, SimpleQueue[Program]] = {False: SimpleQueue(), True: SimpleQueue()}

    def train(self, name: str, seed: int, interruption: Interruption) -> Trained | None:
        """One training, or None if it was interrupted."""
        if interruption.asked:  # also: what a baseline that was cut off would have given isn't there
            return None
        arm = ARMS[name]
        x_train, y_train, x_test = self._data(arm, seed)
        with self._program(arm.frozen) as program:
            program.start_over(self._weights(arm, seed))
            before = self._correct(program, x_test)
            kept = self._epochs(program, x_train, y_train, seed, interruption)
            if kept is None:
                return None
            return Trained(
                correct=self._correct(program, x_test),
                correct_before=before,
                n_test=len(x_test),
                steps=np.array(list(kept), np.int64),
                kernels=np.stack(list(kept.values())),
                components=patch_components(x_train, kept[0].shape[:2]).components,
            )

    def _data(self, arm: Arm, seed: int) -> tuple[Images, Labels, Images]:
        """Training images and labels, and test images, as this arm has them."""
        x_train, y_train, x_test = self._x_train, self._y_train, self._x_test
        if arm.images is not None:
            rng = np.random.default_rng([seed, _OF_IMAGES])
            both = arm.images(np.concatenate([x_train, x_test]), rng)
            x_train, x_test = both[: len(x_train)], both[len(x_train) :]
        if arm.labels is not None:
            y_train = arm.labels(y_train, np.random.default_rng([seed, _OF_LABELS]))
        return x_train, y_train, x_test

    def _weights(self, arm: Arm, seed: int) -> Weights:
        """What this arm starts from."""
        start, kernel = self._starts[seed], self._network.kernel
        if arm.filters is None:
            return start
        learned = self._store.load(BASELINE, seed).kernels[-1] if arm.after_learned else None
        rng = np.random.default_rng([seed, _OF_FILTERS])
        return {**start, kernel: arm.filters(start[kernel], learned, rng)}

    def _epochs(
        self, program: Program, x: Images, y: Labels, seed: int, interruption: Interruption
    ) -> dict[int, Images] | None:
        """Train; return the filters by the number of steps before, or None if it was interrupted."""
        examples, size = program.examples(x, y), self._recipe.batch_size
        n_steps = steps_per_epoch(len(x), size)
        rng, kept, done = np.random.default_rng([seed, _OF_ORDER]), {0: self._filters(program)}, 0
        for _epoch in range(self._recipe.epochs):
            order = rng.permutation(len(x))
            for part in _parts(done, n_steps):
                steps = order[part.start * size : part.stop * size]
                program.train(
                    examples,
                    order=steps,
                    learning_rate=self._recipe.lr,
                    watch=lambda _totals: interruption.asked,
                )
                if interruption.asked:
                    return None
                kept[done + part.stop] = self._filters(program)
            done += n_steps
        return kept

    def _filters(self, program: Program) -> Images:
        return program.get_weights()[self._network.kernel]

    def _correct(self, program: Program, x_test: Images) -> int:
        return int(np.sum(program.predict(x_test).argmax(axis=1) == self._y_test))

    @contextmanager
    def _program(self, frozen: bool) -> Iterator[Program]:
        """A program that nobody else uses inside the block."""
        try:
            program = self._idle[frozen].get_nowait()
        except Empty:
            program = self._network.program(frozen)
        try:
            yield program
        finally:
            self._idle[frozen].put(program)


class _Network:
    """The recipe's network as the engine takes it."""

    def __init__(self, recipe: Recipe, dataset: data.Dataset) -> None:
        self._recipe, self._dataset = recipe, dataset
        model = self._model(0)
        layer = conv_layer(model, 0)
        model.compile(
            keras.optimizers.Adam(recipe.lr), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        self._graph, self._training = lower(model), lower_training(model)
        names = {
            id(weight): parameter.name
            for weight, parameter in zip(model.weights, self._graph.parameters, strict=True)
        }
        self.kernel = names[id(layer.kernel)]
        self._frozen = {names[id(weight)] for weight in layer.weights}

    def start(self, seed: int) -> Weights:
        """The initial weights that `tatami run --seed` starts from."""
        return weights_of(self._model(seed), self._graph)

    def program(self, frozen: bool) -> Program:
        """A program of its own, on one thread."""
        graph = self._graph
        if frozen:
            parameters = tuple(
                replace(one, trainable=one.trainable and one.name not in self._frozen)
                for one in graph.parameters
            )
            graph = replace(graph, parameters=parameters)
        return Program(graph, self._training, batch_size=self._recipe.batch_size, n_threads=1)

    def _model(self, seed: int) -> keras.Model:
        dataset = self._dataset
        return models.load_model(self._recipe.model, dataset.image_shape, dataset.n_classes, seed=seed)


def _parts(done: int, n_steps: int) -> Iterator[range]:
    """The steps of an epoch, cut where filters are kept: after 1, 2, 4, 8 … steps of the first, and at its end."""
    cuts = [2**k for k in range(n_steps.bit_length()) if 2**k < n_steps] if done == 0 else []
    for start, stop in pairwise([0, *cuts, n_steps]):
        yield range(start, stop)
