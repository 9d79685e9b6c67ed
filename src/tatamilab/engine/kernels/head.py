"""What losses and metrics see of one group of images: the network's last value, and the targets."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from tatamilab.engine.emit import math
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import I32, Index, Tile, Value, View
from tatamilab.engine.graph import Loss

UNROLLED_UP_TO = 16
"""Classes that are written out instead of looped over."""


class Head:
    """One group of images at the network's end.

    Args:
        k: the kernel being emitted.
        loss: which one: how targets are given, and smoothed.
        z: the last value, (size, groups): logits where a softmax follows it, else the output.
        target: class numbers (1, groups) or targets (size, groups).
        g: the group.
        softmaxed: whether a softmax follows `z` in the network.
    """

    def __init__(self, k: Kernel, loss: Loss, z: View, target: View, g: int, *, softmaxed: bool) -> None:
        self.k, self.loss, self.softmaxed = k, loss, softmaxed
        self._z, self._target, self._g = z, target, g
        self.size = z.shape[0]
        self.sparse = loss.kind.startswith("sparse")

    def z(self, c: Index | int) -> Value:
        """The last value of output c."""
        value: Value = self._z[c, self._g]
        return value

    def output(self, c: Index | int) -> Value:
        """What the network returns."""
        return self.probability(c) if self.softmaxed else self.z(c)

    def over(self, start: Sequence[Value], f: Callable[..., Sequence[Value]]) -> Tile:
        """Carry `start` through all outputs; `f(c, carried…)` gives the next."""
        acc = np.array(start, object)
        if self.size <= UNROLLED_UP_TO:
            for number in range(self.size):
                acc[...] = f(number, *acc)
            return acc
        with self.k.each(self.size, carry=acc, name="output") as c:
            acc[...] = f(c, *acc)
        return acc

    # -- softmax --------------------------------------------------------------------------------------------

    @cached_property
    def top(self) -> Value:
        """The largest z; NaN if any is."""
        top: Value = self.over([self.z(0)], lambda c, best: [self.k.maximum(best, self.z(c))])[0]
        return top

    @cached_property
    def total(self) -> Value:
        """Σ exp(z − top)."""
        k, top = self.k, self.top
        total: Value = self.over([k.constant(0.0)], lambda c, s: [s + math.exp(k, self.z(c) - top)])[0]
        return total

    def probability(self, c: Index | int) -> Value:
        """softmax(z)[c]."""
        return math.exp(self.k, self.z(c) - self.top) / self.total

    # -- targets --------------------------------------------------------------------------------------------

    def target(self, c: Index | int) -> Value:
        """What is wanted of output c: of a class number, 1 where it is c."""
        k = self.k
        if not self.sparse:
            value: Value = self._target[c, self._g]
            return value
        is_c = k.ir.icmp_signed("==", self.label().v, self.number(c).v)
        return Value(k, k.ir.select(is_c, k.constant(1.0).v, k.constant(0.0).v))

    def smoothed(self, c: Index | int) -> Value:
        """The same, moved towards an equal share by the loss's label smoothing s: t·(1 − s) + s/classes."""
        s, t = self.loss.label_smoothing, self.target(c)
        if not s:
            return t
        classes = 2 if self.loss.kind == "binary_crossentropy" else self.size
        return t * (1.0 - s) + self.k.constant(s / classes)

    def label(self) -> Value:
        """The class number, or the first class of the largest target; i32 lanes."""
        value: Value = self._target[0, self._g] if self.sparse else self.argmax(self.target)
        return value

    def number(self, c: Index | int) -> Value:
        """c as i32 lanes."""
        k = self.k
        number = k.ir.trunc(k.number(c), I32) if isinstance(c, Index) else I32(c)
        return Value(k, k.broadcast(number))

    def argmax(self, of: Callable[[Any], Value]) -> Value:
        """The first output with the largest value, i32 lanes; NaN counts as the largest, as in NumPy."""
        k = self.k

        def add(c: Any, best: Value, which: Value) -> list[Value]:
            value = of(c)
            not_less = k.invert(k.compare("<=", value, best))
            more = k.both(not_less, k.compare("==", best, best))
            return [k.where(more, value, best), k.where(more, self.number(c), which)]

        which: Value = self.over([of(0), self.number(0)], add)[1]
        return which
