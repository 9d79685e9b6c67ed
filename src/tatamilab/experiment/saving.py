"""A run's files other than its figures: each whole or not at all, the same bytes for the same run."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tatamilab.errors import BadInput
from tatamilab.files import read_arrays, whole_file, write_whole
from tatamilab.i18n import _

if TYPE_CHECKING:
    import keras

NO_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP archive can hold


def save_model(model: "keras.Model", path: Path) -> None:
    """Write `model` in Keras's format, without the date and addresses in it: equal models, equal bytes."""
    with whole_file(path) as beside:
        model.save(beside)
        written = beside.read_bytes()
        beside.write_bytes(_without_chance(written))


def save_history(history: Mapping[str, Sequence[float]], path: Path) -> None:
    """Write one row an epoch, from 1, with Keras's names: accuracy, loss, val_accuracy, val_loss."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", *history])
    for epoch, row in enumerate(zip(*history.values(), strict=True), start=1):
        writer.writerow([epoch, *row])
    write_whole(path, text.getvalue())


def read_history(path: Path) -> dict[str, list[float]]:
    """What `save_history` wrote: a value an epoch, by Keras's names.

    Raises:
        BadInput: there is none, or it is damaged.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
        names = [name for name in (rows[0] if rows else ()) if name and name != "epoch"]
        return {name: [float(row[name]) for row in rows] for name in names}
    except (OSError, ValueError, TypeError, csv.Error) as problem:
        raise BadInput(_("{path} is damaged or missing.", path=path)) from problem


def save_predictions(probabilities: NDArray[np.float32], y_test: NDArray[np.integer], path: Path) -> None:
    """Write `probabilities` (n, classes) float32, `predicted` (n,) and `y_test` (n,)."""
    content = io.BytesIO()
    np.savez_compressed(
        content, probabilities=probabilities, predicted=probabilities.argmax(axis=1), y_test=y_test
    )
    write_whole(path, content.getvalue())


def read_predictions(path: Path) -> NDArray[np.float32]:
    """The probabilities (n, classes) that `save_predictions` wrote.

    Raises:
        BadInput: there are none, or the file is damaged.
    """
    return read_predictions_and_labels(path)[0]


def read_predictions_and_labels(path: Path) -> tuple[NDArray[np.float32], NDArray[np.integer]]:
    """The probabilities (n, classes) and the true labels (n,) that `save_predictions` wrote.

    Raises:
        BadInput: there are none, or the file is damaged.
    """
    damaged = _("{path} is damaged or missing; run the experiment again.", path=path)
    try:
        arrays = read_arrays(path.read_bytes())
        probabilities, labels = arrays["probabilities"], arrays["y_test"]
    except (OSError, ValueError, KeyError) as problem:
        raise BadInput(damaged) from problem
    are_numbers = probabilities.ndim == 2 and probabilities.dtype.kind == "f" and labels.dtype.kind in "iu"
    if not are_numbers or labels.shape != probabilities.shape[:1] or not probabilities.size:
        raise BadInput(damaged)
    return probabilities.astype(np.float32, copy=False), labels


def _without_chance(archive: bytes) -> bytes:
    """The archive without the time at which it was written and the places in memory that it names."""
    settled = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(settled, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "metadata.json":
                metadata = json.loads(content)
                metadata.pop("date_saved", None)
                content = json.dumps(metadata).encode()
            elif name == "config.json":
                content = _numbered(content)
            new.writestr(zipfile.ZipInfo(name, NO_TIME), content)
    return settled.getvalue()


def _numbered(config: bytes) -> bytes:
    """Keras tells shared objects by their addresses; any numbers do, if equal ones stay equal."""
    numbers: dict[bytes, int] = {}

    def number(found: re.Match[bytes]) -> bytes:
        return found[1] + str(numbers.setdefault(found[2], len(numbers) + 1)).encode()

    return re.sub(rb'("shared_object_id": )(\d+)', number, config)
