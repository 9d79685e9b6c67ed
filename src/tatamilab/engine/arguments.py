"""What callers give, checked in Python before a pointer leaves it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tatamilab.engine.plan import Plan
from tatamilab.errors import BadInput
from tatamilab.i18n import _

DTYPES = {"f32": np.float32, "u8": np.uint8}
NUMBERS = "fiub"
"""Kinds of dtype that can be cast to float32 without loss of meaning."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Images with their labels, as a program reads them: made by `Program.examples`.

    Args:
        images: float32 or uint8 (n, *input shape), contiguous.
        targets: int32 (n,), or float32 (n, outputs).
        weights: float32 (n,).
    """

    images: np.ndarray
    targets: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.images)


def check_choice(name: str, value: str, choices: Iterable[str]) -> str:
    """One of some words.

    Raises:
        BadInput: it is none of them.
    """
    if value not in choices:
        known = ", ".join(map(repr, choices))
        raise BadInput(
            _("{name} must be one of {choices}, got {value!r}.", name=name, choices=known, value=value)
        )
    return value


def check_name(name: str, known: Iterable[str]) -> str:
    """The name of a parameter.

    Raises:
        BadInput: there is none of that name.
    """
    if name not in known:
        raise BadInput(
            _("There is no parameter {name!r}; there are {known}.", name=name, known=", ".join(known))
        )
    return name


def check_seed(seed: Any) -> int:
    """A seed.

    Raises:
        BadInput: no whole number.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise BadInput(_("The seed must be a whole number, got {value!r}.", value=seed))
    return int(seed)


def check_snapshots(snapshots: Any, rows: int, n_floats: int) -> None:
    """Memory for the parameters after so many steps.

    Raises:
        BadInput: it is no float32 array that can be written, or too small.
    """
    fits = (
        isinstance(snapshots, np.ndarray)
        and snapshots.dtype == np.float32
        and snapshots.flags.writeable
        and snapshots.ndim == 2
        and snapshots.shape[0] >= rows
        and snapshots.shape[1] == n_floats
    )
    if not fits:
        raise BadInput(
            _(
                "snapshots must be a writable float32 array of shape ({rows} or more, {floats}), got {got}.",
                rows=rows,
                floats=n_floats,
                got=_kind(snapshots),
            )
        )


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    return type(value).__name__


