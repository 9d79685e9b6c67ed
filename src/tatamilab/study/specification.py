"""What a study asks, as people write it: TOML or Python, checked, with messages that name the key."""

import itertools
import re
import tomllib
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from tatamilab.errors import BadInput
from tatamilab.experiment.options import OPTIMIZERS
from tatamilab.i18n import _
from tatamilab.study.complaints import complaint
from tatamilab.study.contrast import Contrast

Measure = Literal["test_accuracy", "validation_accuracy", "best_epoch_accuracy"]

Option = bool | int | float | str

PLACE = re.compile(r"\(at line (\d+), column (\d+)\)$")
"""How the parser of TOML ends what it says."""

MOST_ARMS = 1000
"""Arms of a study; factors multiply, and a few too many would be more than anybody can read."""

MOST_RUNS = 1_000_000
"""Runs of a study, all together."""


class _Checked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Recipe(_Checked):
    """How one arm is trained; the defaults are the worksheet's for 600 images.

    Attributes:
        model: a built-in name, FILE.keras or MODULE:FUNCTION.
        options: keywords of the model's function.
        optimizer: a name that `tatami run --optimizer` knows.
        learning_rate: above 0.
        epochs: passes over the training images.
        updates: steps of the optimizer, in place of `epochs`.
        batch_size: images a step.
        frozen: the first convolution stays as it was drawn.
        permuted: all images have their pixels moved by one fixed permutation.
    """

    model: str = "cnn-small-data"
    options: dict[str, Option] = Field(default_factory=dict)
    optimizer: str = "adam"
    learning_rate: float = Field(default=0.001, gt=0, allow_inf_nan=False)
    epochs: int = Field(default=50, ge=1, le=1_000_000)
    updates: int | None = Field(default=None, ge=1, le=1_000_000_000)
    batch_size: int = Field(default=128, ge=1, le=2**20)
    frozen: bool = False
    permuted: bool = False

    @field_validator("optimizer")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in OPTIMIZERS:
            raise ValueError(
                _("{value!r} is none; known are {known}", value=value, known=", ".join(OPTIMIZERS))
            )
        return value


