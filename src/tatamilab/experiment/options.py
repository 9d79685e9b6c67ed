"""What a run is asked to do: every setting checked before anything is read or written."""

import difflib
import math
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from tatamilab.errors import BadInput
from tatamilab.i18n import LANGUAGES, _

OPTIMIZERS = {
    "adam": "Adam",
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "adamw": "AdamW",
    "nadam": "Nadam",
    "adamax": "Adamax",
    "adagrad": "Adagrad",
    "adadelta": "Adadelta",
    "lion": "Lion",
}
"""What `optimizer` knows by name, and Keras's class for it."""

BACKENDS = ("auto", "keras")
"""Who may train: "auto" is our engine where it applies, else Keras."""

LARGEST_SEED = 2**32 - 1

LONGEST_LABEL = 40
"""Letters of a model's name in the name of a folder."""


@dataclass(frozen=True)
class RunOptions:
    """Everything that decides a run. The defaults are the worksheet's.

    Attributes:
        data: a known data set's name, or the path (or its text) of a folder, an `.npz` file or IDX files.
        data_size: the first so many training images; `None` for all.
        draw: with `data_size`, the seed of a random subset instead of the first images.
        balanced: with `draw`, as many images of each class.
        skip_bad: leave out images that can't be read, instead of stopping at the first.
        data_mirror: address or folder to fetch data from, in place of the official one.
        model: a built-in name, `FILE.keras` (a path or a text) or `MODULE:FUNCTION`.
        epochs: passes over the training images, at least 1.
        batch_size: images a step, at least 1.
        validation_split: share of the training images, taken from the end, to validate on; between 0 and 1.
        optimizer: a name in `OPTIMIZERS`.
        lr: learning rate, above 0.
        seed: of the initial weights and the order of the images, from 0 to 2³² - 1.
        lang: language of the page and the figures, "ja" or "en"; `None` for the language in force.
        out: the run's folder, a path or a text; `None` for `runs/<time>-<model>-<seed>`.
        force: write into `out` though it is not empty.
        backend: a name in `BACKENDS`.

    Raises:
        BadInput: a value is outside what is stated here.

    Example:
        >>> RunOptions(epochs=3).batch_size
        128
    """

    data: str = "mnist"
    data_size: int | None = None
    draw: int | None = None
    balanced: bool = False
    skip_bad: bool = False
    data_mirror: str | None = None
    model: str = "cnn"
    epochs: int = 10
    batch_size: int = 128
    validation_split: float = 0.1
    optimizer: str = "adam"
    lr: float = 0.001
    seed: int = 0
    lang: str | None = None
    out: Path | None = None
    force: bool = False
    backend: str = "auto"

    def __post_init__(self) -> None:
        for name in ("data", "model"):
            object.__setattr__(self, name, _text(name, getattr(self, name)))
        if self.out is not None:
            object.__setattr__(self, "out", _path("out", self.out))
        _whole_number_from_1("epochs", self.epochs)
        _whole_number_from_1("batch_size", self.batch_size)
        _one_of("optimizer", self.optimizer, tuple(OPTIMIZERS))
        _one_of("backend", self.backend, BACKENDS)
        if self.lang is not None:
            _one_of("lang", self.lang, LANGUAGES)
        if not (_is_number(self.lr) and 0 < self.lr < math.inf):
            raise BadInput(
                _(
                    "lr must be a number above 0, but {value!r} was given; the worksheet uses 0.001.",
                    value=self.lr,
                )
            )
        if not (_is_number(self.validation_split) and 0 < self.validation_split < 1):
            raise BadInput(
                _(
                    "validation_split must lie between 0 and 1, but {value!r} was given; "
                    "the worksheet uses 0.1.",
                    value=self.validation_split,
                )
            )
        if not (_is_whole(self.seed) and 0 <= self.seed <= LARGEST_SEED):
            raise BadInput(
                _(
                    "seed must be a whole number from 0 to {largest}, but {value!r} was given.",
                    largest=LARGEST_SEED,
                    value=self.seed,
                )
            )

    @property
    def model_label(self) -> str:
        """A short name of the model that is safe in a folder's name.

        Example:
            >>> RunOptions(model="models/My net.keras").model_label, RunOptions(model="nets:wide").model_label
            ('My-net', 'wide')
        """
        name = Path(self.model).stem if self.model.endswith(".keras") else self.model.rpartition(":")[2]
        return re.sub(r"[^\w.-]+", "-", name)[:LONGEST_LABEL].strip("-.") or "model"

    def as_dict(self) -> dict[str, Any]:
        """The options as plain values, for `run.json`."""
        return {**asdict(self), "out": None if self.out is None else str(self.out)}

    def changed(self) -> dict[str, Any]:
        """The options that differ from the worksheet's defaults."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) != f.default}


def _text(name: str, value: object) -> str:
    if not isinstance(value, (str, Path)):
        raise BadInput(_("{name} must be a name or a path, but {value!r} was given.", name=name, value=value))
    return str(value)


def _path(name: str, value: object) -> Path:
    if not isinstance(value, (str, Path)):
        raise BadInput(_("{name} must be a path, but {value!r} was given.", name=name, value=value))
    return Path(value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _whole_number_from_1(name: str, value: object) -> None:
    if not (_is_whole(value) and value >= 1):  # type: ignore[operator]
        raise BadInput(
            _("{name} must be a whole number of at least 1, but {value!r} was given.", name=name, value=value)
        )


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value in known:
        return
    if nearest := difflib.get_close_matches(str(value), known, n=1):
        raise BadInput(
            _(
                "Unknown {name} {value!r}; the nearest known one is {nearest!r}.",
                name=name,
                value=value,
                nearest=nearest[0],
            )
        )
    raise BadInput(
        _("Unknown {name} {value!r}; known ones are {known}.", name=name, value=value, known=", ".join(known))
    )
