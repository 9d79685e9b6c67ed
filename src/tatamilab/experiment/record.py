"""`run.json`: all that is needed to know what a run was, and to repeat it."""

import json
import shlex
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from tatamilab.errors import BadInput
from tatamilab.experiment.folder import RECORD
from tatamilab.experiment.options import RunOptions
from tatamilab.experiment.scoring import Score
from tatamilab.files import read_json
from tatamilab.i18n import _

SCHEMA = 1
"""Raised when a field changes its meaning; a reader refuses what is newer than it."""


class Status(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True)
class DataRecord:
    """What was learned from.

    Attributes:
        name: of the data set.
        source: its homepage or path.
        licence: an SPDX identifier, where known.
        hashes: SHA-256 by file.
        notes: what was done to the images, in words.
        class_names: what each label means.
        image_shape: rows, columns, channels.
        n_train: images trained on.
        n_validation: images that validated.
        n_test: images tested on.
    """

    name: str
    source: str
    licence: str | None
    hashes: dict[str, str]
    notes: tuple[str, ...]
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    n_train: int
    n_validation: int
    n_test: int


@dataclass(frozen=True)
class LayerRecord:
    """One layer.

    Attributes:
        name: Keras's name of it.
        type: its class.
        output_shape: without the axis of images.
        n_parameters: trained and untrained together.
    """

    name: str
    type: str
    output_shape: tuple[int, ...]
    n_parameters: int


@dataclass(frozen=True)
class ModelRecord:
    """What learned.

    Attributes:
        name: Keras's name of it.
        n_parameters: of all layers.
        layers: from input to output.
        file_sha256: of the file it was loaded from, if it was.
    """

    name: str
    n_parameters: int
    layers: tuple[LayerRecord, ...]
    file_sha256: str | None


@dataclass(frozen=True)
class TrainingRecord:
    """How it learned.

    Attributes:
        trainer: "tatamilab" for our engine, or "keras".
        reason: why that one.
        steps_per_epoch: steps of a whole epoch.
        epochs_begun: epochs that `history.csv` has a row of; the last is cut short if `stopped_at` says so.
        stopped_at: (epoch, step) of the last step, from 1, if Ctrl-C cut the training short.
        plan: the hash of the engine's plan, which fixes every bit; None where Keras trained.
    """

    trainer: str
    reason: str
    steps_per_epoch: int
    epochs_begun: int
    stopped_at: tuple[int, int] | None
    plan: str | None = None


@dataclass(frozen=True)
class RunRecord:
    """One run.

    Attributes:
        schema: version of this layout.
        status: how the run ended.
        error: what went wrong, if it failed.
        started: local time with its offset, ISO 8601.
        folder: where the run lies; not stored, because a folder may be moved.
        command: the command line that repeats it.
        options: every setting, see `RunOptions`.
        data: what was learned from.
        model: what learned.
        training: how; `None` if it failed before.
        untrained: score on the test images before training.
        trained: score on the test images after training.
        timings_s: seconds by phase.
        versions: of Python and the packages that decide the numbers.
        machine: the computer's facts, by name.
    """

    schema: int
    status: Status
    error: str | None
    started: str
    folder: Path
    command: str
    options: dict[str, Any]
    data: DataRecord
    model: ModelRecord
    training: TrainingRecord | None
    untrained: Score | None
    trained: Score | None
    timings_s: dict[str, float]
    versions: dict[str, str]
    machine: dict[str, Any]

    def to_json(self) -> str:
        """The record as it stands in `run.json`."""
        fields = asdict(self)
        del fields["folder"]
        return json.dumps(fields, ensure_ascii=False, indent=2, allow_nan=False, default=str) + "\n"


def read(folder: Path) -> RunRecord:
    """Read the record of the run in `folder`.

    Raises:
        BadInput: there is none, or it is not one that this version can read.
    """
    from pydantic import TypeAdapter, ValidationError

    path = folder / RECORD
    try:
        fields = read_json(path.read_bytes())
        schema = fields["schema"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadInput(
            _("{folder} is not the folder of a run: it holds no readable {name}.", folder=folder, name=RECORD)
        ) from error
    if schema != SCHEMA:
        raise BadInput(
            _(
                "{path} has layout {schema}, and this version of tatamilab reads layout {known}; "
                "update tatamilab.",
                path=path,
                schema=" ".join(str(schema).split()),
                known=SCHEMA,
            )
        )
    try:
        record = TypeAdapter(RunRecord).validate_python({**fields, "folder": folder})
        asked = TypeAdapter(RunOptions).validate_python({**RunOptions().as_dict(), **record.options})
    except (ValidationError, BadInput) as error:
        loc = error.errors()[0]["loc"] if isinstance(error, ValidationError) else ("options",)
        raise BadInput(
            _(
                "{path} is damaged: its entry {entry} is not what a run writes.",
                path=path,
                entry=".".join(" ".join(str(part).split()) for part in loc),
            )
        ) from error
    return replace(record, options=asked.as_dict())


def command_line(options: RunOptions) -> str:
    """The command that repeats a run, wherever it is started.

    Example:
        >>> command_line(RunOptions(data_size=600, balanced=True, draw=1, out=Path("here")))
        'tatami run --data-size 600 --draw 1 --balanced'
    """
    words = ["tatami", "run"]
    for name, value in options.changed().items():
        if name in ("out", "force"):
            continue
        words.append("--" + name.replace("_", "-"))
        if value is not True:
            words.append(str(value))
    return shlex.join(words)
