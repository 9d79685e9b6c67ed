"""What a training history says: its length and its best epoch."""

from collections.abc import Mapping, Sequence

import numpy as np

from tatamilab.errors import BadInput
from tatamilab.i18n import _


def n_epochs(history: Mapping[str, Sequence[float]]) -> int:
    """How many epochs a history (name → one value an epoch) covers.

    Raises:
        BadInput: it is empty, or its series have different lengths.

    Example:
        >>> n_epochs({"loss": [0.3, 0.1], "val_loss": [0.4, 0.2]})
        2
    """
    lengths = {name: len(values) for name, values in history.items()}
    if len(set(lengths.values())) != 1 or 0 in lengths.values():
        raise BadInput(
            _(
                "A history must hold the same number of epochs, at least one, in every series; "
                "received {lengths}.",
                lengths=lengths,
            )
        )
    return next(iter(lengths.values()))


def best_epoch(values: Sequence[float], *, largest: bool) -> int | None:
    """The epoch, counted from 1, with the best value: the first one on a tie, NaN and infinity passed over.

    Args:
        values: one value an epoch.
        largest: True where more is better (accuracy), False where less is (loss).

    Returns:
        The epoch, or None if no value is finite.

    Example:
        >>> best_epoch([0.90, 0.97, 0.96], largest=True)
        2
    """
    scores = np.asarray(values, dtype=np.float64) * (1 if largest else -1)
    scores[~np.isfinite(scores)] = -np.inf
    if not np.isfinite(scores).any():
        return None
    return int(scores.argmax()) + 1


def best_validation_epoch(history: Mapping[str, Sequence[float]]) -> int | None:
    """The epoch, counted from 1, with the highest validation accuracy, or the lowest validation loss if the
    history holds no accuracy; None without validation.

    Example:
        >>> best_validation_epoch({"val_accuracy": [0.90, 0.97, 0.96], "val_loss": [0.4, 0.2, 0.1]})
        2
    """
    if "val_accuracy" in history:
        return best_epoch(history["val_accuracy"], largest=True)
    return best_epoch(history.get("val_loss", ()), largest=False)
