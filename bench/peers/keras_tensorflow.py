"""Keras on TensorFlow as a user runs it: compile, then fit. `python -m peers.keras_tensorflow lab|…|process`.

`verbose=0` is the one liberty taken, in Keras's favour: no progress bar is drawn.
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import time

import keras
import tensorflow as tf

from harness import workload
from harness.protocol import Bench
from trainings import BATCH_SIZE, TRAININGS, VALIDATION_SPLIT, Training


class Gate(keras.callbacks.Callback):
    """Measures single epochs inside one long `fit`: each begins when the bench asks for it."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench = bench
        self.start = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.bench.wait()
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        took = time.perf_counter() - self.start
        self.bench.report(took, val_accuracy=(logs or {})["val_accuracy"])


def fit(model: keras.Model, training: Training, x: object, y: object, **options: object) -> dict[str, float]:
    """Trains; the last epoch's validation accuracy."""
    history = model.fit(
        x, y, batch_size=BATCH_SIZE, validation_split=VALIDATION_SPLIT, verbose=0, **options
    ).history
    return {"val_accuracy": history["val_accuracy"][-1]}


def measure(name: str) -> None:
    """Speaks with the bench: an epoch a measurement, or a whole `fit` from the same start."""
    bench = Bench()
    training = TRAININGS[name]
    x, y = workload.read(training.data, data_size=training.data_size)
    model = training.model(keras)
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    initial = [variable.numpy() for variable in variables]

    def fit_anew() -> dict[str, float]:
        for variable, value in zip(variables, initial, strict=True):
            variable.assign(value)
        return fit(model, training, x, y, epochs=training.epochs)

    bench.ready(tensorflow=tf.__version__, keras=keras.__version__)
    if training.epochs > 1:
        bench.serve(fit_anew)
    fit(model, training, x, y, epochs=10**6, callbacks=[Gate(bench)])


def whole_process() -> None:
    """From nothing to the trained weights of the lab run's ten epochs."""
    training = TRAININGS["lab"]
    x, y = workload.read(training.data)
    model = training.model(keras)
    fit(model, training, x, y, epochs=10)
    model.save_weights("keras-tensorflow.weights.h5")


if __name__ == "__main__":
    whole_process() if sys.argv[1] == "process" else measure(sys.argv[1])
