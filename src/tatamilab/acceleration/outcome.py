"""Who did the calls on a model, and why: native, or Keras."""

from collections import Counter
from dataclasses import dataclass
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from tatamilab.acceleration import announcing
from tatamilab.acceleration.switch import switch
from tatamilab.engine.graph import Unsupported
from tatamilab.errors import TatamiError
from tatamilab.i18n import _

_reasons: "WeakKeyDictionary[Any, TatamiError | None]" = WeakKeyDictionary()
"""For each model that was called, why Keras did the last call; None where the engine did."""

_calls: Counter[str | None] = Counter()
_lock = Lock()


class OnlySteps(Unsupported):
    """Rules out whole epochs in one piece; single steps may still be native."""


@dataclass(frozen=True)
class Stats:
    """Calls since the process began, or since `reset_stats`.

    Attributes:
        native: calls of `fit`, `evaluate`, `predict` and the like that the engine did.
        keras: calls that Keras did.
        reasons: how many of those for each reason, the most frequent first.
    """

    native: int
    keras: int
    reasons: dict[str, int]


def stats() -> Stats:
    """How many calls were native, how many Keras did, and why; counted while acceleration is on.

    Example:
        >>> stats().native >= 0
        True
    """
    with _lock:
        reasons = {why: n for why, n in _calls.most_common() if why is not None}
        return Stats(_calls[None], sum(reasons.values()), reasons)


def reset_stats() -> None:
    """Count from 0 again."""
    with _lock:
        _calls.clear()


def note(model: Any, reason: TatamiError | None, *, trains: bool) -> None:
    """Remember who did a call, and say who trains where acceleration was turned on for all that follows.

    Args:
        model: a Keras model.
        reason: why Keras did it; None for the engine.
        trains: whether the call is one of training.
    """
    _reasons[model] = reason
    with _lock:
        _calls[None if reason is None else str(reason)] += 1
    if trains and switch.asked:
        announcing.say(status(model))


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
