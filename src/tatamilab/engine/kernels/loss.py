"""Losses, their gradients at the network's end, and the metrics: all of one image a lane.

Cross-entropy behind a softmax takes the logits, so that p = softmax(z) and

    loss  = −log p[t],   d_z[c] = (p[c] − [c = t]) · w / batch

As in Keras, probabilities are clipped to [1e-7, 1 − 1e-7] first: where p[t] is clipped the gradient is 0.
(With `from_logits` nothing is clipped.) A label outside 0 … classes − 1 matches no class: loss 0.
"""

from typing import Any

import numpy as np
from llvmlite import ir

from tatamilab.engine.emit import math
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import F32, I32, I64, Index, Tile, Value
from tatamilab.engine.graph import Metric, Softmax, Training, Unsupported
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.data import images_in_batch
from tatamilab.engine.memory import MAX_STATISTICS, gradient_name
from tatamilab.engine.plan import Plan

EPSILON = 1e-7
"""Keras's `backend.epsilon()`."""


def reads(plan: Plan) -> str:
    """The value the loss looks at: the softmax's input where cross-entropy follows a softmax."""
    assert plan.training
    last = plan.blocks[-1]
    crossentropy = plan.training.loss.kind.endswith("categorical_crossentropy")
    if isinstance(last.node, Softmax) and crossentropy and not plan.training.loss.from_logits:
        return last.inputs[0]
    return last.name


def evaluate(k: Kernel, c: Context) -> None:
    """Loss and metrics of the chunk into `statistics`; in training also ∂loss/∂(what the loss reads)."""
    assert c.plan.training
    training = c.plan.training
    size = c.plan.graph.output.size
    name = reads(c.plan)
    z = k.view(name, shape=(size,))
    target, weight = k.view("target"), k.view("weight")
    dz = k.view(gradient_name(name), shape=(size,)) if c.training else None
    batch = k.ir.sitofp(images_in_batch(k), F32)
    totals = k.zeros(1 + len(training.metrics))
    for g in range(k.groups):
        given, one = weight[0, g], weight[1, g]
        scale = given / Value(k, k.broadcast(batch))
        head = Head(k, training, z, target, size, g)
        loss = head.loss_and_gradient(dz, scale, softmaxed=name != c.plan.output)
        totals[0] = totals[0] + loss * given
        for i, metric in enumerate(training.metrics):
            hit = k.where(head.hit(metric), one, 0.0) if metric.kind != "binary_accuracy" else None
            totals[1 + i] = totals[1 + i] + (hit if hit is not None else head.share(metric) * one)
    statistics = k.view("statistics", element="scalar")
    for i, total in enumerate(totals):
        statistics[k.index(k.piece), i] = k.sum_lanes(total)
    if len(totals) > MAX_STATISTICS:
        raise Unsupported("more than 15 metrics", "aren't counted natively")


