"""The list of kernels that a plan runs, in order: what `assemble` emits and `explain` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.graph import (
    Activation,
    ActivityRegularization,
    Add,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    GlobalPool2D,
    Node,
    Pool2D,
    Rescaling,
    Reshape,
    Softmax,
    Unsupported,
    ZeroPadding2D,
)
from tatamilab.engine.kernels import (
    activity,
    conv,
    data,
    dense,
    depthwise,
    dropout,
    elementwise,
    loss,
    normalization,
    pool,
    softmax,
    wide,
)
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.regularization import penalty
from tatamilab.engine.kernels.toom_cook import few_channels, many_channels, nested
from tatamilab.engine.kernels.update import (
    store_owned,
    store_small,
    update_clipped,
    update_owned,
    update_small,
)
from tatamilab.engine.plan import PIECE, Plan, parameters_of

Emit = Callable[[Kernel, Context], None]
OfBlock = Callable[[Kernel, Context, Block], None]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """How a kind of node is computed: forward, and what it gives to its inputs and to its weights.

    Where forward depends on the whole batch, `moments` is what each chunk contributes to it; on the way back
    `weight_gradient` is.
    """

    forward: OfBlock
    input_gradient: OfBlock
    weight_gradient: OfBlock | None = None
    moments: OfBlock | None = None


OPERATIONS: dict[type[Node], Operation] = {
    Conv2D: Operation(
        forward=conv.forward, input_gradient=conv.input_gradient, weight_gradient=conv.weight_gradient
    ),
    DepthwiseConv2D: Operation(
        forward=depthwise.forward,
        input_gradient=depthwise.input_gradient,
        weight_gradient=depthwise.weight_gradient,
    ),
    Dense: Operation(
        forward=dense.forward, input_gradient=dense.input_gradient, weight_gradient=dense.weight_gradient
    ),
    BatchNormalization: Operation(
        moments=normalization.moments,
        forward=normalization.forward,
        input_gradient=normalization.input_gradient,
        weight_gradient=normalization.weight_gradient,
    ),
    Dropout: Operation(forward=dropout.forward, input_gradient=dropout.input_gradient),
    Pool2D: Operation(forward=pool.forward, input_gradient=pool.input_gradient),
    GlobalPool2D: Operation(forward=pool.global_forward, input_gradient=pool.global_input_gradient),
    Softmax: Operation(forward=softmax.forward, input_gradient=softmax.input_gradient),
    Activation: Operation(forward=elementwise.forward, input_gradient=elementwise.input_gradient),
    ActivityRegularization: Operation(forward=activity.forward, input_gradient=activity.input_gradient),
    Rescaling: Operation(forward=elementwise.forward, input_gradient=elementwise.input_gradient),
    Add: Operation(forward=elementwise.forward, input_gradient=elementwise.input_gradient),
    Concatenate: Operation(forward=elementwise.concatenate, input_gradient=elementwise.split_gradient),
    Reshape: Operation(forward=elementwise.reshape, input_gradient=elementwise.reshape_gradient),
    ZeroPadding2D: Operation(forward=elementwise.pad, input_gradient=elementwise.crop_gradient),
}


@dataclass(frozen=True, kw_only=True)
class Call:
    """One kernel.

    Args:
        name: of the LLVM function, "layer.what".
        what: one of "gather", "forward", "loss", "input gradient", …
        block: what it computes, if it belongs to one.
        emit: writes the body.
        pieces: how often it is called in a step of a full batch: once a chunk, or once a slice of parameters.
        waits: whether all chunks of the batch must have come here first.
        alone: whether it is a stage of its own, whose pieces are no chunks.
    """

    name: str
    what: str
    block: Block | None
    emit: Emit
    pieces: int
    waits: bool = False
    alone: bool = False

    @property
    def equation(self) -> str:
        """What it computes: the first line of its kernel's docstring."""
        return (self.emit.__doc__ or "").partition("\n")[0]


def _call(
    block: Block, what: str, emit: OfBlock, pieces: int, *, waits: bool = False, alone: bool = False
) -> Call:
    def bound(k: Kernel, c: Context) -> None:
        emit(k, c, block)

    bound.__doc__ = emit.__doc__
    name = f"{block.name}.{what.replace(' ', '_')}"
    return Call(name=name, what=what, block=block, emit=bound, pieces=pieces, waits=waits, alone=alone)


def operation(block: Block) -> Operation:
    """How a block is computed.

    Raises:
        Unsupported: its kind has no kernel.
    """
    known = OPERATIONS.get(type(block.node))
    if known is None:
        raise Unsupported(f"layer {block.node.name!r} ({type(block.node).__name__})", "isn't lowered")
    return known


def prediction(plan: Plan) -> list[Call]:
    """The kernels of one chunk when nothing is trained: gather, then every block forward."""
    calls = [Call(name="predict.gather", what="gather", block=None, emit=data.gather, pieces=plan.max_chunks)]
    return calls + [_forward(plan, b) for b in plan.blocks[1:]]


def _forward(plan: Plan, block: Block) -> Call:
    return _call(block, "forward", _computed(plan, block).forward, plan.max_chunks)


def _computed(plan: Plan, block: Block) -> Operation:
    """How a block is computed in this plan: a convolution directly, or by Toom–Cook."""
    if not plan.column_tile(block):
        return operation(block)
    many = nested if plan.row_tile(block) else many_channels
    return Operation(
        forward=few_channels.forward if plan.few_channels(block) else many.forward,
        input_gradient=many.input_gradient,
        weight_gradient=toom_cook_gradient,
    )


