"""Run by `test_tensorflow` where TensorFlow is installed: Keras on TensorFlow, by itself and with native steps."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
from keras import layers

import tatamilab

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(90, 8, 8, 1)).astype(np.float32)
Y = GENERATOR.integers(0, 4, 90)
WEIGHTS = np.linspace(0, 2, 90)
SPARSE = "sparse_categorical_crossentropy"


def cnn(optimizer: Any = "adam", *, built: bool = True, head: str = "softmax", **options: Any) -> keras.Model:
    body = [
        layers.Conv2D(4, 3, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(4, head),
    ]
    model = keras.Sequential([keras.Input((8, 8, 1)), *body] if built else body)
    model.compile(optimizer, **{"loss": SPARSE, "metrics": ["accuracy"], **options})
    return model


class Meddler(keras.callbacks.Callback):
    """Looks at every batch, and sets what acts on the next."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen.append((batch, float(logs["loss"]), int(self.model.optimizer.iterations.numpy())))
        if batch == 1:
            self.model.set_weights([weight * 0.5 for weight in self.model.get_weights()])
            self.model.optimizer.learning_rate = 0.05


def arrays(model: keras.Model) -> Any:
    log = model.fit(
        X, Y, batch_size=32, epochs=3, validation_split=0.2, class_weight={1: 2.0}, verbose=0
    ).history
    return log, model.evaluate(X, Y, sample_weight=WEIGHTS, verbose=0), model.predict(X[:40], verbose=0)


def data_sets(model: keras.Model) -> Any:
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(25)
    weighted = tf.data.Dataset.from_tensor_slices((X, Y, np.float32(WEIGHTS))).batch(30)
    log = model.fit(data, epochs=2, validation_data=weighted, verbose=0, shuffle=False).history
    return log, model.evaluate(weighted, verbose=0), model.predict(data, verbose=0)


def tensors(model: keras.Model) -> Any:
    return model.fit(tf.constant(X), tf.constant(Y), shuffle=False, verbose=0).history


def generator(model: keras.Model) -> Any:
    def batches() -> Iterator[Any]:
        while True:
            yield from ((X[at : at + 20], Y[at : at + 20]) for at in range(0, 90, 20))

    return model.fit(batches(), steps_per_epoch=4, epochs=2, verbose=0).history


def hooks(model: keras.Model) -> Any:
    meddler = Meddler()
    log = model.fit(X, Y, batch_size=16, epochs=2, callbacks=[meddler], verbose=0).history
    return log, meddler.seen


def single_batches(model: keras.Model) -> Any:
    trained = [model.train_on_batch(X[:20], Y[:20]) for _ in range(3)]
    return trained, model.test_on_batch(X[:30], Y[:30]), model.predict_on_batch(X[:5])


def board(model: keras.Model) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        callbacks = [keras.callbacks.TensorBoard(folder, update_freq=1, histogram_freq=1)]
        log = model.fit(X, Y, epochs=2, shuffle=False, validation_data=(X, Y), callbacks=callbacks, verbose=0)
        return log.history, sorted(file.parent.name for file in Path(folder).rglob("*.tfevents.*"))


def saved(model: keras.Model) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        model.fit(X, Y, verbose=0)
        model.save(f"{folder}/model.keras")
        return keras.models.load_model(f"{folder}/model.keras").fit(X, Y, verbose=0).history


def schedule() -> keras.Model:
    return cnn(keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 12), momentum=0.9))


CASES: dict[str, tuple[Callable[[], keras.Model], Callable[[keras.Model], Any]]] = {
    "arrays": (cnn, arrays),
    "data sets": (cnn, data_sets),
    "tensors": (cnn, tensors),
    "generator": (cnn, generator),
    "hooks": (cnn, hooks),
    "single batches": (cnn, single_batches),
    "TensorBoard": (cnn, board),
    "saved": (cnn, saved),
    "not built": (lambda: cnn(built=False), arrays),
    "schedule": (schedule, arrays),
    "several steps": (lambda: cnn(steps_per_execution=2), arrays),
    "from logits": (
        lambda: cnn(head="linear", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
        arrays,
    ),
}


def run(name: str, *, native: bool) -> Any:
    build, act = CASES[name]
    keras.utils.clear_session()
    keras.utils.set_random_seed(3)
    model = build()
    with tatamilab.accelerated(strict=True) if native else contextlib.nullcontext():
        returned = act(model)
    slots = [np.asarray(variable.value) for variable in model.optimizer.variables]
    return returned, model.get_weights(), slots


def same(ours: Any, theirs: Any, where: str) -> None:
    assert type(ours) is type(theirs), (where, ours, theirs)
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs), where
        for key in theirs:
            same(ours[key], theirs[key], f"{where}[{key!r}]")
    elif isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs), where
        for at, pair in enumerate(zip(ours, theirs, strict=True)):
            same(*pair, f"{where}[{at}]")
    elif isinstance(theirs, str):
        assert ours == theirs, where
    else:
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=2e-4, err_msg=where)


def left_to_keras() -> None:
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.LayerNormalization(name="norm"), layers.Flatten()]
    )
    model.add(layers.Dense(4, "softmax"))
    model.compile("sgd", SPARSE)
    tatamilab.reset_stats()
    with tatamilab.accelerated():
        model.fit(X, Y, verbose=0)
        assert tatamilab.status(model) == "Keras: layer 'norm' (LayerNormalization) isn't lowered"
    assert tatamilab.stats().native == 0


def confident() -> None:
    """Keras on TensorFlow clips no probability: a wrong and certain network has a loss above 16.2, and learns."""
    losses = []
    for native in (False, True):
        model = keras.Sequential([keras.Input((1,)), layers.Dense(2, "softmax", use_bias=False)])
        model.compile("sgd", SPARSE)
        model.set_weights([np.array([[40.0, 0.0]], np.float32)])
        with tatamilab.accelerated(strict=True) if native else contextlib.nullcontext():
            model.fit(np.ones((4, 1), np.float32), np.ones(4), verbose=0)
        losses.append((model.history.history["loss"][0], *model.get_weights()[0].ravel()))
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
    assert losses[1][0] > 39


if __name__ == "__main__":
    for case in sys.argv[1:] or CASES:
        tatamilab.reset_stats()
        same(run(case, native=True), run(case, native=False), case)
        assert tatamilab.stats().native, case
        assert not tatamilab.stats().keras, case
        print(case, flush=True)
    left_to_keras()
    confident()
    print("all the same")
