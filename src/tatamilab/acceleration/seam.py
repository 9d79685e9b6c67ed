"""The one place where Keras is patched: methods of the trainer of its backend.

Every model inherits them from there, those made before and those made after. On JAX, `fit`, `evaluate`, `predict` and
their kin for single batches ask the engine first; what it can't do, Keras's own method does whole. On JAX and on
TensorFlow the methods that make the functions which Keras's loops call put ours before them.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from functools import wraps
from threading import RLock
from typing import Any

from tatamilab import backend
from tatamilab.acceleration import announcing, datasets, outcome, tensorflow_alias
from tatamilab.acceleration.outcome import OnlySteps
from tatamilab.acceleration.switch import left_to_keras, switch
from tatamilab.engine.availability import EngineUnavailable
from tatamilab.errors import TatamiError
from tatamilab.i18n import _

_lock = RLock()
_keras_own: dict[str, Callable[..., Any]] = {}
"""Keras's methods by name, while ours stand in their place."""

MAKERS = {
    "make_train_function": "train_function",
    "make_test_function": "test_function",
    "make_predict_function": "predict_function",
}
"""Methods that make the functions which Keras's own loops call, and where they leave them."""


def accelerate(*, strict: bool = False) -> None:
    """From here on, models train, evaluate and predict natively wherever the engine applies.

    It holds for models that were made before, too. `tatamilab.status(model)` says who did the last call on a
    model. `TATAMI_DISABLE=1` turns all off.

    Args:
        strict: raise where Keras would have to do a call, instead of letting it.

    Raises:
        EngineUnavailable: if it is to be strict, and this Keras isn't known; else that is said once.

    Example:
        >>> import tatamilab
        >>> from tatamilab.models import worksheet_cnn
        >>> tatamilab.accelerate()
        >>> tatamilab.status(worksheet_cnn())
        'native'
        >>> tatamilab.restore()
    """
    why = _unknown_keras()
    if why is not None and strict:
        require_keras()
    with _lock:
        switch.asked, switch.strict = True, strict
        _settle()
    if why is not None:
        announcing.say(_("Keras can't be accelerated: {why}", why=why))


def restore() -> None:
    """Give Keras its own methods, data sets and absent TensorFlow back. Models keep what they have learned."""
    with _lock:
        switch.asked = switch.strict = False
        _settle()
    datasets.unpatch()
    tensorflow_alias.remove()


@contextmanager
def accelerated(*, strict: bool = False) -> Iterator[None]:
    """Accelerate inside the block only; blocks may be nested, and run in several threads.

    Args:
        strict: as for `accelerate`.
    """
    with _lock:
        switch.blocks += 1
        before, switch.strict = switch.strict, strict
        _settle()
    try:
        yield
    finally:
        with _lock:
            switch.blocks -= 1
            switch.strict = before
            _settle()


@contextmanager
def suspended() -> Iterator[None]:
    """Inside the block, Keras does everything itself, whatever was turned on outside."""
    with _lock:
        switch.suspensions += 1
        _settle()
    try:
        yield
    finally:
        with _lock:
            switch.suspensions -= 1
            _settle()


def require_keras() -> None:
    """Do nothing where Keras can be patched.

    Raises:
        EngineUnavailable: its backend or its version is another than those that are known.
    """
    if (why := _unknown_keras()) is not None:
        raise EngineUnavailable(_("Keras can't be accelerated: {why}", why=why))


def absence() -> str | None:
    """Why calls don't even ask the engine; None where they do."""
    if _keras_own:
        return None
    if not switch.wanted:
        return _("acceleration is off; tatamilab.accelerate() turns it on")
    return _unknown_keras()


