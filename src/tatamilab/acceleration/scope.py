"""What can't be given to the engine, and why: Keras then does the whole call.

All checks are pure: nothing of the model, the data or the random state has changed when one says no.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from tatamilab.acceleration.internals import is_nnx_enabled
from tatamilab.acceleration.outcome import OnlySteps
from tatamilab.engine import arguments
from tatamilab.engine.graph import Dropout, Graph, Shape, Training, Unsupported
from tatamilab.engine.plan import Plan
from tatamilab.i18n import _

OWN_STEPS = (
    "train_step",
    "test_step",
    "predict_step",
    "call",
    "compute_loss",
    "compute_metrics",
    "compute_loss_and_updates",
    "make_train_function",
    "make_test_function",
    "make_predict_function",
)
"""Methods that decide what a step computes; assigned to a model itself, they are the user's own."""


@dataclass(frozen=True)
class Arrays:
    """What a call reads, as NumPy arrays.

    Args:
        x: images, (n, …).
        y: labels or targets, (n, …); empty to predict.
        weights: one weight for each image, (n,), or None.
    """

    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None = None


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse options that only Keras's own loop knows.

    Args:
        options: by the name that Keras has for them; None stands for "not given".

    Raises:
        OnlySteps: naming the first that is given.
    """
    for name, value in options.items():
        if value is not None:
            raise OnlySteps(_("option {name}", name=name), _("isn't lowered"))


def check_model(model: Any) -> None:
    """Refuse what the front end can't see: steps of the user's own, eager steps, distribution.

    Raises:
        Unsupported: what stands in the way.
    """
    for name in OWN_STEPS:
        if name in vars(model):
            raise Unsupported(_("the model"), _("has a {method} of its own", method=name))
    if model.compiled and model.run_eagerly:
        raise Unsupported(
            _("the compiled model"), _("has {option}, which isn't lowered", option="run_eagerly")
        )
    if model.compiled and model._compile_metrics is not None:
        compiled = model.get_compile_config()
        if compiled["metrics"] is None and compiled["weighted_metrics"] is None:
            raise Unsupported(
                _("the compiled model"), _("still has the metrics that it was compiled with before")
            )
    if len(model.metrics) > 2:
        raise Unsupported(_("the model"), _("has metrics beyond those it was compiled with"))
    if keras.distribution.distribution() is not None or is_nnx_enabled():
        raise Unsupported(_("the model"), _("is distributed, or uses NNX"))


def arrays(x: Any, y: Any = None, weights: Any = None, *, labelled: bool = False) -> Arrays:
    """The data of a call, if they are arrays of numbers, as many of each.

    Args:
        x, y, weights: as the user gave them.
        labelled: whether there must be labels.

    Raises:
        OnlySteps: they are something else, which Keras may turn into arrays batch by batch.
        Unsupported: they aren't numbers, or are empty, or not as many of each.
    """
    given = {"x": x, "y": y, "sample_weight": weights}
    if not labelled and y is None:
        del given["y"]
    if weights is None:
        del given["sample_weight"]
    found = {name: _array(name, value) for name, value in given.items()}
    n = len(found["x"])
    for name, array in found.items():
        if len(array) != n or n == 0:
            raise Unsupported(name, _("has {count} entries", count=len(array)))
    given_weights = found.get("sample_weight")
    if given_weights is not None and given_weights.ndim != 1:
        raise Unsupported("sample_weight", _("has shape {shape}", shape=given_weights.shape))
    return Arrays(found["x"], found.get("y", np.empty(0)), given_weights)


def _array(name: str, value: Any) -> np.ndarray:
    if not isinstance(value, np.ndarray) and not _is_jax(value):
        raise OnlySteps(name, _("is a {kind}, not an array", kind=type(value).__name__))
    array = np.asarray(value)
    if array.ndim == 0 or array.dtype.kind not in "fiub":
        raise Unsupported(
            name, _("has shape {shape} and dtype {dtype}", shape=array.shape, dtype=array.dtype)
        )
    return array


def _is_jax(value: Any) -> bool:
    import jax

    return isinstance(value, jax.Array)


def check_images(graph: Graph, x: np.ndarray) -> None:
    """Refuse images of another shape than the network reads; a last axis of 1 may be missing, or be too much.

    Raises:
        Unsupported: naming both shapes.
    """
    wanted, got = graph.input.shape, x.shape[1:]
    if got != wanted and (*got, 1) != wanted and got != (*wanted, 1):
        raise Unsupported("x", _("has images of shape {got}, not {wanted}", got=got, wanted=wanted))


def check_labels(graph: Graph, training: Training, y: np.ndarray) -> None:
    """Refuse labels that Keras broadcasts, truncates, or finds wrong.

    Raises:
        Unsupported: what is unusual about them.
    """
    output, got = graph.output.shape, y.shape[1:]
    if training.loss.kind.startswith("sparse"):
        if got not in ((), (1,)):
            raise Unsupported("y", _("has labels of shape {shape}", shape=got))
        low, high = y.min(), y.max()
        if not (low >= 0 and high < graph.output.size) or (y.dtype.kind == "f" and np.any(y % 1)):
            raise Unsupported(
                "y", _("holds labels that are no class of 0 to {last}", last=graph.output.size - 1)
            )
    elif got != output and not (got == () and output == (1,)):
        raise Unsupported("y", _("has targets of shape {got}, not {wanted}", got=got, wanted=output))


def check_generators(graph: Graph, n_generators: int) -> None:
    """Refuse random generators that don't draw exactly once a step.

    Raises:
        Unsupported: two layers share one, or a layer never drops.
    """
    if n_generators != sum(isinstance(node, Dropout) for node in graph.nodes):
        raise Unsupported(_("the model"), _("has random generators that don't draw once a step"))


def label_shape(y: np.ndarray) -> Shape:
    """Shape of one image's label."""
    return y.shape[1:]


def as_program_reads(plan: Plan, given: Arrays) -> Arrays:
    """Checked arrays in the dtypes and shapes that a program of `plan` reads: once for all epochs."""
    x = as_images(plan, given.x)
    return Arrays(
        x,
        arguments.check_labels(plan, given.y, len(x)) if given.y.size else given.y,
        None if given.weights is None else np.ascontiguousarray(given.weights, np.float32),
    )


def as_images(plan: Plan, x: np.ndarray) -> np.ndarray:
    """Checked images as a program of `plan` reads them."""
    return arguments.check_images(plan, without_extra_axis(plan, x))


def without_extra_axis(plan: Plan, x: np.ndarray) -> np.ndarray:
    """Images without the last axis of 1 that Keras takes away where it is too much."""
    return x.reshape(x.shape[:-1]) if x.shape[1:] == (*plan.graph.input.shape, 1) else x
