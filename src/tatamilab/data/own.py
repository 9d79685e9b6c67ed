"""Finds out in which form the user's own data is, and reads it: class folders, `.npz`, or IDX files."""

import os
from pathlib import Path

from tatamilab.data.class_folders import read_class_folders
from tatamilab.data.dataset import Dataset, Provenance
from tatamilab.data.idx import read_idx
from tatamilab.data.labels import numbered_classes
from tatamilab.data.npz import read_npz
from tatamilab.errors import BadInput, DataFileError
from tatamilab.i18n import _

_IDX_FILES = {
    "train-images": "train-images?idx[34]-ubyte*",
    "train-labels": "train-labels?idx1-ubyte*",
    "t10k-images": "t10k-images?idx[34]-ubyte*",
    "t10k-labels": "t10k-labels?idx1-ubyte*",
}


def load_own(path: Path, *, skip_bad: bool = False) -> Dataset:
    """Read the user's own data.

    Args:
        path: a folder of class folders, a folder with four IDX files named as MNIST's, or an `.npz` file.
        skip_bad: leave unreadable images out, and say so in the notes.

    Raises:
        BadInput: there is nothing at `path`, or it is in none of these forms.
        DataFileError: a file is damaged or not what it must be.
    """
    if os.path.isdir(path):  # unlike Path's, False for a name too long
        is_idx = any(any(path.glob(pattern)) for pattern in _IDX_FILES.values())
        return _read_idx_folder(path) if is_idx else read_class_folders(path, skip_bad=skip_bad)
    if path.suffix == ".npz" and os.path.exists(path):
        return read_npz(path)
    if not os.path.exists(path):
        raise BadInput(_("There is no file or folder {path}: check the path.", path=path))
    raise BadInput(
        _(
            "Own data is a folder with one folder of images for each class, an .npz file, or a folder with "
            "four IDX files; {path} is none of these.",
            path=path,
        )
    )


def _read_idx_folder(folder: Path) -> Dataset:
    arrays, hashes = [], {}
    for role, pattern in _IDX_FILES.items():
        found = sorted(folder.glob(pattern))
        if len(found) != 1:
            raise DataFileError(
                _(
                    "A folder of IDX files needs exactly one file {pattern}; {folder} has {n}.",
                    pattern=pattern,
                    folder=folder,
                    n=len(found),
                )
            )
        n_axes = int(found[0].name[len(role) + 4])
        content = read_idx(found[0], n_axes, remedy=_("copy it again from its source"))
        arrays.append(content.array[..., None] if n_axes == 3 else content.array)
        hashes[found[0].name.removesuffix(".gz")] = content.sha256
    x_train, y_train, x_test, y_test = arrays
    names = numbered_classes(y_train, str(folder / "train-labels-idx1-ubyte"))
    return Dataset(
        folder.name, x_train, y_train, x_test, y_test, names, Provenance(str(folder), hashes=hashes)
    )
