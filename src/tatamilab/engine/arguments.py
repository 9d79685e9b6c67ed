"""What callers give, checked in Python before a pointer leaves it."""

import numpy as np

from tatamilab.engine.plan import Plan
from tatamilab.errors import BadInput
from tatamilab.i18n import _

DTYPES = {"f32": np.float32, "u8": np.uint8}


def check_images(plan: Plan, x: np.ndarray) -> np.ndarray:
    """Images as the program reads them: its dtype, contiguous; copied where they are not.

    Raises:
        BadInput: the shape is another.
    """
    shape = plan.graph.input.shape
    x = np.asarray(x)
    if x.shape[1:] != shape and (*x.shape[1:], 1) != shape:
        raise BadInput(
            _(
                "The images must have shape (n, {expected}), got {got}.",
                expected=", ".join(map(str, shape)),
                got=x.shape,
            )
        )
    if x.dtype.kind not in "fiub":
        raise BadInput(_("The images must be numbers, got dtype {dtype}.", dtype=x.dtype))
    return np.ascontiguousarray(x, DTYPES[plan.input_dtype])


def check_labels(plan: Plan, y: np.ndarray, n: int) -> np.ndarray:
    """Labels as the program reads them: int32 (n,), or float32 (n, outputs).

    Raises:
        BadInput: not one for each image, another width, or a class number that does not exist.
    """
    assert plan.training
    y = np.asarray(y)
    if len(y) != n:
        raise BadInput(_("There are {images} images but {labels} labels.", images=n, labels=len(y)))
    width = plan.graph.output.size
    if not plan.training.loss.kind.startswith("sparse"):
        if y.size != n * width:
            raise BadInput(
                _("The targets must have shape (n, {width}), got {got}.", width=width, got=y.shape)
            )
        return np.ascontiguousarray(y.reshape(n, width), np.float32)
    if y.size != n:
        raise BadInput(_("The labels must be one class number an image, got shape {got}.", got=y.shape))
    labels = np.ascontiguousarray(y.reshape(n), np.int32)
    outside = np.flatnonzero((labels < 0) | (labels >= width))
    if outside.size:
        at = int(outside[0])
        raise BadInput(
            _(
                "Label {at} is {value}, but the network has {classes} classes, 0 to {last}.",
                at=at,
                value=int(labels[at]),
                classes=width,
                last=width - 1,
            )
        )
    return labels


def check_weights(weights: np.ndarray | None, n: int) -> np.ndarray:
    """Sample weights as float32 (n,); ones where none are given.

    Raises:
        BadInput: not one for each image.
    """
    if weights is None:
        return np.ones(n, np.float32)
    if np.shape(weights) != (n,):
        raise BadInput(
            _("There must be one weight for each of {n} images, got shape {got}.", n=n, got=np.shape(weights))
        )
    return np.ascontiguousarray(weights, np.float32)
