"""Losses and their gradients at the network's end, all of one image a lane.

Cross-entropy behind a softmax takes the logits, so that p = softmax(z) and, with targets t,

    loss = −Σ_c t[c]·log p[c],   d_z[c] = (p[c]·Σ_k t[k] − t[c]) · w / batch

As in Keras, probabilities are first kept within ε of 0 and 1 (with `from_logits` nothing is): the gradient of a
target whose probability is clipped is 0. A label outside 0 … classes − 1 matches no class: its loss is 0.
"""

from typing import Any

import numpy as np
from llvmlite import ir

from tatamilab.engine.emit import math
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import F32, F64, I8, I64, POINTER, Index, Value
from tatamilab.engine.graph import Softmax, Unsupported
from tatamilab.engine.kernels import metrics
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.data import images_in_batch
from tatamilab.engine.kernels.head import Head
from tatamilab.engine.memory import MAX_STATISTICS, PROGRESS
from tatamilab.engine.plan import Plan
from tatamilab.i18n import _

EPSILON = 1e-7
"""Keras's `backend.epsilon()`."""


def reads(plan: Plan) -> str:
    """The value the loss looks at: the softmax's input where cross-entropy follows a softmax."""
    assert plan.training
    node = plan.blocks[-1].node
    crossentropy = plan.training.loss.kind.endswith("categorical_crossentropy")
    fused = isinstance(node, Softmax) and not node.log and crossentropy and not plan.training.loss.from_logits
    return plan.blocks[-1].inputs[0] if fused else plan.output


def evaluate(k: Kernel, c: Context) -> None:
    """Loss and metrics of the chunk into `statistics`; in training also ∂loss/∂(what the loss reads).

    Raises:
        Unsupported: there are too many metrics, or one of them is for other labels.
    """
    assert c.plan.training
    training, name = c.plan.training, reads(c.plan)
    size = c.plan.graph.output.size
    if 1 + len(training.metrics) > MAX_STATISTICS:
        most = MAX_STATISTICS - 1
        raise Unsupported(_("the compiled model"), _("has more than {most} metrics", most=most))
    z, target, weight = c.value(name, (size,)), k.view("target"), k.view("weight")
    batch = Value(k, k.broadcast(k.ir.sitofp(images_in_batch(k), F32)))
    totals = k.zeros(1 + len(training.metrics))
    for g in range(k.groups):
        given, one = weight[0, g], weight[1, g]
        head = Head(k, training.loss, z, target, g, softmaxed=name != c.plan.output)
        loss = _loss(head, _Gradient(c, name, given / batch, g))
        totals[0] = totals[0] + k.where(k.compare(">", one, 0.0), (loss * given).value(), 0.0)
        for i, metric in enumerate(training.metrics, start=1):
            totals[i] = totals[i] + metrics.share(head, metric) * one
    statistics = k.view("statistics", element="scalar")
    for i, total in enumerate(totals):
        statistics[k.index(k.piece), i] = k.sum_lanes(total)


class _Gradient:
    """Where the gradient of one group of images goes, if any is wanted.

    Args:
        c: the kernel being emitted.
        name: the value whose gradient it is.
        scale: weight / images of the batch.
        g: the group.
    """

    def __init__(self, c: Context, name: str, scale: Value, g: int) -> None:
        self._k, self._scale, self._g = c.k, scale, g
        shape = (c.plan.graph.output.size,)
        self.wanted = c.training and name in c.plan.wants_gradient
        self._view = c.gradient(name, shape) if self.wanted else None
        self._value = c.value(name, shape) if c.plan.masks(name) else None

    def store(self, at: Index | int, slope: Value) -> None:
        """Store the derivative of an image's loss by one output, scaled, and behind a ReLU that made the output."""
        if self._view is None:
            return
        d = (slope * self._scale).value()
        if self._value is not None:
            d = self._k.where(self._k.compare(">", self._value[at, self._g], 0.0), d, 0.0)
        self._view[at, self._g] = d


def _loss(head: Head, gradient: _Gradient) -> Value:
    """The loss of each image; stores its gradient."""
    loss = head.loss
    if not loss.kind.endswith("categorical_crossentropy"):
        return _mean(head, gradient)
    if loss.from_logits or head.softmaxed:
        return _softmax_crossentropy(head, gradient)
    return _crossentropy(head, gradient)


