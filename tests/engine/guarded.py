"""Trains and runs the zoo with every array between pages that cannot be touched; exits 0 if nothing left its array.

A load or store that leaves an array by more than its guard ends the process by a signal; a store into the guard that
follows each buffer changes bytes that are compared afterwards.

python guarded.py TARGET end|start: arrays lie against the page behind them, or against the one before.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import ctypes
import mmap
import sys
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from zoo import ZOO, Build

from tatamilab import models
from tatamilab.engine import allocation, calling, memory
from tatamilab.engine.calling import Calls
from tatamilab.engine.frontend import lower, lower_training
from tatamilab.engine.program import Program
from tatamilab.engine.target import Target, choose
from tatamilab.engine.totals import Totals

PAGE = mmap.PAGESIZE
CANARY = 0xA5
PROT_NONE = 0
libc = ctypes.CDLL(None, use_errno=True)
against = "end"


def two_convolutions() -> keras.Model:
    """Many channels: Toom–Cook along both axes."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((14, 14, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )


NETWORKS: dict[str, Build] = {
    **ZOO,
    "worksheet, whole": models.worksheet_cnn,
    "wide dense layer": models.small_data_cnn,
    "two convolutions": two_convolutions,
}


def between_pages(n_bytes: int) -> np.ndarray:
    """Zeros, uint8 (n_bytes,), with a page before and behind that cannot be touched."""
    room = -(-n_bytes // PAGE) * PAGE
    region = mmap.mmap(-1, room + 2 * PAGE)
    whole = np.frombuffer(region, np.uint8)
    for start in (0, PAGE + room):
        if libc.mprotect(ctypes.c_void_p(allocation.address(whole) + start), PAGE, PROT_NONE):
            raise OSError(ctypes.get_errno(), "mprotect")
    first = PAGE + (room - n_bytes if against == "end" else 0)
    return whole[first : first + n_bytes]


def guarded(array: np.ndarray) -> np.ndarray:
    out = between_pages(array.nbytes).view(array.dtype).reshape(array.shape)
    out[...] = array
    return out


def guards(program: Program) -> dict[str, np.ndarray]:
    """The bytes behind each instance of each buffer."""
    out = {}
    for buffer in memory.buffers(program.plan):
        if not buffer.external:
            instances = program._arrays.by_name[buffer.name].reshape(-1, buffer.stride_bytes)
            out[buffer.name] = instances[:, buffer.content_bytes :]
    return out


run = Calls.run


def run_guarded(
    self: Calls, function: str, arrays: Mapping[str, np.ndarray], *sizes: int, **how: Any
) -> Totals:
    given = {name: guarded(array) for name, array in arrays.items()}
    totals = run(self, function, given, *sizes, **how)
    for name, array in arrays.items():
        array[...] = given[name]
    return totals


def check(name: str, model: keras.Model, target: Target) -> None:
    model.compile("adam", "mse")
    graph = lower(model)
    program = Program(
        graph, lower_training(model, graph.output.shape), batch_size=40, target=target, n_threads=3
    )
    behind = guards(program)
    for after in behind.values():
        after[...] = CANARY
    rng = np.random.default_rng(0)
    x, y = (rng.random((93, *shape), np.float32) for shape in (graph.input.shape, graph.output.shape))
    examples = program.examples(x, y)
    for n in (93, 1, 17):
        program.train(examples, order=np.arange(n))
        program.predict(x[:n])
    program.evaluate(examples)
    program.gradient(x, np.ones(graph.output.shape, np.float32))
    changed = [buffer for buffer, after in behind.items() if (after != CANARY).any()]
    assert not changed, f"{name}: written behind {changed}"


def main() -> None:
    global against
    target, against = choose(sys.argv[1]), sys.argv[2]
    allocation.aligned = between_pages  # type: ignore[assignment]
    calling.aligned = between_pages  # type: ignore[assignment]
    Calls.run = run_guarded  # type: ignore[method-assign]
    for name, build in NETWORKS.items():
        keras.utils.set_random_seed(0)
        check(name, build(), target)
        print(name, flush=True)


if __name__ == "__main__":
    main()
