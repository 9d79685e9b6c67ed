"""What each step of the engine's way to speed is worth: one network, trained by Keras and then by more and more of it.

Times are of training alone, for each image, the smallest of several passes. To be quoted they are taken on a quiet
machine, all in one process.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from shown import Measured

import tatamilab
from tatamilab import data
from tatamilab.engine.explain import KernelFacts, explain
from tatamilab.engine.frontend import lower, lower_training, weights_of
from tatamilab.engine.program import Program
from tatamilab.engine.target import IMAGES_PER_CHUNK, choose, runnable
from tatamilab.models import worksheet_cnn

if TYPE_CHECKING:
    import keras

BATCH = 128


def measure(folder: Path, *, short: bool) -> Measured:
    n, repeats = (1_280, 1) if short else (12_800, 5)
    arrays = data.load("mnist", data_size=n).normalised()
    x, y = arrays.x_train, arrays.y_train
    widest = runnable()[0]
    values: dict[str, float | int | str] = {"widest": widest}
    values["keras_us"] = _with_keras(x, y, native=False, repeats=min(repeats, 2))
    values["steps_us"] = _with_keras(x, y, native=True, repeats=repeats)
    for target in runnable():
        values[f"{target}_us"] = _program_us(x, y, target, 1, repeats)
    values["widest_us"] = values[f"{widest}_us"]
    values["team_us"] = _program_us(x, y, widest, 2, repeats)
    values["steps_us_gain"] = float(values["keras_us"]) / float(values["steps_us"])
    values["team_gain"] = float(values["widest_us"]) / float(values["team_us"])
    values["in_all"] = float(values["keras_us"]) / float(values["team_us"])
    return Measured({**values, **_counted()})


def _compiled() -> "keras.Model":
    import keras

    keras.utils.set_random_seed(0)
    model = worksheet_cnn()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _fastest_us(once: Callable[[], object], n: int, repeats: int) -> float:
    once()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        once()
        times.append(time.perf_counter() - start)
    return 1e6 * min(times) / n


def _with_keras(x: np.ndarray, y: np.ndarray, *, native: bool, repeats: int) -> float:
    """Keras's own `fit`; or its loop with native steps, since a callback looks at every batch."""
    import keras

    model = _compiled()
    looks = [keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)] if native else []

    def once() -> object:
        return model.fit(x, y, batch_size=BATCH, verbose=0, callbacks=looks)

    if not native:
        return _fastest_us(once, len(x), repeats)
    with tatamilab.accelerated():
        return _fastest_us(once, len(x), repeats)


def _program_us(x: np.ndarray, y: np.ndarray, target: str, n_threads: int, repeats: int) -> float:
    """Whole epochs by the engine alone."""
    model = _compiled()
    graph = lower(model)
    program = Program(
        graph, lower_training(model, ()), batch_size=BATCH, target=choose(target), n_threads=n_threads
    )
    program.set_weights(weights_of(model, graph))
    examples = program.examples(x, y)
    return _fastest_us(lambda: program.train(examples), len(x), repeats)


def _counted() -> dict[str, float | int | str]:
    """Multiply-adds for an image, as the equations have them and as the kernels do them."""
    model = _compiled()
    program = Program(lower(model), lower_training(model, ()), batch_size=BATCH)
    kernels = explain(program.plan)
    size, taps, filters = 24, 25, 32
    by_equation = size * size * taps * filters
    forward = _largest(kernels, "forward")
    gradient = _largest(kernels, "weight gradient")
    return {
        "by_equation": by_equation,
        "forward": round(forward.multiply_adds / IMAGES_PER_CHUNK),
        "gradient": round(gradient.multiply_adds / IMAGES_PER_CHUNK),
        "winners": by_equation // 4,
        "forward_share": forward.multiply_adds / IMAGES_PER_CHUNK / by_equation,
        "gradient_share": gradient.multiply_adds / IMAGES_PER_CHUNK / by_equation,
    }


def _largest(kernels: tuple[KernelFacts, ...], what: str) -> KernelFacts:
    """The one with most arithmetic, which is the convolution's."""
    return max((one for one in kernels if one.what == what), key=lambda one: one.multiply_adds)
