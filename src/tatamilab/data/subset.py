"""Which training images are used: the first `data_size` as in the worksheet, or a random draw.

A draw is the beginning of one shuffle for each seed, so a smaller draw is part of every larger one of the
same seed, and no draw depends on NumPy's global state.
"""

import numpy as np
from numpy.typing import NDArray

from tatamilab.data.dataset import Labels
from tatamilab.errors import BadInput
from tatamilab.i18n import _


def choose_images(
    labels: Labels, data_size: int | None, *, draw: int | None = None, balanced: bool = False
) -> NDArray[np.int64]:
    """The indices of the training images to use, in the order of use.

    Args:
        labels: of all training images, integers (n,).
        data_size: how many to use; `None` for all.
        draw: seed of a random subset without replacement; `None` takes the first `data_size`.
        balanced: draw so that the numbers of images of any two classes differ by at most 1.

    Raises:
        BadInput: `data_size` is below 1 or above n, `draw` is negative, or `balanced` is asked for without
            a seed or beyond what the smallest class can give.

    Example:
        >>> labels = np.array([0, 0, 0, 0, 1, 1])
        >>> choose_images(labels, 3).tolist()
        [0, 1, 2]
        >>> sorted(labels[choose_images(labels, 4, draw=7, balanced=True)].tolist())
        [0, 0, 1, 1]
    """
    size = len(labels) if data_size is None else data_size
    if not 1 <= size <= len(labels):
        raise BadInput(
            _(
                "The data size must be from 1 to {n:,}, the number of training images; "
                "received {received:,}.",
                n=len(labels),
                received=size,
            )
        )
    if draw is None:
        if balanced:
            raise BadInput(_("A class-balanced subset is drawn at random: give a seed, such as --draw 0."))
        return np.arange(size)
    if draw < 0:
        raise BadInput(_("The seed of a draw must be 0 or more; received {received}.", received=draw))
    order = np.random.default_rng(draw).permutation(len(labels))
    return (_in_rounds(order, labels, size) if balanced else order)[:size]


def _in_rounds(order: NDArray[np.int64], labels: Labels, size: int) -> NDArray[np.int64]:
    """`order`, rearranged into rounds that hold one image of each class."""
    classes, counts = np.unique(labels, return_counts=True)
    largest = len(classes) * int(counts.min())
    if size > largest:
        raise BadInput(
            _(
                "A class-balanced subset can have at most {largest} images, as the smallest class has "
                "{smallest}; received {received}: use fewer, or draw without balance.",
                largest=largest,
                smallest=int(counts.min()),
                received=size,
            )
        )
    in_order = labels[order]
    round_of = np.empty(len(order), np.int64)
    for label, count in zip(classes, counts, strict=True):
        round_of[in_order == label] = np.arange(count)
    return order[np.argsort(round_of, kind="stable")]
