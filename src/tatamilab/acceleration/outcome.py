"""Who did the last call on a model, and why: native, or Keras."""

from typing import Any
from weakref import WeakKeyDictionary

from tatamilab.errors import TatamiError
from tatamilab.i18n import _

_reasons: "WeakKeyDictionary[Any, TatamiError | None]" = WeakKeyDictionary()
"""For each model that was called, why Keras did the last call; None where the engine did."""


def note(model: Any, reason: TatamiError | None) -> None:
    """Remember who did a call: Keras for a reason, or the engine."""
    _reasons[model] = reason


def reason(model: Any) -> TatamiError | None:
    """Why Keras did the last call on `model`, or, before any call, would train it; None for the engine."""
    from tatamilab.acceleration import programs

    return _reasons[model] if model in _reasons else programs.obstacle(model)


def plan_of(model: Any, x: Any, y: Any, *, batch_size: int) -> str:
    """The hash of the plan by which `model` would be trained natively; nothing is trained.

    Args:
        model: compiled.
        x: images (n, …).
        y: labels (n,).
        batch_size: images a step.

    Raises:
        TatamiError: why Keras would have to train it.
    """
    from tatamilab.acceleration import programs, scope, seam

    seam.require_keras()
    arrays = scope.arrays(x, y, labelled=True)
    return programs.for_training(model, arrays, batch_size).program.plan.hash


def status(model: Any) -> str:
    """Who did the last `fit`, `evaluate` or `predict` of `model`; before any, who would train it.

    Args:
        model: a Keras model, compiled or not.

    Returns:
        "native", or "Keras: " and the reason.
    """
    from tatamilab.acceleration import seam

    why = seam.absence()
    if why is None and (found := reason(model)) is not None:
        why = str(found)
    return _("native") if why is None else _("Keras: {reason}", reason=why)
