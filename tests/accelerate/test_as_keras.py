"""Plain Keras is the oracle: from the same seeds the same History, weights, slots, draws, events."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from twins import Trace, compare, run

from tatamilab.data import NormalisedArrays
from tatamilab.engine import frontend
from tatamilab.models import bpnn, worksheet_cnn

SPARSE = "sparse_categorical_crossentropy"


def compiled(model: keras.Model, optimizer: Any = "adam", loss: Any = SPARSE, **options: Any) -> keras.Model:
    model.compile(optimizer=optimizer, loss=loss, **{"metrics": ["accuracy"], **options})
    return model


def small_cnn() -> keras.Model:
    """Two convolutions on images of 14 × 14."""
    return keras.Sequential(
        [
            keras.Input((14, 14, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(6, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )


def test_the_worksheet(mnist: NormalisedArrays) -> None:
    """The seed is one whose training comes nowhere nearer than 3·10⁻⁷ to a kink.

    Where a number before the ReLU, or the lead of one number over another in a pool, is below rounding (10⁻⁸), one
    side lets a gradient through that the other stops, and Adam makes 3·10⁻⁵ of it: of 57 seeds this is the farthest.
    """

    def act(model: keras.Model) -> Any:
        x, y = mnist.x_test[:64], mnist.y_test[:64]
        untrained = model.evaluate(x, y, verbose=0)
        log = model.fit(
            mnist.x_train[:100], mnist.y_train[:100], batch_size=64, epochs=2, validation_split=0.2, verbose=0
        )
        return (
            untrained,
            log,
            model.evaluate(x, y, verbose=0, return_dict=True),
            model.predict(x, verbose=0),
        )

    native = compare(lambda: compiled(worksheet_cnn()), act, atol=1e-6, seed=32)
    assert native.model.history is native.returned[1]
    assert len(native.returned[1].history["val_accuracy"]) == 2


@pytest.mark.slow
def test_fitting_on_with_every_kind_of_validation(mnist: NormalisedArrays) -> None:
    x, y = mnist.x_train[:200, ..., 0], mnist.y_train[:200]
    held_out = (mnist.x_test[:50].astype(np.float64), mnist.y_test[:50].reshape(-1, 1))

    def build() -> keras.Model:
        schedule = keras.optimizers.schedules.ExponentialDecay(0.05, decay_steps=5, decay_rate=0.7)
        return compiled(bpnn(), keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True))

    def act(model: keras.Model) -> Any:
        weights = np.linspace(0, 2, 50)
        first = model.fit(x, y, epochs=4, validation_data=held_out, validation_freq=2, verbose=0)
        second = model.fit(
            x, y, epochs=3, initial_epoch=1, validation_data=(*held_out, weights), validation_batch_size=7,
            validation_freq=[3], verbose=0,
        )  # fmt: skip
        return first, second, model.evaluate(*held_out, sample_weight=weights, verbose=0)

    compare(build, act)


@pytest.mark.slow
def test_class_weights_batch_shuffle_and_callbacks(mnist: NormalisedArrays, tmp_path: Path) -> None:
    x, y = mnist.x_train[:210, ::2, ::2], mnist.y_train[:210].astype(np.float32)
    traces: list[Trace] = []

    def act(model: keras.Model) -> Any:
        traces.append(trace := Trace())
        folder = tmp_path / str(len(traces))
        folder.mkdir()
        callbacks = [
            trace.callback(),
            keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5 if epoch else rate),
            keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, min_delta=10),
            keras.callbacks.EarlyStopping(
                monitor="loss", patience=2, min_delta=10, restore_best_weights=True
            ),
            keras.callbacks.ModelCheckpoint(folder / "{epoch}.weights.h5", save_weights_only=True),
            keras.callbacks.CSVLogger(folder / "log.csv"),
            keras.callbacks.TerminateOnNaN(),
        ]
        log = model.fit(
            x, y, epochs=5, shuffle="batch", class_weight={1: 3.0, 7: 0.5}, callbacks=callbacks, verbose=0
        )
        files = sorted(file.name for file in folder.iterdir())
        return log, files, (folder / "log.csv").read_text().splitlines()[0], trace.events

    compare(lambda: compiled(small_cnn(), keras.optimizers.RMSprop(0.01)), act)


@pytest.mark.parametrize(
    ("loss", "units", "activation"),
    [
        pytest.param("binary_crossentropy", 1, "sigmoid", marks=pytest.mark.slow),
        pytest.param("mse", 3, None, marks=pytest.mark.slow),
        pytest.param("categorical_crossentropy", 3, "softmax", marks=pytest.mark.slow),
    ],
)
def test_targets_of_other_kinds(loss: str, units: int, activation: str | None) -> None:
    generator = np.random.default_rng(1)
    x = generator.normal(size=(70, 6)).astype(np.float32)
    y = {
        "binary_crossentropy": (x[:, 0] > 0).astype(int),
        "mse": x[:, :3] ** 2,
        "categorical_crossentropy": np.eye(3)[np.abs(x[:, :3]).argmax(axis=1)],
    }[loss]
    weights = generator.uniform(size=70)

    def build() -> keras.Model:
        model = keras.Sequential(
            [keras.Input((6,)), layers.Dense(5, "relu"), layers.Dense(units, activation)]
        )
        return compiled(model, "adam", loss, metrics=None if loss == "mse" else ["accuracy"])

    def act(model: keras.Model) -> Any:
        log = model.fit(x, y, sample_weight=weights, epochs=3, shuffle=False, verbose=0, validation_split=0.2)
        return log, model.evaluate(x, y, verbose=0)

    compare(build, act)


def test_what_a_callback_sets_acts_on_the_next_step() -> None:
    generator = np.random.default_rng(2)
    x, y = generator.normal(size=(60, 4)), generator.integers(0, 3, 60)

    class Meddler(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch == 0:
                self.model.set_weights([w * 0.5 for w in self.model.get_weights()])
                self.model.optimizer.learning_rate = 0.1
                self.model.optimizer.iterations.assign(40)
            if epoch == 2:
                self.model.stop_training = True
            logs["score"] = self.model.evaluate(x, y, verbose=0)[1]

    def build() -> keras.Model:
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
        return compiled(model)

    def act(model: keras.Model) -> Any:
        first = model.fit(x, y, epochs=6, callbacks=[Meddler()], verbose=0)
        model.set_weights([w + 0.1 for w in model.get_weights()])
        second = model.fit(x, y, verbose=0)
        optimizer = model.optimizer
        compiled(model, optimizer)
        return first, second, model.fit(x, y, verbose=0), model.predict(x, verbose=0)

    assert len(compare(build, act).returned[0].epoch) == 3


@pytest.mark.slow
def test_freezing_then_recompiling() -> None:
    generator = np.random.default_rng(2)
    x, y = generator.normal(size=(60, 4)), generator.integers(0, 3, 60)

    def build() -> keras.Model:
        model = keras.Sequential([keras.Input((4,)), layers.Dense(5, "tanh"), layers.Dense(3, "softmax")])
        return compiled(model)

    def act(model: keras.Model) -> Any:
        first = model.fit(x, y, verbose=0)
        model.layers[0].trainable = False
        compiled(model)
        return first, model.fit(x, y, epochs=2, verbose=0)

    compare(build, act)


@pytest.mark.slow
def test_batch_normalisation_and_its_moving_statistics(mnist: NormalisedArrays) -> None:
    x, y = mnist.x_train[:96, ::2, ::2], mnist.y_train[:96]

    def build() -> keras.Model:
        head = [layers.Flatten(), layers.Dense(10, activation="softmax")]
        body = [layers.Conv2D(4, 3, use_bias=False), layers.BatchNormalization(), layers.ReLU()]
        return compiled(keras.Sequential([keras.Input((14, 14, 1)), *body, *head]))

    def act(model: keras.Model) -> Any:
        return model.fit(x, y, epochs=2, validation_data=(x, y), verbose=0)

    compare(build, act)


@pytest.mark.slow
def test_penalties_norms_and_averages() -> None:
    generator = np.random.default_rng(2)
    x, y = generator.normal(size=(60, 4)), generator.integers(0, 3, 60)

    def build() -> keras.Model:
        body = [
            keras.Input((4,)),
            layers.Dense(5, "tanh", kernel_regularizer="l2"),
            layers.Dense(3, "softmax"),
        ]
        return compiled(
            keras.Sequential(body),
            keras.optimizers.AdamW(0.01, global_clipnorm=0.5, use_ema=True, ema_momentum=0.9),
        )

    def act(model: keras.Model) -> Any:
        return model.fit(x, y, epochs=3, validation_split=0.2, verbose=0)  # after which plain Keras fails

    compare(build, act)


def test_dropout_draws_as_often_and_can_be_repeated(mnist: NormalisedArrays) -> None:
    x, y = mnist.x_train[:200, ::2, ::2], mnist.y_train[:200]

    def build() -> keras.Model:
        middle = [layers.Flatten(), layers.Dropout(0.3), layers.Dense(16, "relu"), layers.Dropout(0.5)]
        return compiled(
            keras.Sequential([keras.Input((14, 14, 1)), *middle, layers.Dense(10, activation="softmax")])
        )

    def act(model: keras.Model) -> Any:
        logs = [model.fit(x, y, epochs=2, verbose=0).history["loss"] for _ in range(2)]
        model.evaluate(x, y, verbose=0)
        return logs, [np.asarray(state.value).tolist() for state in frontend.seed_states(model)]

    plain, native, again = (run(build, act, native=native) for native in (False, True, True))
    other = run(build, act, native=True, seed=4)
    assert native.returned[1] == plain.returned[1]
    assert [drawn for _seed, drawn in native.returned[1]] == [28, 28]
    assert native.returned == again.returned
    assert not np.allclose(native.returned[0], other.returned[0])
    np.testing.assert_allclose(native.returned[0], plain.returned[0], rtol=0.1)


def test_the_batch_that_breaks_the_loss_is_the_last() -> None:
    x, y = np.ones((64, 4), np.float32), np.ones((64, 1), np.float32)
    x[40] = np.nan

    def build() -> keras.Model:
        return compiled(
            keras.Sequential([keras.Input((4,)), layers.Dense(1)]), "sgd", "mse", metrics=["mae"][:0]
        )

    def act(model: keras.Model) -> Any:
        callbacks = [keras.callbacks.TerminateOnNaN()]
        return model.fit(x, y, batch_size=8, epochs=3, shuffle=False, callbacks=callbacks, verbose=0)

    native = compare(build, act)
    assert int(native.optimizer["iteration"]) == 6
    assert np.isnan(native.returned.history["loss"]).tolist() == [True]


@pytest.mark.slow
def test_saving_and_loading_between(tmp_path: Path) -> None:
    generator = np.random.default_rng(2)
    x, y = generator.normal(size=(60, 4)), generator.integers(0, 3, 60)

    def build() -> keras.Model:
        return compiled(keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")]))

    def act(model: keras.Model) -> Any:
        model.fit(x, y, epochs=2, verbose=0)
        model.save(tmp_path / "model.keras")
        return keras.models.load_model(tmp_path / "model.keras").fit(x, y, epochs=2, verbose=0)

    compare(build, act)


def test_predicting_uncompiled(mnist: NormalisedArrays) -> None:
    pixels = np.uint8(255 * mnist.x_test[:40])
    compare(worksheet_cnn, lambda model: model.predict(pixels, batch_size=16, verbose=0), atol=1e-3)
