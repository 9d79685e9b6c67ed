"""`load`: a data set by name or path, and the part of it to train on."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path

from tatamilab.data.cache import check_file, folder_of, known_dataset, read_known_idx, state_of
from tatamilab.data.catalogue import CATALOGUE, KnownDataset
from tatamilab.data.cifar import read_cifar10
from tatamilab.data.dataset import Dataset, Provenance
from tatamilab.data.fetching import Progress, fetch
from tatamilab.data.own import load_own
from tatamilab.data.subset import choose_images


def load(
    name_or_path: str | Path = "mnist",
    *,
    data_size: int | None = None,
    draw: int | None = None,
    balanced: bool = False,
    mirror: str | None = None,
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> Dataset:
    """Load a data set, verified, with all of its training images or some.

    MNIST is inside the package. Another known data set is fetched the first time, and kept.

    Args:
        name_or_path: a name of the catalogue, or own data: a folder of class folders, a folder with four
            IDX files, or an `.npz` file. A name of the catalogue wins over a folder of that name; write
            `./mnist` or `Path("mnist")` for the folder.
        data_size: how many training images to use, the first ones as in the worksheet; `None` for all.
        draw: seed of a random subset instead of the first images.
        balanced: draw equally many images of each class.
        mirror: where to fetch from instead of the official address: an http(s) address or a folder.
        skip_bad: leave unreadable images of own data out, and say so in the provenance.
        progress: is told how far each file that is fetched has come.

    Raises:
        BadInput: the name is unknown, own data is in no known form, or the subset cannot be had.
        DataFileError: a file is missing, damaged, or not what it must be.
        OutputError: the cache folder cannot be written.

    Example:
        >>> data = load("mnist", data_size=600)
        >>> data.x_train.shape, data.x_test.shape, data.x_train.dtype
        ((600, 28, 28, 1), (10000, 28, 28, 1), dtype('uint8'))
    """
    if isinstance(name_or_path, str) and (known := CATALOGUE.get(name_or_path)):
        data = _load_known(known, mirror, progress)
    elif _is_path(name_or_path):
        data = load_own(Path(name_or_path).expanduser(), skip_bad=skip_bad)
    else:
        data = _load_known(known_dataset(str(name_or_path)), mirror, progress)
    return _with_subset(data, data_size, draw, balanced)


def _is_path(name_or_path: str | Path) -> bool:
    text = os.fspath(name_or_path)
    return (
        isinstance(name_or_path, Path)
        or "/" in text
        or os.sep in text
        or text.startswith("~")
        or Path(text).suffix == ".npz"
        or os.path.exists(text)  # unlike Path's, False for a name too long
    )


def _load_known(known: KnownDataset, mirror: str | None, progress: Progress | None) -> Dataset:
    if state_of(known).state in ("absent", "incomplete"):
        fetch(known.name, mirror, progress)
    return _load_cifar(known) if known.layout == "cifar" else _load_idx(known)


def _load_idx(known: KnownDataset) -> Dataset:
    folder = folder_of(known)
    with ThreadPoolExecutor(len(known.files)) as pool:
        reading = [
            # in a copy of the context, so that an error speaks the language in force here
            pool.submit(copy_context().run, read_known_idx, folder / file.name, file, known.remedy)
            for file in known.files
        ]
    x_train, y_train, x_test, y_test = read = [one.result() for one in reading]
    hashes = {file.name.removesuffix(".gz"): one.sha256 for file, one in zip(known.files, read, strict=True)}
    return Dataset(
        known.name,
        x_train.array[..., None],
        y_train.array,
        x_test.array[..., None],
        y_test.array,
        known.class_names,
        Provenance(known.homepage, known.licence, hashes),
    )


def _load_cifar(known: KnownDataset) -> Dataset:
    (file,) = known.files
    verified = check_file(folder_of(known) / file.name, file, known.remedy)
    arrays = read_cifar10(verified.path, remedy=known.remedy)
    provenance = Provenance(known.homepage, known.licence, {file.name: verified.sha256})
    return Dataset(known.name, *arrays, known.class_names, provenance)


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
