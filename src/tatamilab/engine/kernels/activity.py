"""Regularizers of what a layer puts out: y = x, and (l1·Σ|x| + l2·Σx²)/n in the loss over the n images of the batch.

    d_x = d_y + (±l1 + 2·l2·x)/n

The slope of |x| at 0 is 1, as in JAX. Places past the end of the batch count for nothing.
"""

from typing import Any

import numpy as np

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit import math
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import F32, Value
from tatamilab.engine.graph import ActivityRegularization
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.data import images_in_batch
from tatamilab.engine.kernels.elementwise import elements


def _node(block: Block) -> ActivityRegularization:
    assert isinstance(block.node, ActivityRegularization)
    return block.node


def forward(k: Kernel, c: Context, block: Block) -> None:
    """y = x."""
    shape = block.shape
    x, y = c.value(block.inputs[0], shape), c.value(block.name)
    elements(k, shape, lambda at: y.__setitem__(at, x[at]))


def penalty(k: Kernel, c: Context, block: Block) -> None:
    """loss += l1·Σ|x| + l2·Σx² over this chunk's images: of the whole batch, n times what the loss gains."""
    node, total = _node(block), k.constant(0.0)
    x, weight = c.value(block.name, (block.node.size,)), k.view("weight")
    for g in range(k.groups):
        sums = k.zeros(2)
        with k.each(node.size, carry=sums, name="x") as at:
            v = x[at, g]
            sums[0] = sums[0] + k.call("llvm.fabs", v)
            sums[1] = sums[1] + v * v
        one = k.compare(">", weight[1, g], 0.0)
        of_image = (sums[0] * node.l1).value() + sums[1] * node.l2
        total = total + k.where(one, of_image, 0.0)
    statistics, here = k.view("statistics", element="scalar"), (k.index(k.piece), 0)
    statistics[here] = statistics[here] + k.sum_lanes(total)


def input_gradient(k: Kernel, c: Context, block: Block) -> None:
    """d_x = d_y + (±l1 + 2·l2·x)/n."""
    node, name, shape = _node(block), block.inputs[0], block.shape
    x, dy, weight = c.value(block.name), c.gradient(block.name), k.view("weight")
    batch = Value(k, k.broadcast(k.ir.sitofp(images_in_batch(k), F32)))

    def slope(v: Value) -> Value:
        by_l1 = math.slope_of_abs(k, v) * node.l1
        return v * (2 * node.l2) + by_l1.value()

    def body(at: Any) -> None:
        share = np.array([[weight[1, g] / batch] for g in np.ravel(at[-1])], object).reshape(np.shape(at[-1]))
        own = k.map(slope, x[at])
        c.store_gradient(block.name, name, at, dy[at] + own * share, shape)

    elements(k, shape, body)