def _softmax_crossentropy(head: Head, gradient: _Gradient) -> Value:
    """−Σ_c t[c]·log p[c] with p = softmax(z)."""
    k, zero = head.k, head.k.constant(0.0)
    offset = math.log(k, head.total)
    low, high = (float(np.log(np.float32(p))) for p in (EPSILON, 1 - EPSILON))

    def log_p(c: Any) -> tuple[Value, Value]:
        exact = head.z(c) - head.top - offset
        return (exact, k.constant(1.0)) if head.loss.from_logits else math.clip(k, exact, low, high)

    def add(c: Any, loss: Value, active: Value) -> list[Value]:
        t = head.smoothed(c)
        value, inside = log_p(c)
        return [loss - (t * value).value(), active + t * inside]

    def store(c: Any) -> list[Value]:
        _value, inside = log_p(c)
        p = head.probability(c)
        gradient.store(c, (p * active).value() - (head.smoothed(c) * inside).value())
        return []

    loss, active = head.over([zero, zero], add)
    if gradient.wanted:
        head.over([], store)
    value: Value = loss
    return value


def _crossentropy(head: Head, gradient: _Gradient) -> Value:
    """−Σ_c t[c]·log q[c] with q = y / Σy, for outputs that no softmax made."""
    k, zero = head.k, head.k.constant(0.0)
    total = head.over([zero], lambda c, s: [s + head.z(c)])[0]

    def share(c: Any) -> tuple[Value, Value]:
        return math.clip(k, head.z(c) / total, EPSILON, 1 - EPSILON)

    def add(c: Any, loss: Value, inner: Value) -> list[Value]:
        t = head.smoothed(c)
        q, inside = share(c)
        # Σ_k t[k]·(y[k]/Σy)/q[k], where q[k] is not clipped
        return [loss - (t * math.log(k, q)).value(), inner + t * inside]

    def store(c: Any) -> list[Value]:
        q, inside = share(c)
        own = (head.smoothed(c) / q * inside).value()
        gradient.store(c, (inner - own) / total)
        return []

    loss, inner = head.over([zero, zero], add)
    if gradient.wanted:
        head.over([], store)
    value: Value = loss
    return value


def _mean(head: Head, gradient: _Gradient) -> Value:
    """The mean (of a dot product: the sum) over the outputs of a loss of each."""
    share = 1.0 if head.loss.kind == "dot_product" else 1.0 / head.size

    def add(c: Any, loss: Value) -> list[Value]:
        value, slope = _of_output(head, head.z(c), head.smoothed(c))
        gradient.store(c, (slope * share).value())
        return [value * share + loss]

    value: Value = head.over([head.k.constant(0.0)], add)[0]
    return value


def _of_output(head: Head, y: Value, t: Value) -> tuple[Value, Value]:
    """A loss of one output and its derivative."""
    k, d = head.k, y - t
    match head.loss.kind:
        case "mean_squared_error":
            return (d * d).value(), (d * 2.0).value()
        case "mean_absolute_error":
            return k.call("llvm.fabs", d), -math.slope_of_abs(k, t - y)
        case "dot_product":
            return (t * y).value(), t
    if head.loss.from_logits:
        # t·log(1 + e⁻ʸ) + (1 − t)·log(1 + eʸ), which differ by y
        bend = math.log1p_exp_below(k, y)
        return bend + t * k.relu(-y) + ((1.0 - t) * k.relu(y)).value(), math.sigmoid(k, y) - t
    p, inside = math.clip(k, y, EPSILON, 1 - EPSILON)
    q, s = 1.0 - p, 1.0 - t
    loss = (t * math.log(k, p)).value() + s * math.log(k, q)
    return -loss, ((s / q - t / p) * inside).value()


def sum_statistics(k: Kernel, count: ir.Value, n: int) -> None:
    """Add the chunks' numbers to the running totals in chunk order, whoever computed them."""
    statistics = k.view("statistics", element="scalar")
    base = k.slot("progress", POINTER)
    with k.each(count, name="chunk") as chunk:
        for i in range(n):
            at = k.ir.gep(base, [I64(64 * (len(PROGRESS) + i))], source_etype=I8)
            term = k.ir.fpext(statistics[chunk, i].v, F64)
            k.ir.store(k.ir.fadd(k.ir.load(at, typ=F64, align=8), term), at)
