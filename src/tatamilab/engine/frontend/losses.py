"""A compiled model's loss as data."""

from typing import Any, NoReturn

import keras

from tatamilab.engine.frontend.metrics import accuracy
from tatamilab.engine.graph import Loss, LossKind, Shape, Unsupported
from tatamilab.i18n import _

FUNCTIONS: dict[Any, LossKind] = {
    keras.losses.sparse_categorical_crossentropy: "sparse_categorical_crossentropy",
    keras.losses.categorical_crossentropy: "categorical_crossentropy",
    keras.losses.binary_crossentropy: "binary_crossentropy",
    keras.losses.mean_squared_error: "mean_squared_error",
    keras.losses.mean_absolute_error: "mean_absolute_error",
}
CLASSES: dict[Any, LossKind] = {
    keras.losses.SparseCategoricalCrossentropy: "sparse_categorical_crossentropy",
    keras.losses.CategoricalCrossentropy: "categorical_crossentropy",
    keras.losses.BinaryCrossentropy: "binary_crossentropy",
    keras.losses.MeanSquaredError: "mean_squared_error",
    keras.losses.MeanAbsoluteError: "mean_absolute_error",
}
"""By exact class: a subclass may compute anything."""

CROSSENTROPIES: dict[str, LossKind] = {
    "sparse_accuracy": "sparse_categorical_crossentropy",
    "categorical_accuracy": "categorical_crossentropy",
    "binary_accuracy": "binary_crossentropy",
}
"""What Keras means by the loss "crossentropy", where it means that accuracy by "accuracy"."""


def lower(compiled: Any, output: Shape, label: Shape | None) -> Loss:
    """The loss of `compile(loss=…)`.

    Args:
        compiled: the model's `loss`: a name, an object, a function, or a list or dictionary of one.
        output: shape of the model's output for one image.
        label: shape of the label of one image, if it is known.

    Raises:
        Unsupported: another loss, or an option that isn't lowered.
    """
    given = keras.tree.flatten(compiled) if compiled is not None else []
    if len(given) != 1:
        raise Unsupported(_("the compiled model"), _("has {count} losses, not one", count=len(given)))
    loss = _one(given[0], output, label)
    if loss.kind.endswith("categorical_crossentropy") and len(output) != 1:
        _refuse(loss.kind, _("needs an output of shape (classes,), not {shape}", shape=output))
    return loss


def _one(identifier: Any, output: Shape, label: Shape | None) -> Loss:
    if isinstance(identifier, str):
        if identifier.lower() in ("crossentropy", "ce"):
            if label is None:
                _refuse(identifier, _("depends on the labels' shape, which isn't known here"))
            return Loss(kind=CROSSENTROPIES[accuracy(output, label)])
        identifier = keras.losses.get(identifier)
    if not isinstance(identifier, keras.losses.Loss):
        if identifier not in FUNCTIONS:
            _refuse(getattr(identifier, "__name__", type(identifier).__name__), _("isn't lowered"))
        return Loss(kind=FUNCTIONS[identifier])
    if type(identifier) not in CLASSES:
        _refuse(type(identifier).__name__, _("isn't lowered"))
    return _of_object(identifier, output)


def _of_object(loss: Any, output: Shape) -> Loss:
    config = loss.get_config()
    kept = {
        "reduction": config["reduction"] in ("sum_over_batch_size", "mean"),
        "ignore_class": config.get("ignore_class") is None,
        "axis": config.get("axis", -1) in (-1, len(output)),
        "dtype": loss.dtype == "float32",
    }
    for option, as_usual in kept.items():
        if not as_usual:
            _refuse(type(loss).__name__, _("has {option}, which isn't lowered", option=option))
    return Loss(
        kind=CLASSES[type(loss)],
        from_logits=bool(config.get("from_logits", False)),
        label_smoothing=float(config.get("label_smoothing", 0.0)),
    )


def _refuse(name: str, why: str) -> NoReturn:
    raise Unsupported(_("loss {name!r}", name=name), why)
