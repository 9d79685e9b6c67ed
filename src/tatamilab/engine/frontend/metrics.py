"""A compiled model's metrics as data."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NoReturn

import keras

from tatamilab.engine.graph import Metric, MetricKind, Shape, Unsupported
from tatamilab.i18n import _

KINDS: dict[type, MetricKind] = {
    keras.metrics.BinaryAccuracy: "binary_accuracy",
    keras.metrics.CategoricalAccuracy: "categorical_accuracy",
    keras.metrics.SparseCategoricalAccuracy: "sparse_accuracy",
    keras.metrics.TopKCategoricalAccuracy: "top_k",
    keras.metrics.SparseTopKCategoricalAccuracy: "sparse_top_k",
}
"""By exact class: a subclass may compute anything."""


def lower(compiled: Any, output: Shape, label: Shape) -> tuple[Metric, ...]:
    """The metrics of `compile(metrics=…)`, each under the name that Keras reports it by.

    Args:
        compiled: `metrics` of the model's `get_compile_config()`.
        output: shape of the model's output for one image.
        label: shape of the label of one image.

    Raises:
        Unsupported: naming the first metric that isn't lowered.
    """
    metrics: list[Metric] = []
    names: Counter[str] = Counter()
    for identifier in _flat(compiled):
        metric = _one(identifier, output, label)
        if metric.kind != "binary_accuracy" and len(output) != 1:
            _refuse(metric.name, _("needs an output of shape (classes,), not {shape}", shape=output))
        repeats = names[metric.name]
        names[metric.name] += 1
        metrics.append(replace(metric, name=f"{metric.name}_{repeats}") if repeats else metric)
    return tuple(metrics)


def accuracy(output: Shape, label: Shape) -> MetricKind:
    """Which accuracy Keras means by "accuracy", from the shapes for one image.

    Example:
        >>> accuracy((10,), ()), accuracy((10,), (10,)), accuracy((1,), (1,))
        ('sparse_accuracy', 'categorical_accuracy', 'binary_accuracy')
    """
    if output[-1] == 1:
        return "binary_accuracy"
    if len(label) < len(output) or label[-1] == 1:
        return "sparse_accuracy"
    return "categorical_accuracy"


def _flat(compiled: Any) -> Iterator[Any]:
    """Names and saved objects, out of the lists and dictionaries by output that Keras allows around them."""
    if isinstance(compiled, list | tuple):
        for item in compiled:
            yield from _flat(item)
    elif isinstance(compiled, dict) and "class_name" not in compiled:
        yield from _flat(list(compiled.values()))
    elif compiled is not None:
        yield compiled


def _one(identifier: Any, output: Shape, label: Shape) -> Metric:
    if isinstance(identifier, str):
        if identifier.lower() in ("accuracy", "acc"):
            return Metric(kind=accuracy(output, label), name=identifier)
        return _described(keras.metrics.get(identifier), identifier)
    if identifier["class_name"] == "function":
        _refuse(identifier["config"], _("is given as a function; give its name or its class instead"))
    if identifier["module"] != "keras.metrics":
        _refuse(identifier["class_name"], _("isn't lowered"))
    metric = keras.saving.deserialize_keras_object(identifier)
    return _described(metric, metric.name)


def _described(metric: Any, name: str) -> Metric:
    if type(metric) not in KINDS:
        _refuse(name, _("isn't lowered"))
    config = metric.get_config()
    if config.get("from_sorted_ids"):
        _refuse(name, _("has {option}, which isn't lowered", option="from_sorted_ids"))
    return Metric(
        kind=KINDS[type(metric)], name=name, k=config.get("k", 1), threshold=config.get("threshold", 0.5)
    )


def _refuse(name: str, why: str) -> NoReturn:
    raise Unsupported(_("metric {name!r}", name=name), why)