class Head:
    """The loss of one group of images."""

    def __init__(self, k: Kernel, training: Training, z: Any, target: Any, size: int, g: int) -> None:
        self.k, self.training, self.z, self.target, self.size, self.g = k, training, z, target, size, g
        self.sparse = training.loss.kind.startswith("sparse")

    def loss_and_gradient(self, dz: Any, scale: Value, *, softmaxed: bool) -> Value:
        """The loss of each image; stores d_z where a view is given."""
        kind = self.training.loss.kind
        if kind.endswith("categorical_crossentropy"):
            logits = self.training.loss.from_logits
            if not softmaxed and not logits:
                return self._probabilities(dz, scale)
            return self._softmax_crossentropy(dz, scale, clip=not logits)
        return self._elementwise(dz, scale, kind)

    # -- targets ---------------------------------------------------------------------------------------------

    def wanted(self, c: Index | int) -> Value:
        """The target of class c: for a class number, 1 where it is c; smoothed if asked."""
        k, smoothing = self.k, self.training.loss.label_smoothing
        if self.sparse:
            is_c = self.k.ir.icmp_signed("==", self.target[0, self.g].v, self._class(c).v)
            t = k.where(Value(k, is_c), k.constant(1.0), 0.0)
        else:
            t = self.target[c, self.g]
        if not smoothing:
            return t
        spread = smoothing / 2 if self.training.loss.kind == "binary_crossentropy" else smoothing / self.size
        return t * (1.0 - smoothing) + k.constant(spread)

    def _class(self, c: Index | int) -> Value:
        k = self.k
        number = k.ir.trunc(k.number(c), I32) if isinstance(c, Index) else I32(c)
        return Value(k, k.broadcast(number))

    def _over(self, start: Tile, f: Any) -> Tile:
        """Carry `start` through all classes; `f(c, carried…)` gives the next."""
        k = self.k
        acc = np.array(start, object)
        if self.size <= 16:
            for c in range(self.size):
                acc[...] = f(c, *acc)
            return acc
        with k.each(self.size, carry=acc, name="class") as index:
            acc[...] = f(index, *acc)
        return acc

    # -- losses ----------------------------------------------------------------------------------------------

    def _softmax_crossentropy(self, dz: Any, scale: Value, *, clip: bool) -> Value:
        """−Σ_c t[c]·log p[c] with p = softmax(z)."""
        k, g, z = self.k, self.g, self.z
        top = self._over([z[0, g]], lambda c, best: [k.maximum(best, z[c, g])])[0]
        total = self._over([k.constant(0.0)], lambda c, s: [s + math.exp(k, z[c, g] - top)])[0]
        log_total = math.log(k, total)
        inverse = 1.0 / total
        low, high = float(np.log(np.float32(EPSILON))), float(np.log1p(-np.float32(EPSILON)))

        def log_p(c: Any) -> tuple[Value, Value]:
            exact = z[c, g] - top - log_total
            if not clip:
                return exact, k.constant(1.0)
            clipped = k.where(k.compare("<", exact, low), k.constant(low), exact)
            clipped = k.where(k.compare(">", clipped, high), k.constant(high), clipped)
            inside = k.both(k.compare(">=", exact, low), k.compare("<=", exact, high))
            return clipped, k.where(inside, k.constant(1.0), 0.0)

        def add(c: Any, loss: Value, active: Value) -> list[Value]:
            t = self.wanted(c)
            value, inside = log_p(c)
            return [loss - (t * value).value(), active + t * inside]

        loss, active = self._over([k.constant(0.0), k.constant(0.0)], add)
        if dz is not None:

            def store(c: Any) -> list[Value]:
                p = (math.exp(k, z[c, g] - top) * inverse).value()
                _, inside = log_p(c)
                # the sum over the targets that are not clipped; 1 where none is
                dz[c, g] = ((p * active).value() - (self.wanted(c) * inside).value()) * scale
                return []

            self._over([], store)
        return loss

    def _probabilities(self, dp: Any, scale: Value) -> Value:
        """−Σ_c t[c]·log q[c] with q = p / Σp clipped, for outputs that are no softmax."""
        k, g, p = self.k, self.g, self.z
        total = self._over([k.constant(0.0)], lambda c, s: [s + p[c, g]])[0]

        def clipped(c: Any) -> tuple[Value, Value]:
            q = p[c, g] / total
            inside = k.both(k.compare(">=", q, EPSILON), k.compare("<=", q, 1 - EPSILON))
            q = k.where(k.compare("<", q, EPSILON), k.constant(EPSILON), q)
            return k.where(k.compare(">", q, 1 - EPSILON), k.constant(1 - EPSILON), q), inside

        def add(c: Any, loss: Value, inner: Value) -> list[Value]:
            q, inside = clipped(c)
            t = self.wanted(c)
            return [loss - (t * math.log(k, q)).value(), inner + k.where(inside, t, 0.0)]

        loss, inner = self._over([k.constant(0.0), k.constant(0.0)], add)
        if dp is not None:

            def store(c: Any) -> list[Value]:
                q, inside = clipped(c)
                own = k.where(inside, self.wanted(c) / q, 0.0)
                dp[c, g] = ((inner - own) / total) * scale
                return []

            self._over([], store)
        return loss

    def _elementwise(self, dz: Any, scale: Value, kind: str) -> Value:
        """The mean over the outputs of a loss of each."""
        k, g = self.k, self.g
        share = 1.0 / self.size

        def add(c: Any, loss: Value) -> list[Value]:
            value, slope = self._of_output(kind, self.z[c, g], self.wanted(c))
            if dz is not None:
                dz[c, g] = (slope * share).value() * scale
            return [value * share + loss]

        return self._over([k.constant(0.0)], add)[0]

    def _of_output(self, kind: str, y: Value, t: Value) -> tuple[Value, Value]:
        """A loss of one output and its derivative."""
        k = self.k
        d = y - t
        match kind:
            case "mean_squared_error":
                return (d * d).value(), (d * 2.0).value()
            case "mean_absolute_error":
                sign = k.where(k.compare("<", d, 0.0), k.constant(-1.0), 1.0)
                return k.call("llvm.fabs", d), k.where(k.compare("==", d, 0.0), k.constant(0.0), sign)
            case "binary_crossentropy" if self.training.loss.from_logits:
                return math.log1p_exp(k, y) - (y * t).value(), math.sigmoid(k, y) - t
            case "binary_crossentropy":
                inside = k.both(k.compare(">=", y, EPSILON), k.compare("<=", y, 1 - EPSILON))
                p = k.where(k.compare("<", y, EPSILON), k.constant(EPSILON), y)
                p = k.where(k.compare(">", p, 1 - EPSILON), k.constant(1 - EPSILON), p)
                q, s = k.constant(1.0) - p, k.constant(1.0) - t
                loss = (t * math.log(k, p)).value() + s * math.log(k, q)
                return -loss, k.where(inside, s / q - t / p, 0.0)
        raise Unsupported(f"loss {kind!r}", "isn't lowered")

    # -- metrics ---------------------------------------------------------------------------------------------

    def hit(self, metric: Metric) -> Value:
        """Mask: is the image right?"""
        k = self.k
        if metric.kind in ("sparse_accuracy", "categorical_accuracy"):
            return Value(k, k.ir.icmp_signed("==", self._argmax(self._z).v, self._label().v))
        if metric.kind in ("sparse_top_k", "top_k"):
            return self._in_top(metric.k)
        raise Unsupported(f"metric {metric.name!r}", "isn't counted natively")

    def share(self, metric: Metric) -> Value:
        """Share of the outputs on the right side of the threshold."""
        k, g = self.k, self.g

        def add(c: Any, total: Value) -> list[Value]:
            above = k.where(k.compare(">", self.z[c, g], metric.threshold), k.constant(1.0), 0.0)
            wanted = self.target[c, g]
            return [k.where(k.compare("==", above, wanted), k.constant(1.0), 0.0) * (1.0 / self.size) + total]

        return self._over([k.constant(0.0)], add)[0]

    def _z(self, c: Any) -> Value:
        return self.z[c, self.g]

    def _label(self) -> Value:
        return self.target[0, self.g] if self.sparse else self._argmax(lambda c: self.target[c, self.g])

    def _argmax(self, of: Any) -> Value:
        """The first class with the largest value, as i32 lanes."""
        k = self.k

        def add(c: Any, best: Value, which: Value) -> list[Value]:
            value = of(c)
            more = k.compare(">", value, best)
            return [k.where(more, value, best), k.where(more, self._class(c), which)]

        return self._over([of(0), self._class(0)], add)[1]

    def _in_top(self, n: int) -> Value:
        """Fewer than n classes have a larger value than the label's."""
        k = self.k
        label = self._label()

        def pick(c: Any, own: Value) -> list[Value]:
            is_c = Value(k, k.ir.icmp_signed("==", label.v, self._class(c).v))
            return [k.where(is_c, self._z(c), own)]

        own = self._over([k.constant(float("-inf"))], pick)[0]
        above = self._over(
            [k.constant(0.0)],
            lambda c, count: [count + k.where(k.compare(">", self._z(c), own), k.constant(1.0), 0.0)],
        )[0]
        return k.compare("<", above, float(n))


def sum_statistics(k: Kernel, count: ir.Value, n: int) -> None:
    """Add the chunks' numbers to the running totals in chunk order, whoever computed them."""
    from tatamilab.engine.emit.values import F64, I8, POINTER
    from tatamilab.engine.memory import PROGRESS

    statistics = k.view("statistics", element="scalar")
    base = k.slot("progress", POINTER)
    with k.each(count, name="chunk") as chunk:
        for i in range(n):
            at = k.ir.gep(base, [I64(64 * (len(PROGRESS) + i))], source_etype=I8)
            term = k.ir.fpext(statistics[chunk, i].v, F64)
            k.ir.store(k.ir.fadd(k.ir.load(at, typ=F64, align=8), term), at)