def _settle() -> None:
    """Patch, or take the patch back, as is wanted now."""
    if switch.wanted and not _keras_own and _unknown_keras() is None:
        trainer, functions = _backend()
        for name, call in _calls().items():
            _keras_own[name] = getattr(trainer, name)
            setattr(trainer, name, _replacement(_keras_own[name], call))
        for name, function in MAKERS.items():
            _keras_own[name] = getattr(trainer, name)
            setattr(trainer, name, _maker(_keras_own[name], function, functions))
    elif not switch.wanted and _keras_own:
        trainer, _functions = _backend()
        for name, method in _keras_own.items():
            setattr(trainer, name, method)
        _keras_own.clear()


def _backend() -> tuple[type, Mapping[str, Callable[..., Any]]]:
    """The trainer of Keras's backend, and the functions that go before those which it makes."""
    if backend.choose() == "tensorflow":
        from tatamilab.acceleration import tensorflow_steps

        return tensorflow_steps.trainer(), tensorflow_steps.FUNCTIONS
    from tatamilab.acceleration import stepping
    from tatamilab.acceleration.internals import JAXTrainer

    return JAXTrainer, stepping.FUNCTIONS


def _calls() -> dict[str, type]:
    """The calls that are native whole, by method."""
    if backend.choose() == "tensorflow":
        return {}
    from tatamilab.acceleration.fitting import Fit
    from tatamilab.acceleration.inference import Evaluate, Predict
    from tatamilab.acceleration.single import PredictOnBatch, TestOnBatch, TrainOnBatch

    return {
        "fit": Fit,
        "evaluate": Evaluate,
        "predict": Predict,
        "train_on_batch": TrainOnBatch,
        "test_on_batch": TestOnBatch,
        "predict_on_batch": PredictOnBatch,
    }


def _unknown_keras() -> str | None:
    """Why this Keras can't be patched; None where it can."""
    name = backend.choose()
    if name not in ("jax", "tensorflow"):
        return _("its backend is {backend}; only jax and tensorflow are accelerated", backend=name)
    import keras

    try:
        trainer, _functions = _backend()
        calls = {method: [field.name for field in fields(call)][1:] for method, call in _calls().items()}
        known = all(
            _parameters(trainer, method) in (["self", *names], ["self", *names, "kwargs"])
            for method, names in calls.items()
        ) and all(_parameters(trainer, method) == ["self", "force"] for method in MAKERS)
    except (ImportError, AttributeError):
        known = False
    return None if known else _("its version {version} isn't known to tatamilab", version=keras.__version__)


def _parameters(trainer: type, method: str) -> list[str]:
    return list(inspect.signature(getattr(trainer, method)).parameters)


def _replacement(keras_own: Callable[..., Any], call: type) -> Callable[..., Any]:
    """The method that asks the engine first, under the name and with the signature of Keras's own."""
    signature = inspect.signature(keras_own)

    @wraps(keras_own)
    def method(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return keras_own(*args, **kwargs)  # and Keras says what is wrong
        bound.apply_defaults()
        if bound.arguments.get("kwargs"):
            return keras_own(*args, **kwargs)
        model, *arguments = bound.args
        native = call(model, *arguments)
        trains = keras_own.__name__ in ("fit", "train_on_batch")
        try:
            native.prepare()
        except OnlySteps:
            _check_if_strict(model)
            return keras_own(*args, **kwargs)  # whose steps may be native
        except TatamiError as reason:
            if switch.strict:
                raise
            outcome.note(model, reason, trains=trains)
            with left_to_keras(model):
                return keras_own(*args, **kwargs)
        outcome.note(model, None, trains=trains)
        return native.run()

    return method


def _check_if_strict(model: Any) -> None:
    from tatamilab.acceleration import internals, programs

    if switch.strict and internals.is_built(model):
        programs.check(model)


def _maker(
    keras_own: Callable[..., Any], function: str, functions: Mapping[str, Callable[..., Any]]
) -> Callable[..., Any]:
    """The method that lets Keras make a function, and puts ours before it."""
    from tatamilab.acceleration import stepping

    @wraps(keras_own)
    def method(self: Any, force: bool = False) -> None:
        keras_own(self, force)
        stepping.put_before(self, function, functions)

    return method
