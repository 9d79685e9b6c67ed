"""The end of a step: gradients over the whole batch, what regularizers add to them, the optimizer right behind.

Where the norm of a gradient is clipped no weight can change before the norm is known: then one stage stores
the gradients, and Σg² of each piece of each parameter; the next adds these up in order, clips, and updates.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import I64, Index, Value
from tatamilab.engine.graph import Dense, Optimizer, Parameter
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.dense import owned_gradient
from tatamilab.engine.kernels.optimizer import Rule
from tatamilab.engine.kernels.regularization import only_before, penalty_gradient, smaller
from tatamilab.engine.plan import PIECE, Placed, Plan

Take = Callable[[Index, Value], None]
"""What is done with the gradient of the vector of weights that starts at an element."""


# -- gradients and update in one stage ----------------------------------------------------------------------


def update_small(k: Kernel, c: Context) -> None:
    """g = Σ over the chunks' partial sums in order, then the rule, for a piece of the small parameters."""
    rule = Rule(k, _optimizer(c))
    for segment in _segments(c.plan):
        _small_gradient(k, c, segment, rule.apply)


def update_owned(k: Kernel, c: Context, block: Block) -> None:
    """The gradient of some rows of a large dense kernel over the whole batch, with its penalty, then the rule."""
    _owned_gradient(k, c, block, lambda: Rule(k, _optimizer(c)).apply)


def _optimizer(c: Context) -> Optimizer:
    assert c.plan.training
    return c.plan.training.optimizer


@dataclass(frozen=True)
class _Segment:
    """A range of the flat vector of weights whose elements are treated alike.

    Args:
        start, stop: its elements, with what pads the last vector.
        parameter: whose they are, where that matters.
    """

    start: int
    stop: int
    parameter: Parameter | None = None


def _segments(plan: Plan) -> Iterator[_Segment]:
    """The small trained parameters: one by one where some is penalized or has its norm taken, else as one."""
    if not plan.penalized and not plan.clips_norms:
        yield _Segment(0, plan.n_small)
        return
    for placed in plan.trained:
        if not placed.owned:
            yield _Segment(placed.at, placed.stop, placed.parameter)


def _within_piece(k: Kernel, start: int, stop: int) -> tuple[Any, Any]:
    """Where this piece of the flat vector and a range of it overlap: first element, last + 1."""
    first = k.ir.mul(k.piece, I64(PIECE))
    last = smaller(k, k.ir.add(first, I64(PIECE)), I64(stop))
    return (first if start == 0 else _larger(k, first, I64(start))), last


def _larger(k: Kernel, a: Any, b: Any) -> Any:
    return k.ir.select(k.ir.icmp_signed(">", a, b), a, b)


def _small_gradient(k: Kernel, c: Context, segment: _Segment, take: Take, carry: Any = None) -> None:
    """The gradient of this piece's part of a segment; `carry` goes through the loop in registers."""
    partials = k.view("partials", element="vector", all_chunks=True)
    weights = k.view("weights", element="vector")
    start, stop = _within_piece(k, segment.start, segment.stop)
    with k.each(stop, start=start, step=k.lanes, carry=carry, name="w") as at:
        g: Any = k.zeros(1)
        with k.each(k.chunks, carry=g, name="chunk") as chunk:
            g[0] = g[0] + partials[chunk, at]
        take(at, penalty_gradient(k, segment.parameter, weights, at, g[0]))


def _owned_gradient(
    k: Kernel, c: Context, block: Block, taker: Callable[[], Take], carry: Any = None
) -> None:
    """The gradient of this piece's rows of a large dense kernel."""
    assert isinstance(block.node, Dense)
    placed, size = c.plan.placed[block.node.kernel], c.plan.slice_rows(block.node.kernel)
    features, units = placed.parameter.shape
    first = k.ir.mul(k.piece, I64(size))
    rows = smaller(k, I64(size), k.ir.sub(I64(features), first))
    owned_gradient(k, c, block, k.index(first), rows)
    take = taker()  # not before: what the rule loads would lie in registers that the sums need
    gradient, weights = k.view("slice", element="vector"), k.view("weights", element="vector")
    with k.each(k.ir.mul(rows, I64(units)), step=k.lanes, carry=carry, name="w") as at:
        here = at + k.index(first) * units + placed.at
        take(here, penalty_gradient(k, placed.parameter, weights, here, gradient[at,]))


