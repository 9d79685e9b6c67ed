"""Reads CIFAR-10's binary version: six files in one archive, of records of a label and a 32×32 image.

The Python version of CIFAR-10 holds pickles, which can run code; the binary version holds only bytes. Nothing
is unpacked to disk.
"""

import tarfile
import zlib
from pathlib import Path

import numpy as np

from tatamilab.data.dataset import Images, Labels
from tatamilab.errors import DataFileError
from tatamilab.i18n import _

_SIDE, _CHANNELS = 32, 3
_RECORD_BYTES = 1 + _CHANNELS * _SIDE * _SIDE
_FOLDER = "cifar-10-batches-bin"
_TRAIN = tuple(f"{_FOLDER}/data_batch_{i}.bin" for i in range(1, 6))
_TEST = (f"{_FOLDER}/test_batch.bin",)


def read_cifar10(archive: Path, *, remedy: str) -> tuple[Images, Labels, Images, Labels]:
    """Training images, training labels, test images and test labels of `cifar-10-binary.tar.gz`.

    Args:
        archive: the archive as published; check its hash first.
        remedy: what the user can do about a bad file, as the end of a sentence.

    Returns:
        Images uint8 (n, 32, 32, 3), labels uint8 (n,).

    Raises:
        DataFileError: the archive is damaged, or lacks a file.
    """
    try:
        with tarfile.open(archive, "r:gz") as files:
            held = {m.name: _records(files, m) for m in files if m.isfile() and m.name in _TRAIN + _TEST}
        train = np.concatenate([held[name] for name in _TRAIN])
        test = np.concatenate([held[name] for name in _TEST])
    except (OSError, EOFError, ValueError, KeyError, zlib.error, tarfile.TarError) as problem:
        lacks = isinstance(problem, KeyError)
        raise DataFileError(
            _(
                "{file} is not CIFAR-10's binary archive ({why}); {remedy}.",
                file=archive,
                why=_("it has no {name}", name=problem.args[0]) if lacks else _("it is damaged"),
                remedy=remedy,
            )
        ) from problem
    return _images(train), train[:, 0].copy(), _images(test), test[:, 0].copy()


def _records(files: tarfile.TarFile, member: tarfile.TarInfo) -> Images:
    content = files.extractfile(member)
    assert content is not None  # `member` is a file
    return np.frombuffer(content.read(), np.uint8).reshape(-1, _RECORD_BYTES)


def _images(records: Images) -> Images:
    planes = records[:, 1:].reshape(-1, _CHANNELS, _SIDE, _SIDE)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
