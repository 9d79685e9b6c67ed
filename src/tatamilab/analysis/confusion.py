"""Which class is taken for which."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.errors import BadInput
from tatamilab.i18n import _

Labels = NDArray[np.int64]


def confusion_matrix(y_true: ArrayLike, y_pred: ArrayLike, n_classes: int) -> NDArray[np.int64]:
    """Count how often each true class was given each predicted class.

    Args:
        y_true: true labels, whole numbers 0 to `n_classes` - 1, shape (n,).
        y_pred: predicted labels, likewise.
        n_classes: number of classes.

    Returns:
        int64 (n_classes, n_classes); entry [t, p] counts images of class t that were called p.

    Raises:
        BadInput: the shapes differ, or a label is no whole number or out of range.

    Example:
        >>> confusion_matrix([0, 0, 1], [0, 1, 1], n_classes=2)
        array([[1, 1],
               [0, 1]])
    """
    truth, predicted = label_pair(y_true, y_pred, n_classes)
    pairs = truth * n_classes + predicted
    return np.bincount(pairs, minlength=n_classes * n_classes).reshape(n_classes, n_classes).astype(np.int64)


def row_percent(matrix: ArrayLike) -> NDArray[np.float64]:
    """Each row of a confusion matrix in percent of its sum; NaN in the row of a class without images.

    Example:
        >>> row_percent([[3, 1], [0, 0]])
        array([[75., 25.],
               [nan, nan]])
    """
    counts = np.asarray(matrix, dtype=np.float64)
    totals = counts.sum(axis=1, keepdims=True)
    return 100 * np.divide(counts, totals, out=np.full_like(counts, np.nan), where=totals > 0)


def label_pair(y_true: ArrayLike, y_pred: ArrayLike, n_classes: int) -> tuple[Labels, Labels]:
    """Both label vectors as int64 (n,), checked against each other and against `n_classes`.

    Raises:
        BadInput: the shapes differ, or a label is no whole number or out of range.
    """
    truth, predicted = np.asarray(y_true), np.asarray(y_pred)
    if truth.ndim != 1 or truth.shape != predicted.shape:
        raise BadInput(
            _(
                "y_true and y_pred must hold one label for each image; received shapes {true} and {pred}.",
                true=truth.shape,
                pred=predicted.shape,
            )
        )
    return _labels("y_true", truth, n_classes), _labels("y_pred", predicted, n_classes)


def _labels(name: str, values: NDArray[np.generic], n_classes: int) -> Labels:
    numbers = values.astype(np.float64)
    wrong = ~((numbers >= 0) & (numbers < n_classes) & (numbers == np.floor(numbers)))
    if wrong.any():
        where = int(np.flatnonzero(wrong)[0])
        raise BadInput(
            _(
                "Labels must be whole numbers from 0 to {last}; {name} holds {value} at position {where}.",
                last=n_classes - 1,
                name=name,
                value=values[where],
                where=where,
            )
        )
    return values.astype(np.int64)