# -- gradients, then the update -----------------------------------------------------------------------------


def store_small(k: Kernel, c: Context) -> None:
    """g = Σ over the chunks' partial sums, and Σg² of each parameter, for a piece of the small parameters."""
    for segment in _segments(c.plan):
        assert segment.parameter is not None
        squares = k.zeros(1)
        _small_gradient(k, c, segment, _store(k, c, segment.parameter, squares), squares)
        _store_squares(k, c, segment.parameter, squares)


def store_owned(k: Kernel, c: Context, block: Block) -> None:
    """The gradient of some rows of a large dense kernel over the whole batch, and its Σg²."""
    assert isinstance(block.node, Dense)
    parameter, squares = c.plan.graph.parameter(block.node.kernel), k.zeros(1)
    _owned_gradient(k, c, block, lambda: _store(k, c, parameter, squares), squares)
    _store_squares(k, c, parameter, squares)


def _store(k: Kernel, c: Context, parameter: Parameter, squares: Any) -> Take:
    gradient = k.view("gradient", element="vector")
    end = c.plan.placed[parameter.name].at + parameter.size

    def take(at: Index, g: Value) -> None:
        g = only_before(k, at, end, g)
        gradient[at,] = g
        squares[0] = squares[0] + g * g

    return take


def _store_squares(k: Kernel, c: Context, parameter: Parameter, squares: Any) -> None:
    row = c.plan.trained.index(c.plan.placed[parameter.name])
    k.view("squares", element="scalar")[row, k.index(k.piece)] = k.sum_lanes(squares[0])


def update_clipped(k: Kernel, c: Context) -> None:
    """g ← g clipped by the norm of its parameter or of all, then the rule, for a piece of all parameters."""
    optimizer = _optimizer(c)
    rule, gradient = Rule(k, optimizer), k.view("gradient", element="vector")
    clip = _clip_all(k, c, optimizer.global_clipnorm) if optimizer.global_clipnorm else None
    for placed in c.plan.trained:
        start, stop = _within_piece(k, placed.at, placed.stop)
        with k.when(k.ir.icmp_signed("<", start, stop)):
            mine = clip or _clip_one(k, c, placed, optimizer.clipnorm or 0.0)
            with k.each(stop, start=start, step=k.lanes, name="w") as at:
                rule.apply(at, mine(gradient[at,]))


Clip = Callable[[Value], Value]


def _clip_one(k: Kernel, c: Context, placed: Placed, bound: float) -> Clip:
    """g·bound / max(‖g‖, bound)."""
    norm = k.call("llvm.sqrt", _sum_of_squares(k, c, [placed]))
    divisor = k.maximum(norm, k.constant(bound))
    return lambda g: (g * bound).value() / divisor


def _clip_all(k: Kernel, c: Context, bound: float) -> Clip:
    """g·bound·min(1/‖all g‖, 1/bound); NaN where the norm is infinite."""
    norm = k.call("llvm.sqrt", _sum_of_squares(k, c, c.plan.trained))
    smallest = -k.maximum(-(1.0 / norm), k.constant(-1.0 / bound))
    scale = (smallest * bound).value() + (norm - norm)
    return lambda g: (g * scale).value()


def _sum_of_squares(k: Kernel, c: Context, of: Any) -> Value:
    """Σg² over the pieces of some parameters, in order."""
    squares, total = k.view("squares"), np.array([k.constant(0.0)], object)
    for placed in of:
        row, (first, last) = c.plan.trained.index(placed), c.plan.pieces_of(placed)
        with k.each(last, start=first, carry=total, name="piece") as piece:
            total[0] = total[0] + squares[row, piece]
    value: Value = total[0]
    return value
