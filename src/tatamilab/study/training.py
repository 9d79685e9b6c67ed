"""One run, in a worker. No Keras here: a network comes lowered, and its initial weights come with it.

Data sets and compiled programs are kept from run to run, so that a worker starts up once.
"""

import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tatamilab.data import Dataset, load, normalised, split_sizes
from tatamilab.engine.program import Program
from tatamilab.engine.target import choose
from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.study import streams
from tatamilab.study.design import Network, Place, data_hash
from tatamilab.study.specification import Recipe

Images = NDArray[np.float32]
Labels = NDArray[np.uint8]
Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Task:
    """What a worker needs to know about a run; can be pickled.

    Attributes:
        place: where it stands in the study.
        recipe: how it is trained.
        network: what is trained.
        weights: where it starts.
        data: name or path of the data set.
        data_hash: of the data set that is meant.
        seed: root of the random streams.
        validation_split: share of the sample that validates.
        seeks_best_epoch: whether each epoch is validated, and the best one scored on the test images, too.
    """

    place: Place
    recipe: Recipe
    network: Network
    weights: Weights
    data: str
    data_hash: str
    seed: int
    validation_split: float
    seeks_best_epoch: bool


@dataclass(frozen=True, eq=False)
class Trained:
    """What came of a run.

    Attributes:
        test_labels: uint8 (n_test,), the label predicted for each test image after the last epoch.
        validation_labels: uint8 (n_validation,), likewise.
        test_accuracy: 0-1, after the last epoch.
        validation_accuracy: 0-1, after the last epoch.
        best_epoch: the first epoch with the highest validation accuracy, from 1; None where it was not sought.
        best_epoch_accuracy: on the test images after that epoch, 0-1; None likewise.
        loss: of the last epoch of training.
        finite: False if the loss was infinite or not a number, and training ended there.
        elapsed_s: seconds that it took.
    """

    test_labels: Labels
    validation_labels: Labels
    test_accuracy: float
    validation_accuracy: float
    best_epoch: int | None
    best_epoch_accuracy: float | None
    loss: float
    finite: bool
    elapsed_s: float


def prepare(data: str) -> None:
    """Load what every run needs, before the first."""
    _dataset(data)


def train(task: Task) -> Trained:
    """Do a run on one thread.

    Raises:
        BadInput: this worker has other data, or its engine would compute other bits.
    """
    begin = time.perf_counter()
    sample = _sample(task)
    program = _program(task.network, task.recipe.batch_size)
    program.start_over(task.weights)
    best = _BestEpoch(program, sample) if task.seeks_best_epoch else None
    loss = _do_epochs(program, task, sample, best)
    test, validation = _labels(program, sample.x_test), _labels(program, sample.x_validation)
    return Trained(
        test_labels=test,
        validation_labels=validation,
        test_accuracy=_share(test, sample.y_test),
        validation_accuracy=_share(validation, sample.y_validation),
        best_epoch=best.epoch if best else None,
        best_epoch_accuracy=best.on_test() if best else None,
        loss=loss,
        finite=bool(np.isfinite(loss)),
        elapsed_s=time.perf_counter() - begin,
    )


@dataclass(frozen=True, eq=False)
class _Sample:
    x_train: Images
    y_train: NDArray[np.integer]
    x_validation: Images
    y_validation: NDArray[np.integer]
    x_test: Images
    y_test: NDArray[np.integer]


class _BestEpoch:
    """The first epoch with the highest validation accuracy, and its weights."""

    def __init__(self, program: Program, sample: _Sample) -> None:
        self._program, self._sample = program, sample
        self.epoch, self._accuracy = 0, -1.0
        self._weights: Weights = {}

    def look(self, epoch: int) -> None:
        """Validate the weights as they are after an epoch."""
        accuracy = _share(_labels(self._program, self._sample.x_validation), self._sample.y_validation)
        if accuracy > self._accuracy:
            self.epoch, self._accuracy, self._weights = epoch, accuracy, self._program.get_weights()

    def on_test(self) -> float:
        """Accuracy on the test images after that epoch; the program is left with its weights."""
        self._program.set_weights(self._weights)
        return _share(_labels(self._program, self._sample.x_test), self._sample.y_test)


def _do_epochs(program: Program, task: Task, sample: _Sample, best: _BestEpoch | None) -> float:
    """Train to the end, or to the first loss that is not finite; return the last epoch's loss."""
    recipe, place = task.recipe, task.place
    examples = program.examples(sample.x_train, sample.y_train)
    orders = streams.orders(task.seed, place.draw, place.order)
    n_train, size = len(sample.x_train), recipe.batch_size
    n_steps = -(-n_train // size)
    n_updates = recipe.updates or recipe.epochs * n_steps
    seed = streams.initialisation_seed(task.seed, place.draw, place.initialisation)
    loss = float("nan")
    for epoch, first in enumerate(range(0, n_updates, n_steps), 1):
        order = orders.permutation(n_train)[: (n_updates - first) * size]
        loss = program.train(
            examples, order=order, learning_rate=recipe.learning_rate, seed=seed, halt_on_nan=True
        ).loss
        if best:
            best.look(epoch)
        if not np.isfinite(loss):
            break
    return loss


def _labels(program: Program, x: Images) -> Labels:
    """The label predicted for each image."""
    return program.predict(x).argmax(axis=1).astype(np.uint8)


def _share(labels: Labels, truth: NDArray[np.integer]) -> float:
    return float(np.mean(labels == truth))


def _sample(task: Task) -> _Sample:
    data, x_test = _dataset(task.data)
    if data_hash(data) != task.data_hash:
        raise BadInput(
            _("This worker's {data} differs from the study's; give both the same files.", data=task.data)
        )
    place = task.place
    chosen = streams.sample(task.seed, place.draw, place.size, len(data.x_train))
    x, y = normalised(data.x_train[chosen]), data.y_train[chosen]
    if task.recipe.permuted:
        moved = streams.pixel_permutation(task.seed, x.shape[1] * x.shape[2])
        x, x_test = _moved(x, moved), _permuted_test(task.data, task.seed)
    n_train = split_sizes(place.size, task.validation_split).n_train
    return _Sample(x[:n_train], y[:n_train], x[n_train:], y[n_train:], x_test, data.y_test)


@lru_cache(maxsize=1)
def _dataset(name: str) -> tuple[Dataset, Images]:
    data = load(name)
    return data, normalised(data.x_test)


@lru_cache(maxsize=1)
def _permuted_test(name: str, seed: int) -> Images:
    _data, x_test = _dataset(name)
    return _moved(x_test, streams.pixel_permutation(seed, x_test.shape[1] * x_test.shape[2]))


def _moved(x: Images, permutation: NDArray[np.int64]) -> Images:
    n, h, w, c = x.shape
    return np.ascontiguousarray(x.reshape(n, h * w, c)[:, permutation].reshape(n, h, w, c))


@lru_cache(maxsize=8)
def _program(network: Network, batch_size: int) -> Program:
    program = Program(
        network.graph, network.training, batch_size=batch_size, target=choose(network.target), n_threads=1
    )
    if program.plan.hash != network.plan:
        raise BadInput(
            _(
                "This worker would compute by plan {found}, the study by {wanted}; give both the same tatamilab and "
                "llvmlite.",
                found=program.plan.hash,
                wanted=network.plan,
            )
        )
    return program
