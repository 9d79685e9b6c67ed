"""A result: what was trained how on what, and what came of it. Written by `keep` and by runs, read by reports."""

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tatamilab.analysis import Interval, wilson_interval
from tatamilab.errors import BadInput
from tatamilab.files import sha256
from tatamilab.i18n import _

MIME = "application/vnd.tatamilab.result+json"
"""How a result lies among the outputs of a notebook's cell."""

SCHEMA = 1
LONGEST_TEXT = 2_000
MOST_EPOCHS = 10_000
MOST_IMAGES = 1_000_000

ARCHITECTURES = {
    "Conv2D 24×24×32 (832) → MaxPooling2D 12×12×32 → Flatten 4608 → Dense 20 (92180) → Dense 10 (210)": "cnn",
    "Conv2D 24×24×32 (832) → MaxPooling2D 12×12×32 → Flatten 4608 → Dense 128 (589952) → Dense 10 (1290)": (
        "cnn-small-data"
    ),
    "Flatten 784 → Dense 32 (25120) → Dense 10 (330)": "bpnn",
}
"""The built-in models, by what `architecture` says of them."""


@dataclass(frozen=True)
class Recipe:
    """All that decides a training; the names are those of `tatami run`.

    Attributes:
        model: a built-in name, or "" if the network is the user's own.
        data: a data set's name, or "" if it isn't known.
        data_size: images asked for; None for all.
        draw: seed of a random sample; None for the first images.
        epochs: passes over the images.
        batch_size: images a step.
        validation_split: share that validated.
        optimizer: name.
        lr: learning rate.
        seed: of initial weights and order.
    """

    model: str
    data: str
    data_size: int | None
    draw: int | None
    epochs: int
    batch_size: int
    validation_split: float
    optimizer: str
    lr: float
    seed: int | None


@dataclass(frozen=True)
class Result:
    """What came of one training.

    Attributes:
        label: what the student calls it.
        task: the task that it belongs to, or "".
        architecture: layers with output shape and number of parameters.
        n_parameters: of all layers.
        recipe: how it was trained.
        steps_per_epoch: steps of a whole epoch.
        history: one value an epoch, by Keras's names.
        loss: on the test images; None if it is no finite number.
        correct: test images recognised.
        n: test images.
        wrong: which were not recognised, a bit each, in base64.
        predictions: SHA-256 of all predicted probabilities; two networks share it only if they are one.
        trainer: "tatamilab" or "keras".
        plan: hash of the engine's plan; None where Keras trained.
        data_hashes: SHA-256 by file.
        versions: of Python and the packages that decide numbers.
        machine: what of the computer can change a number.
    """

    label: str
    task: str
    architecture: str
    n_parameters: int
    recipe: Recipe
    steps_per_epoch: int
    history: dict[str, list[float | None]]
    loss: float | None
    correct: int
    n: int
    wrong: str
    predictions: str
    trainer: str
    plan: str | None
    data_hashes: dict[str, str]
    versions: dict[str, str]
    machine: dict[str, str]

    @property
    def accuracy(self) -> float:
        """Share of the test images that were recognised, 0–1."""
        return self.correct / self.n

    @property
    def interval(self) -> Interval:
        """Wilson's 95% interval of the accuracy: for the choice of test images, nothing else."""
        return wilson_interval(self.correct, self.n)

    @property
    def is_repeatable(self) -> bool:
        """Whether all that decides it is built in: nothing of the student's own would have to be run."""
        return bool(self.recipe.model and self.recipe.data == "mnist" and self.recipe.seed is not None)

    @property
    def mistakes(self) -> NDArray[np.bool_]:
        """Which test images were not recognised (n,)."""
        return unpacked(self.wrong, self.n)

    def to_json(self) -> dict[str, Any]:
        """The result with its layout's number and its hash."""
        fields = {"schema": SCHEMA, **asdict(self)}
        return {**fields, "sha256": digest(fields)}

    def __str__(self) -> str:
        return _(
            "{label}: {accuracy:.2%} of {n:,} test images (95% interval {low:.2%}–{high:.2%})",
            label=self.label,
            accuracy=self.accuracy,
            n=self.n,
            low=self.interval.low,
            high=self.interval.high,
        )


def digest(fields: dict[str, Any]) -> str:
    """SHA-256 of JSON-able fields, whatever their order."""
    return sha256(json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())


def packed(wrong: NDArray[np.bool_]) -> str:
    """Booleans as bits in base64."""
    return base64.b64encode(np.packbits(wrong).tobytes()).decode()


def unpacked(text: str, n: int) -> NDArray[np.bool_]:
    """`n` booleans from what `packed` wrote.

    Raises:
        BadInput: the text holds other than `n`.

    Example:
        >>> unpacked(packed(np.array([True, False, True])), 3)
        array([ True, False,  True])
    """
    try:
        bits = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
    except (binascii.Error, ValueError) as error:
        raise BadInput(_("The list of mistakes is damaged.")) from error
    if len(bits) != -(-n // 8):
        raise BadInput(_("The list of mistakes is damaged."))
    return np.unpackbits(bits, count=n).astype(bool)


def read(fields: object) -> tuple[Result, bool]:
    """A result from what `to_json` wrote, and whether its hash still fits.

    Args:
        fields: anything at all; nothing in it is trusted.

    Raises:
        BadInput: it isn't a result, or one that makes no sense.
    """
    from pydantic import TypeAdapter, ValidationError

    if not isinstance(fields, dict) or fields.get("schema") != SCHEMA:
        raise BadInput(_("A result is not what tatamilab.keep writes."))
    content = {name: value for name, value in fields.items() if name not in ("schema", "sha256")}
    try:
        result = TypeAdapter(Result).validate_python(content)
    except ValidationError as error:
        raise BadInput(
            _(
                "A result is not what tatamilab.keep writes: its entry {entry} is wrong.",
                entry=".".join(str(part) for part in error.errors()[0]["loc"])[:LONGEST_TEXT],
            )
        ) from error
    _check(result)
    return result, digest({name: value for name, value in fields.items() if name != "sha256"}) == fields.get(
        "sha256"
    )


def _check(result: Result) -> None:
    sizes = [len(values) for values in result.history.values()]
    texts = (
        result.label,
        result.task,
        result.architecture,
        *result.versions.values(),
        *result.machine.values(),
    )
    if not (
        0 < result.n <= MOST_IMAGES
        and 0 <= result.correct <= result.n
        and max(sizes, default=0) <= MOST_EPOCHS
        and all(len(text) <= LONGEST_TEXT for text in texts)
        and int(unpacked(result.wrong, result.n).sum()) == result.n - result.correct
    ):
        raise BadInput(
            _("The numbers of the result {label!r} contradict each other.", label=result.label[:80])
        )
