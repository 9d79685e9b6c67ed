"""Regularizers of weights: l1·Σ|w| + l2·Σw² in the loss, ±l1 + 2·l2·w in the gradient.

The slope of |w| at 0 is 1, as in JAX.

The weights are those before the update, as in Keras. Each chunk of images adds up a share of the weights, so
that the penalty is part of the loss in training and in evaluation alike.
"""

from llvmlite import ir

from tatamilab.engine.emit import math
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import F32, I32, I64, Index, Value, View
from tatamilab.engine.graph import Parameter
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.data import images_in_batch
from tatamilab.engine.plan import Placed
from tatamilab.engine.target import IMAGES_PER_CHUNK


def penalty(k: Kernel, c: Context) -> None:
    """loss += images · (l1·Σ|w| + l2·Σw²), over this chunk's share of the weights."""
    total = k.constant(0.0)
    for placed in c.plan.placed.values():
        if placed.parameter.l1 or placed.parameter.l2:
            total = total + _share(k, placed)
    batch = k.broadcast(k.ir.sitofp(images_in_batch(k), F32))
    statistics = k.view("statistics", element="scalar")
    at = (k.index(k.piece), 0)
    statistics[at] = statistics[at] + k.sum_lanes((total * Value(k, batch)).value())


def _share(k: Kernel, placed: Placed) -> Value:
    """l1·Σ|w| + l2·Σw² lane by lane, over the part of one parameter that belongs to this chunk."""
    parameter, end = placed.parameter, placed.at + placed.parameter.size
    blocks = -(-parameter.size // IMAGES_PER_CHUNK)
    each = k.ir.sdiv(k.ir.add(k.chunks, I64(blocks - 1)), k.chunks)
    first = k.ir.add(I64(placed.at), k.ir.mul(k.ir.mul(k.piece, each), I64(IMAGES_PER_CHUNK)))
    last = smaller(k, k.ir.add(first, k.ir.mul(each, I64(IMAGES_PER_CHUNK))), I64(end))
    weights = k.view("weights", element="vector")
    sums = k.zeros(2)
    with k.each(last, start=first, step=k.lanes, carry=sums, name="w") as at:
        w = only_before(k, at, end, weights[at,])
        sums[0] = sums[0] + k.call("llvm.fabs", w)
        sums[1] = sums[1] + w * w
    return (sums[0] * parameter.l1).value() + sums[1] * parameter.l2


def penalty_gradient(k: Kernel, parameter: Parameter | None, weights: View, at: Index, g: Value) -> Value:
    """g ± l1 + 2·l2·w, for the vector of weights that starts at an element."""
    if parameter is None or not (parameter.l1 or parameter.l2):
        return g
    w: Value = weights[at,]
    if parameter.l1:
        g = g + math.slope_of_abs(k, w) * parameter.l1
    return g + w * (2 * parameter.l2) if parameter.l2 else g


def only_before(k: Kernel, at: Index, end: int, v: Value) -> Value:
    """v, with 0 in the lanes of elements from `end` on: what pads the last vector of a parameter."""
    if end % k.lanes == 0:
        return v
    left = k.broadcast(k.ir.trunc(k.ir.sub(I64(end), k.number(at)), I32))
    lanes = ir.Constant(k.integers, list(range(k.lanes)))
    return k.where(Value(k, k.ir.icmp_signed("<", lanes, left)), v, k.constant(0.0))


def smaller(k: Kernel, a: ir.Value, b: ir.Value) -> ir.Value:
    """The smaller of two whole numbers."""
    return k.ir.select(k.ir.icmp_signed("<", a, b), a, b)
