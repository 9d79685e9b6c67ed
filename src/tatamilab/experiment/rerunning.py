"""A run's training once more, by the engine: the same start, the same images in the same order."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tatamilab.engine.frontend import lower, lower_training, weights_of
from tatamilab.engine.program import Program
from tatamilab.experiment.explained_run import ExplainedRun
from tatamilab.experiment.training import set_up

if TYPE_CHECKING:
    import keras


def steps_of(run: ExplainedRun) -> int:
    """How many steps the run took, also if it was interrupted."""
    training = run.record.training
    assert training is not None
    if training.stopped_at is not None:
        epoch, step = training.stopped_at
        return (epoch - 1) * training.steps_per_epoch + step
    return training.epochs_begun * training.steps_per_epoch


def program_of(run: ExplainedRun, model: "keras.Model", *, n_threads: int | None = None) -> Program:
    """A program that trains `model` by the run's recipe, holding the model's weights.

    Raises:
        Unsupported: the engine cannot train it.
    """
    set_up(model, run.options)
    graph = lower(model)
    program = Program(graph, lower_training(model), batch_size=run.options.batch_size, n_threads=n_threads)
    program.start_over(weights_of(model, graph))
    return program


def parameter_names(program: Program, model: "keras.Model") -> Mapping[int, str]:
    """The program's name of each of the model's weights, by the weight's `id`."""
    parameters = program.plan.graph.parameters
    return {id(weight): one.name for weight, one in zip(model.weights, parameters, strict=True)}


def train_again(run: ExplainedRun, program: Program, seed: int, stops: NDArray[np.int64]) -> Iterator[int]:
    """Train, and stop after each of the numbers of steps in `stops`, which rise and end with the last step.

    The order of the images is drawn as Keras's `fit` draws it after `set_random_seed(seed)`, so with the run's own
    start and seed the weights are the run's, bit for bit, if nothing in the network drops.

    Yields:
        The steps that are done, at each stop.
    """
    n, size = run.record.data.n_train, run.options.batch_size
    examples = program.examples(run.x_train, run.dataset.y_train[:n])
    orders = np.random.RandomState(seed)
    n_steps, last = -(-n // size), int(stops[-1])
    wanted = {int(stop) for stop in stops}
    for begun in range(0, last, n_steps):
        order = orders.permutation(n)
        ends = sorted(
            {0, min(n_steps, last - begun), *(s - begun for s in wanted if 0 < s - begun < n_steps)}
        )
        for start, stop in pairwise(ends):
            program.train(examples, order=order[start * size : stop * size], learning_rate=run.options.lr)
            if begun + stop in wanted:
                yield begun + stop
