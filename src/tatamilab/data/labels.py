"""Class names for data that comes with numbers only."""

import numpy as np

from tatamilab.data.dataset import Labels
from tatamilab.errors import BadInput
from tatamilab.i18n import _


def numbered_classes(labels: Labels, where: str) -> tuple[str, ...]:
    """The names "0", "1", … for the classes in `labels`, which must be numbered without a gap.

    Args:
        labels: of the training images, integers (n,).
        where: what to call them in an error.

    Raises:
        BadInput: a label is negative, or a class between 0 and the largest label has no image.

    Example:
        >>> numbered_classes(np.array([1, 0, 2, 1]), "y_train")
        ('0', '1', '2')
    """
    present = np.unique(labels)
    if present.size and present[0] < 0:
        raise BadInput(
            _(
                "Classes are numbered from 0 up; in {where} a label is {received}: renumber them.",
                where=where,
                received=int(present[0]),
            )
        )
    missing = np.flatnonzero(present != np.arange(len(present)))
    if missing.size:
        raise BadInput(
            _(
                "Classes must be numbered 0, 1, 2, … without a gap; in {where} the labels are {received}, "
                "and {missing} is missing: renumber them.",
                where=where,
                received=_listed(present),
                missing=int(missing[0]),
            )
        )
    return tuple(map(str, range(len(present))))


def _listed(values: Labels, at_most: int = 12) -> str:
    shown = ", ".join(map(str, values[:at_most]))
    return shown if len(values) <= at_most else f"{shown}, …"
