"""Which callbacks look into an epoch, and which at a model between two.

An epoch runs natively in one piece when nobody looks at its single batches. Keras's own batch hooks are fed
with what they would have seen, now and then; any other batch hook leaves the loop to Keras, and the steps to us.
"""

from collections.abc import Iterable
from typing import Any

import keras

from tatamilab.acceleration.internals import is_default
from tatamilab.acceleration.outcome import OnlySteps
from tatamilab.acceleration.sampled import Sampled
from tatamilab.i18n import _

FIT_HOOKS = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_batch_begin",
    "on_test_batch_end",
)
EVALUATE_HOOKS = ("on_test_batch_begin", "on_test_batch_end")
PREDICT_HOOKS = ("on_predict_batch_begin", "on_predict_batch_end")


def flat(callbacks: Any) -> list[Any]:
    """The callbacks of `fit(callbacks=…)` one by one: a list, one alone, a `CallbackList`, or None."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return list(callbacks.callbacks)
    return list(keras.tree.flatten(callbacks)) if callbacks else []


def check(callbacks: Iterable[Any], hooks: Iterable[str]) -> None:
    """Refuse callbacks that look at single batches through one of `hooks`.

    Raises:
        OnlySteps: naming the first.
    """
    for callback in callbacks:
        if _is_content_with_samples(callback):
            continue
        for hook in hooks:
            if not is_default(getattr(callback, hook, None)):
                what = _("callback {kind}", kind=type(callback).__name__)
                raise OnlySteps(what, _("looks at single batches by {hook}", hook=hook))


def _is_content_with_samples(callback: Any) -> bool:
    known = keras.callbacks
    if type(callback) in (known.ModelCheckpoint, known.BackupAndRestore):
        return bool(callback.save_freq == "epoch")
    return type(callback) in (known.ProgbarLogger, known.TerminateOnNaN) or isinstance(callback, Sampled)


def wants_samples(callbacks: Iterable[Any], *hooks: str) -> bool:
    """Whether anyone listens to one of these batch hooks."""
    return any(not is_default(getattr(callback, hook)) for callback in callbacks for hook in hooks)


def halts_on_nan(callbacks: Iterable[Any]) -> bool:
    """Whether training must end at the very batch that makes the loss infinite or not a number."""
    return any(type(callback) is keras.callbacks.TerminateOnNaN for callback in callbacks)


def looks_between_epochs(callback: Any) -> bool:
    """Whether a callback may look at weights, optimizer or metrics at an epoch's begin or end."""
    known = keras.callbacks
    if type(callback) is known.EarlyStopping:
        return bool(callback.restore_best_weights)
    if isinstance(callback, Sampled):
        return callback.looks_at_model
    passive = (
        known.History,
        known.ProgbarLogger,
        known.CSVLogger,
        known.TerminateOnNaN,
        known.ReduceLROnPlateau,
    )
    return type(callback) not in passive
