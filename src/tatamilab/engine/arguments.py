"""What callers give, checked in Python before a pointer leaves it."""

from typing import Any

import numpy as np

from tatamilab.engine.plan import Plan
from tatamilab.errors import BadInput
from tatamilab.i18n import _

DTYPES = {"f32": np.float32, "u8": np.uint8}
NUMBERS = "fiub"
"""Kinds of dtype that can be cast to float32 without loss of meaning."""


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


def check_labels(plan: Plan, y: np.ndarray, n: int) -> np.ndarray:
    """Labels as the program reads them: int32 (n,), or float32 (n, outputs).

    Raises:
        BadInput: not one for each image, another width, or a class number that does not exist.
    """
    assert plan.training
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
