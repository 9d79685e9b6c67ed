"""What every loader returns: images and labels as stored, and where they come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tatamilab.errors import BadInput
from tatamilab.i18n import _

Images = NDArray[np.uint8]
Labels = NDArray[np.integer]


@dataclass(frozen=True)
class Provenance:
    """Where a data set comes from, and what was done to it on the way in.

    Args:
        source: its homepage, or the path that was read.
        licence: an SPDX identifier; `None` if its authors state none, or it is the user's own.
        hashes: SHA-256 in hexadecimal by name of file. Of an IDX file it is that of the content, whether
            or not the file is compressed; of a folder of images, that of all names and contents together.
        notes: what was done to the images, in words: resized, turned to grey, skipped, split.
        data_size: the number of training images asked for; `None` for all.
        draw: the seed of a random subset; `None` for the first `data_size` images.
        balanced: whether the subset holds equally many images of each class.
    """

    source: str
    licence: str | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    data_size: int | None = None
    draw: int | None = None
    balanced: bool = False


class NormalisedArrays(NamedTuple):
    """The worksheet's arrays: images as float32 from 0 to 1 (n, h, w, c), labels (n,)."""

    x_train: NDArray[np.float32]
    y_train: Labels
    x_test: NDArray[np.float32]
    y_test: Labels


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels for training and for testing.

    The arrays are read-only, so that they stay what `provenance` says they are; copy one to change it.

    Args:
        name: its name in the catalogue, or the last part of the path it was read from.
        x_train: training images, uint8 (n, h, w, c).
        y_train: their labels, integers (n,) from 0 to `n_classes - 1`.
        x_test: test images, uint8 (n, h, w, c).
        y_test: their labels, integers (n,).
        class_names: what each label means.
        provenance: where the data comes from.

    Raises:
        BadInput: a part is empty, images and labels differ in number, images differ in shape, a label has
            no class, or there are fewer than two classes.
    """

    name: str
    x_train: Images
    y_train: Labels
    x_test: Images
    y_test: Labels
    class_names: tuple[str, ...]
    provenance: Provenance

    def __post_init__(self) -> None:
        if self.n_classes < 2:
            raise BadInput(
                _(
                    "A classifier needs images of at least two classes; {name} has {n}: add a second class.",
                    name=self.name,
                    n=self.n_classes,
                )
            )
        for part, x, y in (
            (_("training data"), self.x_train, self.y_train),
            (_("test data"), self.x_test, self.y_test),
        ):
            self._check_part(part, x, y)
        for name in NormalisedArrays._fields:
            array = getattr(self, name).view()
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def _check_part(self, part: str, x: Images, y: Labels) -> None:
        if x.size == 0:
            raise BadInput(
                _("There are no images in the {part} of {name}: add some.", part=part, name=self.name)
            )
        if len(x) != len(y):
            raise BadInput(
                _(
                    "Every image needs one label; the {part} of {name} has {images} images and {labels} "
                    "labels: check that the two belong together.",
                    name=self.name,
                    images=len(x),
                    labels=len(y),
                    part=part,
                )
            )
        if x.shape[1:] != self.image_shape:
            raise BadInput(
                _(
                    "All images must have one shape (rows, columns, channels); in {name} the training images "
                    "are {train}, the test images {test}: resize one of them.",
                    name=self.name,
                    train=self.image_shape,
                    test=x.shape[1:],
                )
            )
        outside = np.flatnonzero((y < 0) | (y >= self.n_classes))
        if outside.size:
            raise BadInput(
                _(
                    "Labels must be from 0 to {last}; in the {part} of {name}, label {index} is {value}: "
                    "renumber the labels.",
                    last=self.n_classes - 1,
                    name=self.name,
                    index=int(outside[0]),
                    part=part,
                    value=int(y[outside[0]]),
                )
            )

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Rows, columns and channels of one image."""
        h, w, c = self.x_train.shape[1:]
        return h, w, c

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return len(self.class_names)

    def normalised(self) -> NormalisedArrays:
        """The arrays as the worksheet uses them: images float32, divided by 255; labels as they are.

        Example:
            >>> from tatamilab.data import load
            >>> x_train, y_train, x_test, y_test = load("mnist", data_size=600).normalised()
            >>> x_train.shape, x_train.dtype, float(x_train.max())
            ((600, 28, 28, 1), dtype('float32'), 1.0)
        """
        return NormalisedArrays(normalised(self.x_train), self.y_train, normalised(self.x_test), self.y_test)


def normalised(images: Images) -> NDArray[np.float32]:
    """Images as the worksheet's networks read them: float32, divided by 255; a copy.

    Example:
        >>> normalised(np.array([0, 51, 255], np.uint8)).tolist()
        [0.0, 0.20000000298023224, 1.0]
    """
    found = images.astype(np.float32)
    found /= np.float32(255)
    return found
