"""How fast this machine trains, measured once: for saying beforehand how long a network will take."""

import time
from functools import lru_cache

import numpy as np

from tatamilab.engine import frontend
from tatamilab.engine.program import Program
from tatamilab.session.setup import Setup
from tatamilab.session.turns import HERE, KERAS

IMAGES = 2560
BACKWARD = 3
"""A step of training is about so many times the multiply-adds of its forward half."""


@lru_cache(maxsize=1)
def macs_per_s() -> float:
    """Multiply-adds a second of training, as the worksheet's network does them here: the better of two short epochs."""
    setup = Setup()
    with KERAS:
        model = setup.network.build()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    graph, training = frontend.lower(model), frontend.lower_training(model, ())
    program = Program(graph, training, batch_size=setup.batch_size, input_dtype="f32")
    program.start_over(frontend.weights_of(model, graph))
    examples = program.examples(np.zeros((IMAGES, 28, 28, 1), np.float32), np.zeros(IMAGES, np.int64))
    elapsed = []
    for _number in range(2):
        with HERE.taken():
            began = time.perf_counter()
            program.train(examples)
            elapsed.append(time.perf_counter() - began)
    return BACKWARD * setup.network.macs * IMAGES / min(elapsed)


def estimated_s(setup: Setup) -> float:
    """Seconds that a training will take here, about: other layers are done at other speeds."""
    return BACKWARD * setup.network.macs * 0.9 * setup.images * setup.epochs / macs_per_s()