class Study(_Checked):
    """One question: which arms, on how many images, how often.

    Attributes:
        name: what it is called.
        data: a known data set, or a path.
        seed: the root of all random streams.
        sizes: numbers of images, validation included.
        draws: random samples of each size; a smaller one is the beginning of a larger one.
        first: whether the first images, the worksheet's own sample, are trained on too; shown beside, never mixed in.
        initialisations: initial weights for each draw.
        orders: orders of the images for each draw and initialisation.
        validation_split: share of each sample that validates.
        measure: what is compared; the best epoch is chosen by validation, and scored once on the test images.
        recipe: what the arms have in common.
        factors: values of settings of the recipe, or of keywords of the model's function; all combinations are arms.
        arms: arms by name, each with what it has of its own; in place of factors.
        contrasts: what is asked, such as "cnn - bpnn"; None for every arm against the first.
    """

    name: str = Field(default="study", min_length=1, max_length=100)
    data: str = "mnist"
    seed: int = Field(default=0, ge=0, lt=2**63)
    sizes: tuple[int, ...] = Field(default=(600,), min_length=1)
    draws: int = Field(default=20, ge=2, le=100_000)
    first: bool = True
    initialisations: int = Field(default=1, ge=1, le=1000)
    orders: int = Field(default=1, ge=1, le=1000)
    validation_split: float = Field(default=0.1, gt=0, lt=1)
    measure: Measure = "test_accuracy"
    recipe: dict[str, Any] = Field(default_factory=dict)
    factors: dict[str, tuple[Option, ...]] = Field(default_factory=dict)
    arms: dict[str, dict[str, Any]] = Field(default_factory=dict)
    contrasts: tuple[str, ...] | None = None

    @field_validator("sizes", "contrasts", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("factors", mode="before")
    @classmethod
    def _lists_to_tuples(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        return {key: tuple(one) if isinstance(one, list) else one for key, one in value.items()}

    @field_validator("sizes")
    @classmethod
    def _ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if min(value) < 1:
            raise ValueError(_("a size must be 1 or more; received {size:,}", size=min(value)))
        return tuple(sorted(set(value)))

    @model_validator(mode="after")
    def _consistent(self) -> "Study":
        for key, values in self.factors.items():
            if not values:
                raise ValueError(_("the factor {key} has no values", key=key))
        arms = len(self.arms) or prod(len(values) for values in self.factors.values())
        if arms > MOST_ARMS:
            raise ValueError(_("{n:,} arms are more than {most:,}", n=arms, most=MOST_ARMS))
        runs = arms * len(self.sizes) * (self.draws + self.first) * self.initialisations * self.orders
        if runs > MOST_RUNS:
            raise ValueError(_("{n:,} runs are more than {most:,}", n=runs, most=MOST_RUNS))
        if self.factors and self.arms:
            raise ValueError(_("give either factors or arms, not both"))
        known = self.recipes()
        for contrast in self.asked():
            for arm in contrast.arms:
                if arm not in known:
                    raise ValueError(
                        _("the contrast {text!r} names no arm {arm!r}; arms are {known}", text=contrast.text,
                          arm=arm, known=", ".join(known))
                    )  # fmt: skip
        return self

    def recipes(self) -> dict[str, Recipe]:
        """The arms by name, in order, each with its whole recipe."""
        if self.arms:
            return {name: _recipe(f"arms.{name}", self.recipe, own) for name, own in self.arms.items()}
        names, values = list(self.factors), list(self.factors.values())
        combinations = [dict(zip(names, one, strict=True)) for one in itertools.product(*values)]
        return {_label(self.factors, one): _recipe("factors", self.recipe, one) for one in combinations}

    @property
    def seeks_best_epoch(self) -> bool:
        """Whether runs must look for their best epoch, which takes time: each epoch is validated."""
        return self.measure == "best_epoch_accuracy"

    def asked(self) -> list[Contrast]:
        """The contrasts asked, by default every arm against the first."""
        if self.contrasts is not None:
            return [Contrast.read(text) for text in self.contrasts]
        first, *others = self.recipes()
        return [Contrast.read(f"{arm} - {first}") for arm in others]


def _recipe(where: str, common: Mapping[str, Any], own: Mapping[str, Any]) -> Recipe:
    """A recipe from its two halves; what is no setting of a recipe is a keyword of the model's function."""
    for source, half in (("recipe", common), (where, own)):
        if not isinstance(half.get("options", {}), Mapping):
            raise BadInput(
                _(
                    "{source}: {key} must be {allowed}; received {received!r}.",
                    source=source,
                    key="options",
                    allowed=_("a table"),
                    received=half["options"],
                )
            )
    options = {**common.get("options", {}), **own.get("options", {})}
    settings: dict[str, Any] = {}
    for key, value in {**common, **own}.items():
        (settings if key in Recipe.model_fields else options)[key] = value
    try:
        return Recipe(**{**settings, "options": options})
    except ValidationError as error:
        wrong = error.errors()[0]["loc"]
        is_own = any(key in own or key in own.get("options", {}) for key in wrong)
        raise BadInput(complaint(where if is_own else "recipe", error, Recipe).rstrip(".。")) from error


def _label(factors: Mapping[str, tuple[Option, ...]], values: Mapping[str, Option]) -> str:
    """What a combination is called: the values that differ between arms."""
    varied = {key: value for key, value in values.items() if len(factors[key]) > 1}
    parts = [str(value) if key == "model" else f"{key}={value}" for key, value in varied.items()]
    return ", ".join(parts) or str(values.get("model", Recipe().model))


def make_study(source: str, settings: Mapping[str, Any]) -> Study:
    """A study from what someone wrote.

    Args:
        source: where it was written, for messages.
        settings: as TOML gives them.

    Raises:
        BadInput: a key is unknown, or a value is not what it must be.
    """
    try:
        return Study.model_validate(dict(settings))
    except ValidationError as error:
        raise BadInput(complaint(source, error, Study)) from error


def changed(source: str, study: Study, changes: Mapping[str, Any]) -> Study:
    """The study with other values of some keys.

    Raises:
        BadInput: a value is not what it must be.
    """
    return make_study(source, {**study.model_dump(mode="json"), **changes})


def read_study(path: Path) -> Study:
    """The study in a TOML file.

    Raises:
        BadInput: there is no such file, it is not TOML, or no study.
    """
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(
            _("The study {path} cannot be read: {reason}.", path=path, reason=error.strerror or error)
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadInput(_("{path} is no TOML: {reason}.", path=path, reason=_no_toml(error))) from error
    return make_study(str(path), {"name": path.stem, **settings})


def _no_toml(error: Exception) -> str:
    """Where a file ceases to be TOML, as part of a sentence; of the place, Python's parser tells in words only."""
    if isinstance(error, UnicodeDecodeError):
        return _("it is no text in UTF-8")
    if place := PLACE.search(str(error)):
        return _("line {line} can't be read from column {column} on", line=place[1], column=place[2])
    return _("it can't be read to its end")
