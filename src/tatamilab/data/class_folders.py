"""Reads a folder of class folders: `cats/1.png`, `dogs/1.png`, …; the name of the folder is the class.

Images keep their size if all share one of at most 64×64; otherwise each is cut to its central square and
resized to 28×28, MNIST's size. They are grey if every one of them is, else colour. With the subfolders
`train` and `test` the two parts are as given; otherwise one image in five of each class is drawn for testing.
The training images are shuffled, since Keras cuts the validation part from their end. Both use one stated
seed. All that was done is said in the notes of the provenance.
"""

import hashlib
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tatamilab.data.dataset import Dataset, Images, Labels, Provenance
from tatamilab.data.pictures import Picture, UnreadableImage, read_picture
from tatamilab.errors import BadInput, DataFileError
from tatamilab.files import sha256
from tatamilab.i18n import _

IMAGE_SUFFIXES = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
"""A file with one of these suffixes is taken for an image; others are left alone."""

SEED = 0
"""Of the drawn test part, and of the order of the training images."""

_LARGEST_KEPT_SIDE = 64
_RESIZED_SIDE = 28
_TEST_SHARE = 5  # one image in so many


class _Part(NamedTuple):
    """The pictures of one part with their class numbers, in the order of their paths."""

    pictures: list[Picture]
    labels: Labels


def read_class_folders(folder: Path, *, skip_bad: bool = False) -> Dataset:
    """Read a folder that holds one folder of images for each class.

    Args:
        folder: the folder, with class folders, or with `train` and `test` that have class folders each.
        skip_bad: leave unreadable images out, and say so in the notes.

    Raises:
        BadInput: there are no images, only one class, a class with fewer than two images to split, or a
            class for testing that there is none of for training.
        DataFileError: an image cannot be read, and `skip_bad` is False.
    """
    reading = _Reading(folder, skip_bad)
    if _class_folders(folder / "train") and _class_folders(folder / "test"):
        names = [_class_name(one) for one in _class_folders(folder / "train")]
        train, test = reading.part(folder / "train", names), reading.part(folder / "test", names)
        notes = [_("training and test images as the folders train and test give them")]
    else:
        names = [_class_name(one) for one in _class_folders(folder)]
        train, test = _split(reading.part(folder, names), names)
        notes = [
            _(
                "{test} images drawn for testing, one in {share} of each class (seed {seed})",
                test=len(test.labels),
                share=_TEST_SHARE,
                seed=SEED,
            )
        ]
    train = _shuffled(train)
    notes.append(_("training images shuffled (seed {seed})", seed=SEED))
    arrays, said = _to_arrays(train.pictures + test.pictures)
    n_train = len(train.labels)
    return Dataset(
        folder.resolve().name,
        arrays[:n_train],
        train.labels,
        arrays[n_train:],
        test.labels,
        tuple(names),
        Provenance(
            str(folder),
            hashes={folder.resolve().name: reading.digest()},
            notes=(*notes, *said, *reading.notes()),
        ),
    )


class _Reading:
    """Reads the images below one folder; remembers what was skipped, and a hash of all it read."""

    def __init__(self, folder: Path, skip_bad: bool) -> None:
        self._folder = folder
        self._skip_bad = skip_bad
        self._skipped: list[str] = []
        self._hash = hashlib.sha256()

    def part(self, folder: Path, names: list[str]) -> _Part:
        pictures: list[Picture] = []
        labels: list[int] = []
        for class_folder in _class_folders(folder):
            label = _label_of(class_folder, names)
            read = [picture for file in _image_files(class_folder) if (picture := self._read(file))]
            if not read:
                raise BadInput(
                    _(
                        "The class folder {folder} has no image that can be read; put images into it, or "
                        "remove it.",
                        folder=class_folder,
                    )
                )
            pictures += read
            labels += [label] * len(read)
        if not pictures:
            raise BadInput(
                _(
                    "{folder} has no images: it must hold one folder of images for each class ({suffixes}).",
                    folder=folder,
                    suffixes=", ".join(sorted(IMAGE_SUFFIXES)),
                )
            )
        return _Part(pictures, np.array(labels, np.int64))

    def _read(self, file: Path) -> Picture | None:
        try:
            content = file.read_bytes()
            picture = read_picture(content, _LARGEST_KEPT_SIDE, _RESIZED_SIDE)
        except (OSError, UnreadableImage) as problem:
            if self._skip_bad:
                self._skipped.append(str(file.relative_to(self._folder)))
                return None
            raise DataFileError(
                _(
                    "Cannot read the image {file}: {reason}; repair or remove it, or leave unreadable "
                    "images out with --skip-bad.",
                    file=file,
                    reason=problem,
                )
            ) from problem
        name = unicodedata.normalize("NFC", file.relative_to(self._folder).as_posix())
        self._hash.update(f"{sha256(content)}  {name}\n".encode())
        return picture

    def digest(self) -> str:
        return self._hash.hexdigest()

    def notes(self) -> list[str]:
        if not self._skipped:
            return []
        return [
            _(
                "{n} unreadable images left out: {files}",
                n=len(self._skipped),
                files=", ".join(self._skipped),
            )
        ]


