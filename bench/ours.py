"""Our side of every case: the one place of the benchmarks that knows the engine.

    python -m ours lab|small|twoconv|cifar THREADS    speaks the bench's protocol
    python -m ours predict THREADS                    speaks the bench's protocol
    python -m ours process THREADS                    the lab run's ten epochs from nothing to weights on disk
    python -m ours store                              writes the lab run's network for `ours_lean`

Keras is used to describe a model, and imported only where that is done.
"""

import pickle
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import tatamilab
from harness import workload
from harness.protocol import Bench
from tatamilab import backend
from tatamilab.engine.frontend import lower, lower_training, set_weights_of, weights_of
from tatamilab.engine.graph import Graph, Training
from tatamilab.engine.program import Program
from trainings import BATCH_SIZE, TRAININGS, VALIDATION_SPLIT
from trainings import Training as Described

STORED = Path("lab.pickle")


class Network(NamedTuple):
    """What the engine is given; no Keras is left in it."""

    graph: Graph
    training: Training
    weights: dict[str, NDArray[np.float32]]


def lowered(model: Any) -> Network:
    """A compiled Keras model as the engine takes it."""
    graph = lower(model)
    return Network(graph, lower_training(model), weights_of(model, graph))


def described(training: Described) -> Any:
    """The Keras model of a training."""
    backend.choose()
    import keras

    return training.model(keras)


class Run:
    """A training by the engine."""

    def __init__(self, network: Network, n_threads: int) -> None:
        self.network = network
        self.program = Program(network.graph, network.training, batch_size=BATCH_SIZE, n_threads=n_threads)
        self.random = np.random.default_rng(0)
        self.start_over()

    def start_over(self) -> None:
        """Back to the initial weights, and to an optimizer that has seen nothing."""
        self.program.set_weights(self.network.weights)
        slots = self.program.get_slots()
        self.program.set_slots([{k: np.zeros_like(v) for k, v in slot.items()} for slot in slots], 0)

    def epoch(self, x: NDArray[np.float32], y: NDArray) -> dict[str, float]:
        """One epoch on a shuffle of the first images, then the validation accuracy on the rest."""
        n_train = int(len(x) * (1 - VALIDATION_SPLIT))
        self.program.train(x[:n_train], y[:n_train], self.random.permutation(n_train))
        (accuracy,) = self.program.evaluate(x[n_train:], y[n_train:]).metrics
        return {"val_accuracy": accuracy}


def train(name: str, n_threads: int) -> None:
    """Measures a training: one epoch, or some from the same start."""
    bench = Bench()
    described_ = TRAININGS[name]
    x, y = workload.read(described_.data, data_size=described_.data_size)
    run = Run(lowered(described(described_)), n_threads)

    def epochs() -> dict[str, float]:
        if described_.epochs > 1:
            run.start_over()
        return [run.epoch(x, y) for _ in range(described_.epochs)][-1]

    bench.ready(tatamilab=tatamilab.__version__)
    bench.serve(epochs)


def predict(n_threads: int) -> None:
    """Measures the prediction of the test images, with the weights that the peers are given too."""
    bench = Bench()
    x, y = workload.read("mnist", "test")
    graph = lower(described(TRAININGS["lab"]))
    program = Program(graph, n_threads=n_threads)
    names = [parameter.name for parameter in graph.parameters]
    program.set_weights(dict(zip(names, workload.lab_weights(), strict=True)))

    def all_images() -> dict[str, float]:
        probabilities = program.predict(x)
        return {"mean_p_of_label": float(probabilities[np.arange(len(y)), y].mean())}

    bench.ready(tatamilab=tatamilab.__version__)
    bench.serve(all_images)


def whole_process(n_threads: int) -> None:
    """From a Keras model to its trained weights on disk: the lab run's ten epochs."""
    training = TRAININGS["lab"]
    x, y = workload.read(training.data)
    model = described(training)
    network = lowered(model)
    run = Run(network, n_threads)
    for _ in range(10):
        run.epoch(x, y)
    set_weights_of(model, network.graph, run.program.get_weights())
    model.save_weights("tatamilab.weights.h5")


def store() -> None:
    """Writes the lab run's network."""
    STORED.write_bytes(pickle.dumps(tuple(lowered(described(TRAININGS["lab"])))))


def stored() -> Network:
    """What `store` wrote."""
    return Network(*pickle.loads(STORED.read_bytes()))


def main() -> None:
    match sys.argv[1:]:
        case ["store"]:
            store()
        case ["predict", n_threads]:
            predict(int(n_threads))
        case ["process", n_threads]:
            whole_process(int(n_threads))
        case [name, n_threads]:
            train(name, int(n_threads))


if __name__ == "__main__":
    main()
