"""`load`: a data set by name or path, and the part of it to train on."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from tatamilab.data.catalogue import CATALOGUE, KnownDataset, KnownFile
from tatamilab.data.dataset import Dataset, Provenance
from tatamilab.data.idx import IdxFile, read_idx
from tatamilab.data.subset import choose_images
from tatamilab.errors import BadInput, DataFileError
from tatamilab.i18n import _


def load(
    name_or_path: str | Path = "mnist",
    *,
    data_size: int | None = None,
    draw: int | None = None,
    balanced: bool = False,
) -> Dataset:
    """Load a data set, verified, with all of its training images or some.

    Args:
        name_or_path: a name of the catalogue.
        data_size: how many training images to use, the first ones as in the worksheet; `None` for all.
        draw: seed of a random subset instead of the first images.
        balanced: draw equally many images of each class.

    Raises:
        BadInput: the name is unknown, or the subset cannot be had.
        DataFileError: a file is missing, damaged or not what it must be.

    Example:
        >>> data = load("mnist", data_size=600)
        >>> data.x_train.shape, data.x_test.shape, data.x_train.dtype
        ((600, 28, 28, 1), (10000, 28, 28, 1), dtype('uint8'))
    """
    known = CATALOGUE.get(str(name_or_path))
    if known is None:
        raise _unknown(str(name_or_path))
    return _with_subset(_load_known(known), data_size, draw, balanced)


def _load_known(known: KnownDataset) -> Dataset:
    folder = files(__package__).joinpath(known.name)

    def read(file: KnownFile) -> IdxFile:
        return _read_verified(folder.joinpath(file.name), file, known.remedy)

    with ThreadPoolExecutor(len(known.files)) as pool:
        x_train, y_train, x_test, y_test = pool.map(read, known.files)
    hashes = {
        file.name.removesuffix(".gz"): content.sha256
        for file, content in zip(known.files, (x_train, y_train, x_test, y_test), strict=True)
    }
    return Dataset(
        known.name,
        x_train.array[..., None],
        y_train.array,
        x_test.array[..., None],
        y_test.array,
        known.class_names,
        Provenance(known.homepage, known.licence, hashes),
    )


def _read_verified(path: Path | Traversable, file: KnownFile, remedy: str) -> IdxFile:
    content = read_idx(path, len(file.shape), remedy=remedy, shape=file.shape)
    if content.sha256 != file.content_sha256:
        raise DataFileError(
            _(
                "{file} is not the published file: its SHA-256 is {received}, not {expected}; {remedy}.",
                file=path,
                received=content.sha256,
                expected=file.content_sha256,
                remedy=remedy,
            )
        )
    return content


def _with_subset(data: Dataset, data_size: int | None, draw: int | None, balanced: bool) -> Dataset:
    chosen = choose_images(data.y_train, data_size, draw=draw, balanced=balanced)
    if data_size is None and draw is None:
        return data
    return replace(
        data,
        x_train=data.x_train[chosen],
        y_train=data.y_train[chosen],
        provenance=replace(data.provenance, data_size=data_size, draw=draw, balanced=balanced),
    )


def _unknown(name: str) -> BadInput:
    nearest = get_close_matches(name, CATALOGUE, n=1)
    if nearest:
        return BadInput(
            _(
                "Unknown data set {name!r}; the nearest known name is {nearest!r}.",
                name=name,
                nearest=nearest[0],
            )
        )
    return BadInput(_("Unknown data set {name!r}; known: {known}.", name=name, known=", ".join(CATALOGUE)))
