"""Reads an `.npz` file as Keras keeps its data sets: `x_train`, `y_train`, `x_test`, `y_test`.

Pickled objects, which can run code, are refused, and so is a file that declares more than it may unpack to.
"""

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tatamilab.data.dataset import Dataset, Images, Labels, Provenance
from tatamilab.data.idx import LARGEST_BYTES
from tatamilab.data.labels import numbered_classes
from tatamilab.errors import BadInput, DataFileError
from tatamilab.files import most_unpacked, sha256
from tatamilab.i18n import _

_ARRAYS = ("x_train", "y_train", "x_test", "y_test")


def read_npz(path: Path) -> Dataset:
    """Read images and labels from an `.npz` file.

    Args:
        path: a file with `x_train` and `x_test`, uint8 (n, h, w) or (n, h, w, c), `y_train` and `y_test`,
            integers (n,) or (n, 1), and, if it likes, `class_names`, strings (n_classes,).

    Raises:
        BadInput: an array has the wrong shape or type, or labels are out of range.
        DataFileError: the file is not `.npz`, damaged, too large, or lacks an array.
    """
    arrays = _read_arrays(path)
    x_train, x_test = (_images(arrays[name], name, path) for name in ("x_train", "x_test"))
    y_train, y_test = (_labels(arrays[name], name, path) for name in ("y_train", "y_test"))
    if "class_names" in arrays:
        class_names = tuple(map(str, arrays["class_names"].ravel()))
    else:
        class_names = numbered_classes(y_train, f"{path} (y_train)")
    return Dataset(
        path.stem,
        x_train,
        y_train,
        x_test,
        y_test,
        class_names,
        Provenance(str(path), hashes={path.name: sha256(path.read_bytes())}),
    )


def _read_arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    try:
        with zipfile.ZipFile(path) as members:
            declared = sum(member.file_size for member in members.infolist())
        limit = min(LARGEST_BYTES, most_unpacked(path.stat().st_size))
        if declared > limit:
            raise DataFileError(
                _(
                    "{file} would unpack to {declared} bytes, and at most {limit} are allowed; "
                    "keep fewer or smaller images in it.",
                    file=path,
                    declared=declared,
                    limit=limit,
                )
            )
        with np.load(path, allow_pickle=False) as held:
            missing = [name for name in _ARRAYS if name not in held.files]
            if missing:
                raise DataFileError(
                    _(
                        "An .npz file must hold the arrays {expected}; {file} lacks {missing}.",
                        expected=", ".join(_ARRAYS),
                        file=path,
                        missing=", ".join(missing),
                    )
                )
            arrays = {name: held[name] for name in (*_ARRAYS, "class_names") if name in held.files}
            if not all(isinstance(array, np.ndarray) for array in arrays.values()):
                raise zipfile.BadZipFile("a member is no array")
            return arrays
    except DataFileError:
        raise
    except Exception as problem:  # of many kinds: from zipfile, zlib, and NumPy's reader of headers
        raise DataFileError(
            _(
                "{file} is not a whole .npz file of plain arrays ({why}); save it again with np.savez.",
                file=path,
                why=_why(path, problem),
            )
        ) from problem


def _why(path: Path, problem: Exception) -> str:
    """What is wrong with a file, as part of a sentence."""
    if not zipfile.is_zipfile(path):
        return _("it is no zip archive")
    if "allow_pickle" in str(problem):  # NumPy's advice where an array holds Python objects
        return _("it holds Python objects")
    return _("it is damaged")


def _images(array: NDArray[np.generic], name: str, path: Path) -> Images:
    if array.dtype != np.uint8 or array.ndim not in (3, 4):
        raise BadInput(
            _(
                "Images must be uint8 (0–255) with the axes n×h×w or n×h×w×c; {name} in {file} is {dtype} "
                "with the shape {shape}.",
                name=name,
                file=path,
                dtype=array.dtype,
                shape=array.shape,
            )
        )
    images = array.astype(np.uint8, order="C")
    return images[..., None] if images.ndim == 3 else images


def _labels(array: NDArray[np.generic], name: str, path: Path) -> Labels:
    is_column = array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1)
    if not is_column or not np.issubdtype(array.dtype, np.integer):
        raise BadInput(
            _(
                "Labels must be integers, one for each image; {name} in {file} is {dtype} with the shape "
                "{shape}.",
                name=name,
                file=path,
                dtype=array.dtype,
                shape=array.shape,
            )
        )
    return array.reshape(-1).astype(np.int64)
