"""How many images are trained on and how many are held back, in Keras's own arithmetic."""

import math
from typing import NamedTuple

from tatamilab.errors import BadInput
from tatamilab.i18n import _


class Split(NamedTuple):
    """The sizes of the two parts that `fit(validation_split=…)` makes; validation is the last part."""

    n_train: int
    n_validation: int


def split_sizes(n_images: int, validation_split: float) -> Split:
    """The sizes of the training and the validation part: Keras trains on the first ⌊n·(1 − split)⌋ images.

    Args:
        n_images: images before the split.
        validation_split: share of images held back, between 0 and 1.

    Raises:
        BadInput: the split is not between 0 and 1, or a part would be empty.

    Source:
        Keras 3, `train_validation_split`, with its floating-point arithmetic.

    Example:
        >>> split_sizes(60_000, 0.1)
        Split(n_train=54000, n_validation=6000)
    """
    if not 0 < validation_split < 1:  # also catches NaN
        raise BadInput(
            _(
                "The validation split must be between 0 and 1, both excluded; received {received}: "
                "0.1 holds back one image in ten.",
                received=validation_split,
            )
        )
    n_train = math.floor(n_images * (1.0 - validation_split))
    split = Split(n_train, n_images - n_train)
    if 0 in split:
        raise BadInput(
            _(
                "A validation split of {split} of {n} images leaves {n_train} for training and "
                "{n_validation} for validation, and neither may be 0: use more images or another split.",
                split=validation_split,
                n=n_images,
                n_train=split.n_train,
                n_validation=split.n_validation,
            )
        )
    return split


def steps_per_epoch(n_train: int, batch_size: int) -> int:
    """The number of batches in an epoch, ⌈n / batch_size⌉; the last may be smaller.

    Raises:
        BadInput: `batch_size` is below 1.

    Example:
        >>> steps_per_epoch(54_000, 128)
        422
    """
    if batch_size < 1:
        raise BadInput(_("The batch size must be at least 1; received {received}.", received=batch_size))
    return math.ceil(n_train / batch_size)