def check_count(name: str, value: Any, *, largest: int) -> int:
    """A batch size or a number of threads.

    Raises:
        BadInput: no whole number from 1 to `largest`.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 1 <= value <= largest:
        raise BadInput(
            _(
                "{name} must be a whole number from 1 to {largest}, got {value!r}.",
                name=name,
                largest=largest,
                value=value,
            )
        )
    return int(value)


def check_images(plan: Plan, x: np.ndarray) -> np.ndarray:
    """Images as the program reads them: its dtype, contiguous; copied where they are not.

    Raises:
        BadInput: the shape is another, they are no numbers, or no bytes where the program reads bytes.
    """
    shape = plan.graph.input.shape
    x = _as_array("x", x)
    if x.ndim == 0 or shape not in (x.shape[1:], (*x.shape[1:], 1)):
        raise BadInput(
            _(
                "The images must have shape (n, {expected}), got {got}.",
                expected=", ".join(map(str, shape)),
                got=x.shape,
            )
        )
    if plan.input_dtype == "u8" and x.dtype != np.uint8:
        raise BadInput(_("The images must be bytes (uint8), got dtype {dtype}.", dtype=x.dtype))
    if x.dtype.kind not in NUMBERS:
        raise BadInput(_("The images must be numbers, got dtype {dtype}.", dtype=x.dtype))
    return np.ascontiguousarray(x, DTYPES[plan.input_dtype])


def check_labels(plan: Plan, y: np.ndarray | None, n: int) -> np.ndarray:
    """Labels as the program reads them: int32 (n,), or float32 (n, outputs).

    Raises:
        BadInput: none, not one for each image, another width, or a class number that does not exist.
    """
    assert plan.training
    if y is None:
        raise BadInput(_("Labels are needed beside the images."))
    y = _as_array("y", y)
    if y.dtype.kind not in NUMBERS:
        raise BadInput(_("The labels must be numbers, got dtype {dtype}.", dtype=y.dtype))
    if y.ndim == 0 or len(y) != n:
        labels = len(y) if y.ndim else 1
        raise BadInput(_("There are {images} images but {labels} labels.", images=n, labels=labels))
    width = plan.graph.output.size
    if not plan.training.loss.kind.startswith("sparse"):
        if y.size != n * width:
            raise BadInput(
                _("The targets must have shape (n, {width}), got {got}.", width=width, got=y.shape)
            )
        return np.ascontiguousarray(y.reshape(n, width), np.float32)
    if y.size != n:
        raise BadInput(_("The labels must be one class number an image, got shape {got}.", got=y.shape))
    y = y.reshape(n)
    outside = np.flatnonzero(~((y >= 0) & (y < width)))  # before the cast, which wraps; true for NaN
    if outside.size:
        at = int(outside[0])
        raise BadInput(
            _(
                "Label {at} is {value}, but the network has {classes} classes, 0 to {last}.",
                at=at,
                value=y[at].item(),
                classes=width,
                last=width - 1,
            )
        )
    return np.ascontiguousarray(y, np.int32)


def check_order(order: np.ndarray | None, n: int) -> np.ndarray:
    """The rows to train on, as the program reads them: int64 (steps × batch,); all in their order for None.

    Raises:
        BadInput: they are no list of whole numbers, or one of them is no row.
    """
    if order is None:
        return np.arange(n)
    order = _as_array("order", order)
    if order.ndim != 1 or (order.size and order.dtype.kind not in "iu"):
        raise BadInput(
            _(
                "The order must be a list of row numbers, got shape {shape} and dtype {dtype}.",
                shape=order.shape,
                dtype=order.dtype,
            )
        )
    outside = np.flatnonzero((order < 0) | (order >= n))
    if outside.size:
        at = int(outside[0])
        raise BadInput(
            _(
                "Entry {at} of the order is {value}, but there are {images} images, counted from 0.",
                at=at,
                value=order[at].item(),
                images=n,
            )
        )
    return np.ascontiguousarray(order, np.int64)


def check_rates(learning_rate: float | np.ndarray, n_steps: int) -> np.ndarray:
    """The learning rate of each step, float32 (steps,).

    Raises:
        BadInput: neither one number nor one for each step.
    """
    given = _as_array("learning_rate", learning_rate)
    if given.dtype.kind not in NUMBERS or given.shape not in ((), (n_steps,)):
        raise BadInput(
            _(
                "The learning rate must be one number, or one for each of {steps} steps, got shape {shape} and "
                "dtype {dtype}.",
                steps=n_steps,
                shape=given.shape,
                dtype=given.dtype,
            )
        )
    return np.broadcast_to(given.astype(np.float32), (n_steps,))


def check_weights(weights: np.ndarray | None, n: int) -> np.ndarray:
    """Sample weights as float32 (n,); ones where none are given.

    Raises:
        BadInput: not one for each image, or no numbers.
    """
    if weights is None:
        return np.ones(n, np.float32)
    weights = _as_array("sample_weight", weights)
    if weights.shape != (n,):
        raise BadInput(
            _("There must be one weight for each of {n} images, got shape {got}.", n=n, got=weights.shape)
        )
    if weights.dtype.kind not in NUMBERS:
        raise BadInput(_("The weights must be numbers, got dtype {dtype}.", dtype=weights.dtype))
    return np.ascontiguousarray(weights, np.float32)


def check_parameter(name: str, value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """One parameter's values, float32 in its shape.

    Raises:
        BadInput: another shape, or no numbers.
    """
    given = _as_array(name, value)
    if given.shape != shape or given.dtype.kind not in NUMBERS:
        raise BadInput(
            _(
                "{name} must be numbers of shape {expected}, got shape {got} and dtype {dtype}.",
                name=name,
                expected=shape,
                got=given.shape,
                dtype=given.dtype,
            )
        )
    return given.astype(np.float32)


def _as_array(name: str, value: Any) -> np.ndarray:
    try:
        return np.asarray(value)
    except ValueError:  # rows of different lengths
        raise BadInput(_("{name} must be an array, but its rows differ in length.", name=name)) from None
