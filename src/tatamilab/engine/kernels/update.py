"""The update stage: gradients over the whole batch, and the optimizer right behind them."""

from typing import Any

from llvmlite import ir

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import I64
from tatamilab.engine.graph import Dense
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.dense import owned_gradient
from tatamilab.engine.kernels.optimizer import Rule
from tatamilab.engine.plan import PIECE


def _minimum(k: Kernel, a: ir.Value, b: ir.Value) -> ir.Value:
    return k.ir.select(k.ir.icmp_signed("<", a, b), a, b)


def update_small(k: Kernel, c: Context) -> None:
    """g = Σ over the chunks' partial sums in chunk order, then the rule, for one piece of the small parameters."""
    assert c.plan.training
    rule = Rule(k, c.plan.training.optimizer)
    partials = k.view("partials", element="vector", all_chunks=True)
    start = k.ir.mul(k.piece, I64(PIECE))
    stop = _minimum(k, k.ir.add(start, I64(PIECE)), I64(c.plan.n_small))
    with k.each(stop, start=start, step=k.lanes, name="w") as at:
        g: Any = k.zeros(1)
        with k.each(k.chunks, carry=g, name="chunk") as chunk:
            g[0] = g[0] + partials[chunk, at]
        rule.apply(at, g[0])


def update_owned(k: Kernel, c: Context, block: Block) -> None:
    """The gradient of some rows of a large dense kernel over the whole batch, then the rule."""
    assert c.plan.training
    assert isinstance(block.node, Dense)
    kernel = block.node.kernel
    placed, size = c.plan.placed[kernel], c.plan.slice_rows(kernel)
    features, units = placed.parameter.shape
    first = k.ir.mul(k.piece, I64(size))
    rows = _minimum(k, I64(size), k.ir.sub(I64(features), first))
    owned_gradient(k, c, block, k.index(first), rows)
    rule = Rule(k, c.plan.training.optimizer)
    gradient = k.view("slice", element="vector")
    with k.each(k.ir.mul(rows, I64(units)), step=k.lanes, name="w") as at:
        rule.apply(at + k.index(first) * units + placed.at, gradient[at,])