def _class_folders(folder: Path) -> list[Path]:
    """The folders in `folder` in the order of their names; hidden ones are no classes."""
    if not folder.is_dir():
        return []
    found = (one for one in folder.iterdir() if one.is_dir() and not one.name.startswith((".", "__")))
    return sorted(found, key=_class_name)


def _class_name(folder: Path) -> str:
    return unicodedata.normalize("NFC", folder.name)


def _label_of(class_folder: Path, names: list[str]) -> int:
    try:
        return names.index(_class_name(class_folder))
    except ValueError:
        raise BadInput(
            _(
                "Every class for testing needs images for training; {folder} has no counterpart among "
                "{names}.",
                folder=class_folder,
                names=", ".join(names),
            )
        ) from None


def _image_files(class_folder: Path) -> Iterator[Path]:
    for file in sorted(class_folder.rglob("*")):
        if file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".") and file.is_file():
            yield file


def _split(part: _Part, names: list[str]) -> tuple[_Part, _Part]:
    """Draw one image in five of each class, and at least one, for testing."""
    rng = np.random.default_rng(SEED)
    for_testing = np.zeros(len(part.labels), bool)
    for label, name in enumerate(names):
        members = np.flatnonzero(part.labels == label)
        if len(members) < 2:
            raise BadInput(
                _(
                    "Each class needs at least two images, one to train on and one to test on; {name} "
                    "has {n}.",
                    name=name,
                    n=len(members),
                )
            )
        n_test = max(1, len(members) // _TEST_SHARE)
        for_testing[rng.permutation(members)[:n_test]] = True
    return _taken(part, np.flatnonzero(~for_testing)), _taken(part, np.flatnonzero(for_testing))


def _shuffled(part: _Part) -> _Part:
    return _taken(part, np.random.default_rng(SEED).permutation(len(part.labels)))


def _taken(part: _Part, indices: NDArray[np.int64]) -> _Part:
    return _Part([part.pictures[i] for i in indices], part.labels[indices])


def _to_arrays(pictures: list[Picture]) -> tuple[Images, list[str]]:
    """All pictures as one array, and what was done to them, in words."""
    sizes = {picture.size for picture in pictures}
    kept = len(sizes) == 1 and pictures[0].original is not None
    notes = []
    if not kept:
        notes.append(
            _(
                "images cut to their central square and resized to {side}×{side}, from {smallest} to "
                "{largest} (columns×rows)",
                side=_RESIZED_SIDE,
                smallest="×".join(map(str, min(sizes))),
                largest="×".join(map(str, max(sizes))),
            )
        )
    grey = all(picture.is_grey for picture in pictures)
    notes.append(_("greyscale, one channel") if grey else _("colour, three channels (red, green, blue)"))
    if any(picture.had_transparency for picture in pictures):
        notes.append(_("transparent parts shown on white"))
    colours = np.stack([_chosen(picture, kept) for picture in pictures])
    return (colours[..., :1].copy() if grey else colours), notes


def _chosen(picture: Picture, kept: bool) -> Images:
    return picture.original if kept and picture.original is not None else picture.resized
