"""Metrics of one group of images: the share of each image that is right."""

from typing import Any

from tatamilab.engine.emit.values import I32, Value
from tatamilab.engine.graph import Metric, Unsupported
from tatamilab.engine.kernels.head import Head
from tatamilab.i18n import _

OF_CLASS_NUMBERS = ("sparse_accuracy", "sparse_top_k")
OF_TARGETS = ("categorical_accuracy", "top_k")


def share(head: Head, metric: Metric) -> Value:
    """1 for an image that is right, else 0; for binary accuracy the share of its outputs that are.

    Raises:
        Unsupported: the metric reads class numbers and the loss targets, or the other way round.
    """
    k = head.k
    if metric.kind in (OF_TARGETS if head.sparse else OF_CLASS_NUMBERS):
        raise Unsupported(
            _("metric {name!r}", name=metric.name), _("reads other labels than the loss, which isn't lowered")
        )
    match metric.kind:
        case "binary_accuracy":
            return _within_threshold(head, metric.threshold)
        case "sparse_accuracy" | "categorical_accuracy":
            right = Value(k, k.ir.icmp_signed("==", head.argmax(head.z).v, head.label().v))
        case "sparse_top_k" | "top_k":
            right = _in_top(head, metric.k)
    value: Value = k.where(right, k.constant(1.0), 0.0)
    return value


def _within_threshold(head: Head, threshold: float) -> Value:
    """Σ_c [(y[c] > threshold) = t[c]] / outputs."""
    k = head.k

    def add(c: Any, total: Value) -> list[Value]:
        above = k.where(k.compare(">", head.output(c), threshold), k.constant(1.0), 0.0)
        wanted = Value(k, k.ir.sitofp(head.label().v, k.vector)) if head.sparse else head.target(c)
        return [total + k.where(k.compare("==", above, wanted), k.constant(1.0), 0.0)]

    count: Value = head.over([k.constant(0.0)], add)[0]
    return (count * (1.0 / head.size)).value()


def _in_top(head: Head, n: int) -> Value:
    """Mask: fewer than n outputs are larger than the label's, where NaN is the least."""
    k, label = head.k, head.label()

    def pick(c: Any, own: Value) -> list[Value]:
        return [k.where(Value(k, k.ir.icmp_signed("==", label.v, head.number(c).v)), head.z(c), own)]

    least = k.constant(float("-inf"))
    own = head.over([least], pick)[0]
    own = k.where(k.compare("==", own, own), own, least)

    def count(c: Any, above: Value) -> list[Value]:
        more = k.compare(">", head.z(c), own)
        return [Value(k, k.ir.add(above.v, k.ir.zext(more.v, k.integers)))]

    above = head.over([head.number(0)], count)[0]
    return Value(k, k.ir.icmp_signed("<", above.v, k.broadcast(I32(n))))
