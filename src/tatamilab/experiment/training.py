"""Training: the one place where it is decided who trains, and where it happens."""

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tatamilab import acceleration, backend
from tatamilab.errors import BadInput, TatamiError
from tatamilab.experiment.interruption import Interruption
from tatamilab.experiment.options import OPTIMIZERS, RunOptions
from tatamilab.experiment.watching import EpochResult, StepProgress, Watcher
from tatamilab.i18n import _

backend.choose()  # before Keras is first imported
import keras  # noqa: E402

if TYPE_CHECKING:
    from keras.callbacks import Callback, History


@dataclass(frozen=True)
class Trainer:
    """Who trains, and why it is the one.

    Attributes:
        name: "tatamilab" for our engine, or "keras".
        reason: one sentence in the run's language.
        plan: the hash of the engine's plan, which fixes every bit; None where Keras trains.
    """

    name: str
    reason: str
    plan: str | None = None

    def at_work(self) -> AbstractContextManager[None]:
        """The block in which this trainer, and no other, does what a model is asked for."""
        return acceleration.accelerated() if self.plan else acceleration.suspended()


def choose_trainer(
    model: keras.Model, x: NDArray[np.float32], y: NDArray[np.integer], options: RunOptions
) -> Trainer:
    """The trainer that `options.backend` leads to: for "auto", our engine wherever it applies.

    Args:
        model: compiled by `set_up`.
        x: images (n, h, w, c).
        y: labels (n,).
        options: backend, batch size.

    Raises:
        BadInput: an environment variable of the engine makes no sense.
    """
    name = keras.backend.backend()
    if options.backend == "keras":
        return Trainer("keras", _("Keras on {backend} trains, because it was asked for.", backend=name))
    try:
        plan = acceleration.plan_of(model, x, y, batch_size=options.batch_size)
    except BadInput:
        raise
    except TatamiError as reason:
        return _left_to_keras(reason)
    return Trainer("tatamilab", _("The native engine trains, by plan {plan}.", plan=plan), plan)


def _left_to_keras(reason: TatamiError) -> Trainer:
    name = keras.backend.backend()
    return Trainer("keras", _("Keras on {backend} trains: {reason}", backend=name, reason=reason))


def who_trained(model: keras.Model, chosen: Trainer) -> Trainer:
    """Who did the last call on `model`, if `chosen` was to do it."""
    reason = acceleration.reason(model) if chosen.plan else None
    return chosen if reason is None else _left_to_keras(reason)


def set_up(model: keras.Model, options: RunOptions) -> None:
    """Give `model` its loss, its optimizer and its metric, as in the worksheet's cell 1-6."""
    optimizer = getattr(keras.optimizers, OPTIMIZERS[options.optimizer])
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=optimizer(learning_rate=options.lr),
        metrics=["accuracy"],
    )
    model.optimizer.build(model.trainable_variables)  # else Keras warns on loading what is saved untrained


def train(
    model: keras.Model,
    x: NDArray[np.float32],
    y: NDArray[np.integer],
    *,
    options: RunOptions,
    callbacks: "Sequence[Callback]",
) -> "History":
    """Train `model` in place, as in the worksheet's cell 1-8, and return Keras's record of it.

    Args:
        model: compiled by `set_up`.
        x: images (n, h, w, c), 0–1; the last `validation_split` of them validate.
        y: labels (n,).
        options: epochs, batch size, validation split.
        callbacks: Keras callbacks, called as `fit` calls them.
    """
    return model.fit(
        x,
        y,
        batch_size=options.batch_size,
        epochs=options.epochs,
        validation_split=options.validation_split,
        verbose=0,
        callbacks=list(callbacks),
    )


class StopWhenAsked(acceleration.Sampled, keras.callbacks.Callback):
    """Ends the training after the step in hand, once the interruption is asked for.

    Natively, a few steps are done between its seeing that and the end; it is then told of the last.

    Attributes:
        at: (epoch, step) of the last step, both from 1, if the training was cut short.
    """

    looks_at_model = False

    def __init__(self, interruption: Interruption, watcher: Watcher) -> None:
        super().__init__()
        self.at: tuple[int, int] | None = None
        self._interruption = interruption
        self._watcher = watcher
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Remember the epoch."""
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Stop here if that was asked for."""
        if not self._interruption.asked:
            return
        if self.at is None:
            self.model.stop_training = True
            self._watcher.message(
                _("Stopping after this step; what was learned is kept. Press Ctrl-C again to end at once.")
            )
        self.at = (self._epoch, batch + 1)


class TellWatcher(acceleration.Sampled, keras.callbacks.Callback):
    """Passes on to a watcher what Keras's callbacks are told."""

    looks_at_model = False

    def __init__(self, watcher: Watcher) -> None:
        super().__init__()
        self._watcher = watcher
        self._epoch = 0
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Start the epoch's clock."""
        self._epoch = epoch + 1
        self._started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Tell of the step."""
        values = _numbers(logs)
        self._watcher.step_finished(StepProgress(self._epoch, batch + 1, values["loss"], values["accuracy"]))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Tell of the epoch."""
        values = _numbers(logs)
        self._watcher.epoch_finished(
            EpochResult(
                epoch=epoch + 1,
                loss=values["loss"],
                accuracy=values["accuracy"],
                val_loss=values["val_loss"],
                val_accuracy=values["val_accuracy"],
                elapsed_s=time.perf_counter() - self._started,
            )
        )


def _numbers(logs: Mapping[str, Any] | None) -> dict[str, float]:
    return {name: float(value) for name, value in (logs or {}).items()}