def training_stages(plan: Plan) -> list[list[Call]]:
    """The kernels of one chunk in training, cut where a layer needs the whole batch."""
    assert plan.training
    chunks = plan.max_chunks
    calls = [
        Call(name="gather", what="gather", block=None, emit=data.gather, pieces=chunks),
        Call(name="gather_targets", what="gather", block=None, emit=data.gather_targets, pieces=chunks),
    ]
    read = loss.reads(plan)
    computed = plan.blocks[1:] if read == plan.output else plan.blocks[1:-1]
    for block in computed:
        calls += _training_forward(plan, block)
    calls.append(Call(name="loss", what="loss", block=None, emit=loss.evaluate, pieces=chunks))
    calls += penalties(plan)
    for block in reversed(computed):
        calls += _backward(plan, block)
    stages: list[list[Call]] = [[]]
    for call in calls:
        if call.waits or call.alone or (stages[-1] and stages[-1][-1].alone):
            stages.append([])
        stages[-1].append(call)
    return stages


def penalties(plan: Plan) -> list[Call]:
    """The kernels that add to the loss what regularizers of weights and of activities demand."""
    calls = []
    if plan.penalized:
        calls.append(Call(name="penalty", what="penalty", block=None, emit=penalty, pieces=plan.max_chunks))
    watched = [block for block in plan.blocks if isinstance(block.node, ActivityRegularization)]
    return calls + [_call(block, "penalty", activity.penalty, plan.max_chunks) for block in watched]


def _training_forward(plan: Plan, block: Block) -> Iterator[Call]:
    if plan.wide(block):
        pieces = block.shape[-1] // plan.unit_slice(block)
        yield _call(block, "forward", wide.forward, pieces, alone=True)
        return
    known = _computed(plan, block)
    if known.moments and plan.waits(block):
        yield _call(block, "moments", known.moments, plan.max_chunks)
    yield _call(block, "forward", known.forward, plan.max_chunks, waits=plan.waits(block))


def _backward(plan: Plan, block: Block) -> Iterator[Call]:
    if block.name not in plan.wants_gradient:
        return
    known = _computed(plan, block)
    if block.relu and not plan.masks(block.name):
        yield _call(block, "relu gradient", mask_gradient, plan.max_chunks)
    trained = [p for p in parameters_of(block.node) if plan.graph.parameter(p).trainable]
    waits = plan.waits_backward(block)
    if known.weight_gradient and (waits or any(not plan.placed[p].owned for p in trained)):
        yield _call(block, "weight gradient", known.weight_gradient, plan.max_chunks)
    if plan.wide_backward(block):
        assert isinstance(block.node, Dense)
        first, last = plan.pieces_of(plan.placed[block.node.kernel])
        yield _call(block, "input gradient", wide.input_gradient, last - first, alone=True)
    elif any(name in plan.wants_gradient for name in block.inputs):
        yield _call(block, "input gradient", known.input_gradient, plan.max_chunks, waits=waits)


def toom_cook_gradient(k: Kernel, c: Context, block: Block) -> None:
    """This chunk's share of the gradients of a convolution's kernel and bias, by Toom–Cook."""
    assert isinstance(block.node, Conv2D)
    if c.wants(block.node.kernel):
        if not c.plan.returns_through_points(block):
            few_channels.pooled_weight_gradient(k, c, block)
        elif c.plan.row_tile(block):
            nested.weight_gradient(k, c, block)
        else:
            many_channels.weight_gradient(k, c, block)
    if block.node.bias and c.wants(block.node.bias):
        rows, columns, filters = block.shape
        dense.bias_gradient(k, c, block.node.bias, c.gradient(block.name), filters, {"i": rows, "j": columns})


def mask_gradient(k: Kernel, c: Context, block: Block) -> None:
    """d_z = d_y where y > 0, in place, for a value that several blocks, or none, read."""
    y, dy = c.value(block.name), c.gradient(block.name)

    def body(at: Any) -> None:
        dy[at] = k.where(k.compare(">", y[at], 0.0), dy[at], 0.0)

    elementwise.elements(k, block.shape, body)


def parameter_stages(plan: Plan) -> list[list[Call]]:
    """The kernels that end a step: the update, or the gradients and then the update if norms are clipped."""
    if not plan.clips_norms:
        return [_by_parameters(plan, "update", update_owned, update_small)]
    pieces = -(-plan.n_trained // PIECE)
    clipped = Call(name="update", what="update", block=None, emit=update_clipped, pieces=pieces)
    return [_by_parameters(plan, "gradient", store_owned, store_small), [clipped]]


def _by_parameters(plan: Plan, what: str, large: OfBlock, small: Emit) -> list[Call]:
    """One kernel for each large dense layer, then one for all small parameters."""
    calls = []
    for block in owned(plan):
        assert isinstance(block.node, Dense)
        first, last = plan.pieces_of(plan.placed[block.node.kernel])
        calls.append(_call(block, what, large, last - first))
    return [*calls, Call(name=what, what=what, block=None, emit=small, pieces=-(-plan.n_small // PIECE))]


def owned(plan: Plan) -> list[Block]:
    """Dense layers whose weight gradient is summed slice by slice."""
    return [b for b in plan.blocks if isinstance(b.node, Dense) and plan.placed[b.node.kernel].owned]
