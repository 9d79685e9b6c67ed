"""Which wrong predictions to look at."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis.confusion import label_pair
from tatamilab.errors import BadInput
from tatamilab.i18n import _

NONE = -1
"""Marks a place of a selection for which no mistake exists."""


@dataclass(frozen=True)
class MistakeSelection:
    """A draw of wrong predictions, one column for each true class.

    Attributes:
        indices: int64 (rows, n_classes), positions of the drawn images; `NONE` where a class has no more.
        n_mistakes: int64 (n_classes,), how many mistakes each true class has in all.
        n_images: int64 (n_classes,), how many images each true class has.
    """

    indices: NDArray[np.int64]
    n_mistakes: NDArray[np.int64]
    n_images: NDArray[np.int64]


def select_mistakes(
    y_true: ArrayLike, y_pred: ArrayLike, n_classes: int, *, rows: int = 5, seed: int = 0
) -> MistakeSelection:
    """Draw up to `rows` wrong predictions of every true class, without repeating one.

    The draw of a class depends on `seed` and that class's mistakes alone, so the same mistakes give the same
    draw whatever happens in other classes. Within a column the positions ascend.

    Args:
        y_true: true labels (n,).
        y_pred: predicted labels (n,).
        n_classes: number of classes.
        rows: most mistakes to draw for a class, at least 1.
        seed: seed of the draw.

    Raises:
        BadInput: the labels do not fit each other or `n_classes`, or `rows` is below 1.

    Example:
        >>> select_mistakes([0, 0, 1], [0, 1, 1], n_classes=2, rows=2).indices
        array([[ 1, -1],
               [-1, -1]])
    """
    truth, predicted = label_pair(y_true, y_pred, n_classes)
    if rows < 1:
        raise BadInput(_("A gallery needs at least one row; received rows={rows}.", rows=rows))
    wrong = truth != predicted
    indices = np.full((rows, n_classes), NONE, dtype=np.int64)
    for label in range(n_classes):
        found = np.flatnonzero(wrong & (truth == label))
        rng = np.random.default_rng([seed, label])
        drawn = np.sort(rng.permutation(found)[:rows])
        indices[: len(drawn), label] = drawn
    return MistakeSelection(
        indices,
        n_mistakes=np.bincount(truth[wrong], minlength=n_classes),
        n_images=np.bincount(truth, minlength=n_classes),
    )


def surest_mistakes(y_true: ArrayLike, probabilities: ArrayLike, most: int = 8) -> NDArray[np.int64]:
    """Positions of the wrong predictions that the network was surest of, the surest first.

    What it can't tell: how often such mistakes happen; they are the extremes.

    Args:
        y_true: true labels (n,).
        probabilities: of all classes (n, classes).
        most: how many at most.

    Returns:
        int64 (up to `most`,).

    Raises:
        BadInput: labels and probabilities do not fit each other.

    Example:
        >>> surest_mistakes([0, 0, 1], [[0.4, 0.6], [0.1, 0.9], [0.2, 0.8]]).tolist()
        [1, 0]
    """
    values = np.asarray(probabilities, dtype=np.float64)
    if values.ndim != 2:
        raise BadInput(
            _(
                "Mistakes are ordered by the probabilities of all classes, shape (n, classes); received shape {shape}.",
                shape=values.shape,
            )
        )
    truth, predicted = label_pair(y_true, values.argmax(axis=1), values.shape[1])
    wrong = np.flatnonzero(truth != predicted)
    return wrong[np.argsort(-values.max(axis=1)[wrong], kind="stable")[:most]]
