"""Keras's own loop with native steps: what looks at single batches sees what it would see in plain Keras."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from twins import compare, run, same

import tatamilab
from tatamilab.acceleration import stepping
from tatamilab.errors import TatamiError

GENERATOR = np.random.default_rng(7)
X = GENERATOR.normal(size=(90, 6)).astype(np.float32)
Y = GENERATOR.integers(0, 3, 90)


def small(
    *, optimizer: Any = "adam", middle: tuple[Any, ...] = (), head: str | None = "softmax", **options: Any
) -> keras.Model:
    model = keras.Sequential([keras.Input((6,)), layers.Dense(5, "tanh"), *middle, layers.Dense(3, head)])
    options = {"metrics": ["accuracy"], **options}
    model.compile(optimizer, "sparse_categorical_crossentropy", **options)
    return model


class Watcher(keras.callbacks.Callback):
    """Writes down every batch: its number, the running means, and, if it is to look, all of the model's state."""

    def __init__(self, *, looks: bool) -> None:
        super().__init__()
        self.looks = looks
        self.seen: list[Any] = []

    def _write(self, event: str, batch: int, logs: Any) -> None:
        state: Any = None
        if self.looks:
            optimizer = self.model.optimizer
            state = [
                *(np.array(w) for w in self.model.get_weights()),
                *(np.array(v.value) for v in optimizer.variables),
                *(float(metric.result()) for metric in (self.model.metrics[0],)),
            ]
        kept = {key: value for key, value in (logs or {}).items() if key != "outputs"}
        self.seen.append((event, batch, kept, state))

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._write("begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._write("end", batch, logs)

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self._write("test", batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        self._write("predict", batch, logs)


def stepwise(act: Callable[[keras.Model], Any]) -> Callable[[keras.Model], Any]:
    """The same act, which fails when no native step was done where acceleration is on."""

    def counted(model: keras.Model) -> Any:
        steps: list[Any] = []
        with pytest.MonkeyPatch.context() as patch:
            whole = stepping.Steps.__call__

            def call(self: Any, *arguments: Any) -> Any:
                steps.append(self)
                return whole(self, *arguments)

            patch.setattr(stepping.Steps, "__call__", call)
            returned = act(model)
        if stepping.switch.wanted:
            assert steps
            assert all(step._refused is None and step._native is not None for step in steps)
        return returned

    return counted


@pytest.mark.parametrize("looks", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_batch_hook(looks: bool) -> None:
    def act(model: keras.Model) -> Any:
        watcher = Watcher(looks=looks)
        log = model.fit(
            X, Y, batch_size=32, epochs=2, validation_split=0.2, callbacks=[watcher], class_weight={1: 2.0},
            verbose=0,
        )  # fmt: skip
        scores = model.evaluate(X, Y, callbacks=[watcher], verbose=0)
        return log, scores, model.predict(X, callbacks=[watcher], verbose=0), watcher.seen

    native = compare(small, stepwise(act))
    assert [(event, batch) for event, batch, *_ in native.returned[-1]][:8] == [
        ("begin", 0), ("end", 0), ("begin", 1), ("end", 1), ("begin", 2), ("end", 2), ("test", 0), ("begin", 0),
    ]  # fmt: skip


def test_steps_and_epochs_give_the_same() -> None:
    def act(model: keras.Model, *callbacks: Any) -> Any:
        log = model.fit(X, Y, epochs=3, callbacks=list(callbacks), verbose=0)
        return log, model.evaluate(X, Y, verbose=0)

    by_epochs = run(small, act, native=True)
    by_steps = run(small, lambda model: act(model, Watcher(looks=False)), native=True)
    for ours, theirs in zip(by_steps.weights, by_epochs.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    same(by_steps.returned, by_epochs.returned, rtol=1e-6, atol=1e-7)
    for name, value in by_steps.optimizer.items():
        np.testing.assert_array_equal(value, by_epochs.optimizer[name], err_msg=name)


def endless() -> Iterator[Any]:
    while True:
        for start in range(0, 90, 20):
            yield X[start : start + 20], Y[start : start + 20]


class Numbered(keras.utils.PyDataset):
    """Three batches of different sizes, with weights."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        rows = slice(10 * index, 10 * index + 8 + 5 * index)
        return X[rows].astype(np.float64), Y[rows].reshape(-1, 1), np.linspace(0, 1, 8 + 5 * index)


DATA: dict[str, Callable[[], dict[str, Any]]] = {
    "generator": lambda: {"x": endless(), "steps_per_epoch": 4, "validation_data": endless(), "validation_steps": 2},
    "dataset": lambda: {"x": Numbered(), "shuffle": False},
    "steps that go on": lambda: {"x": X, "y": Y, "steps_per_epoch": 2, "batch_size": 32, "epochs": 4},
    "batches by steps": lambda: {"x": X, "y": Y, "steps_per_epoch": 2},
}  # fmt: skip
OFTEN = ("generator",)


@pytest.mark.filterwarnings("ignore:.*(shuffle=True|ran out of data):UserWarning")
@pytest.mark.parametrize("data", OFTEN)
def test_data_that_keras_cuts(data: str) -> None:
    run_both_ways(data)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*(shuffle=True|ran out of data):UserWarning")
@pytest.mark.parametrize("data", [data for data in DATA if data not in OFTEN])
def test_other_data_that_keras_cuts(data: str) -> None:
    run_both_ways(data)


def run_both_ways(data: str) -> None:
    def act(model: keras.Model) -> Any:
        return model.fit(**{"epochs": 2, "verbose": 0, **DATA[data]()})

    compare(small, stepwise(act))


def test_several_steps_an_execution() -> None:
    def act(model: keras.Model) -> Any:
        watcher = Watcher(looks=False)
        model.fit(X, Y, batch_size=16, callbacks=[watcher], verbose=0)
        return watcher.seen, model.predict(X, steps=3, batch_size=32, verbose=0)

    compare(lambda: small(steps_per_execution=4), stepwise(act))


def test_single_batches() -> None:
    def act(model: keras.Model) -> Any:
        returned: list[Any] = [model.train_on_batch(X[:20], Y[:20]) for _ in range(3)]
        returned.append(model.train_on_batch(X[:50], Y[:50], class_weight={0: 3.0}, return_dict=True))
        returned.append(model.test_on_batch(X[:30], Y[:30], sample_weight=np.linspace(0, 1, 30)))
        model.optimizer.learning_rate = 0.1
        model.set_weights([w * 0.5 for w in model.get_weights()])
        returned.append(model.train_on_batch(X[:20], Y[:20]))
        return returned, model.predict_on_batch(X[:7])

    compare(small, stepwise(act))


def test_what_a_hook_sets_acts_on_the_next_step() -> None:
    class Meddler(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 1:
                self.model.set_weights([w * 0.5 for w in self.model.get_weights()])
                self.model.optimizer.learning_rate = 0.05
                self.model.optimizer.iterations.assign(10)
            if batch == 2:
                logs["seen"] = self.model.evaluate(X[:9], Y[:9], verbose=0)[0]
            if batch == 4:
                self.model.stop_training = True

    def act(model: keras.Model) -> Any:
        return model.fit(X, Y, batch_size=16, epochs=2, callbacks=[Meddler()], verbose=0)

    compare(small, stepwise(act))


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["schedule", "nadam", "ema", "amsgrad"])
def test_optimizers(rule: str) -> None:
    def build() -> keras.Model:
        optimizers: dict[str, Any] = {
            "schedule": lambda: keras.optimizers.SGD(
                keras.optimizers.schedules.CosineDecay(0.1, 12), momentum=0.9
            ),
            "nadam": keras.optimizers.Nadam,
            "ema": lambda: keras.optimizers.AdamW(0.01, use_ema=True, ema_momentum=0.9),
            "amsgrad": lambda: keras.optimizers.Adam(amsgrad=True, clipnorm=0.1),
        }
        middle = (layers.BatchNormalization(),)
        return small(optimizer=optimizers[rule](), middle=middle)

    n_fits = 1 if rule == "ema" else 2  # after averaging weights, plain Keras 3.15 on JAX can't fit again

    def act(model: keras.Model) -> Any:
        return [model.fit(X, Y, epochs=2, callbacks=[Watcher(looks=False)], verbose=0) for _ in range(n_fits)]

    compare(build, stepwise(act))


def test_checkpoints_by_steps_and_tensorboards_kin(tmp_path: Path) -> None:
    names = iter("ab")

    def act(model: keras.Model) -> Any:
        folder = tmp_path / next(names)
        folder.mkdir()
        saver = keras.callbacks.ModelCheckpoint(
            folder / "{batch}.weights.h5", save_freq=2, save_weights_only=True
        )
        told: list[int] = []
        teller = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: told.append(batch))
        model.fit(X, Y, batch_size=16, callbacks=[saver, teller], verbose=0)
        files = sorted(folder.iterdir())
        model.load_weights(files[0])
        return [file.name for file in files], told, model.get_weights()

    compare(small, stepwise(act))


@pytest.mark.filterwarnings("ignore:.*(shuffle=True|ran out of data):UserWarning")
def test_a_batch_that_cannot_be_native_leaves_the_rest_to_keras() -> None:
    bad = np.where(np.arange(90) == 70, 5, Y)

    def batches() -> Iterator[Any]:
        for start in range(0, 90, 15):
            yield X[start : start + 15], bad[start : start + 15]

    def act(model: keras.Model) -> Any:
        return model.fit(batches(), verbose=0), model.fit(X, Y, verbose=0)

    plain = run(small, act, native=False)
    with tatamilab.accelerated():
        ours = run(small, act, native=False)
        same(ours.returned, plain.returned)
        same(ours.weights, plain.weights)
    with pytest.raises(TatamiError, match="Label 10 is 5, but the network has 3 classes"):
        run(small, act, native=True)


@pytest.mark.slow
def test_turned_on_and_off_between_batches() -> None:
    def act(model: keras.Model) -> Any:
        returned = [model.train_on_batch(X[:20], Y[:20])]
        with tatamilab.accelerated():
            returned.append(model.train_on_batch(X[20:40], Y[20:40]))
            with tatamilab.acceleration.suspended():
                returned.append(model.train_on_batch(X[:20], Y[:20]))
            model.fit(X, Y, verbose=0)
        returned.append(model.train_on_batch(X[:20], Y[:20]))
        return returned, model.evaluate(X, Y, verbose=0)

    def plainly(model: keras.Model) -> Any:
        with tatamilab.acceleration.suspended():
            return act(model)

    mixed = run(small, act, native=False)
    plain = run(small, plainly, native=False)
    same(mixed.returned, plain.returned)
    same(mixed.weights, plain.weights)


def test_an_exception_in_a_hook_leaves_the_steps_that_were_done() -> None:
    class Fails(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 2:
                raise ZeroDivisionError

    def act(model: keras.Model) -> Any:
        with pytest.raises(ZeroDivisionError):
            model.fit(X, Y, batch_size=16, callbacks=[Fails()], verbose=0)
        assert int(model.optimizer.iterations.value) == 3
        return model.fit(X, Y, verbose=0)

    compare(small, act)


def unbuilt() -> keras.Model:
    model = keras.Sequential([layers.Dense(5, "relu"), layers.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.slow
def test_a_network_that_has_no_shape_yet() -> None:
    x, y = X[:64], Y[:64]
    compare(unbuilt, lambda model: (model.evaluate(x, y, verbose=0), model.fit(x, y, verbose=0)))


@pytest.mark.slow
def test_a_network_without_a_shape_is_fitted_or_predicts_first() -> None:
    compare(unbuilt, lambda model: (model.fit(X, Y, epochs=2, verbose=0), model.predict(X, verbose=0)))
    compare(unbuilt, stepwise(lambda model: (model.predict(X, verbose=0), model.fit(X, Y, verbose=0))))


def test_stats_count_calls() -> None:
    tatamilab.reset_stats()
    model, eager = small(), small(run_eagerly=True)
    with tatamilab.accelerated():
        model.fit(X, Y, epochs=3, validation_split=0.1, verbose=0)
        model.train_on_batch(X, Y)
        eager.evaluate(X, Y, verbose=0)
        eager.evaluate(X, Y, verbose=0)
    stats = tatamilab.stats()
    why = "the compiled model has run_eagerly, which isn't lowered"
    assert (stats.native, stats.keras, stats.reasons) == (2, 2, {why: 2})
