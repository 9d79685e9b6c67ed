"""Every buffer of a plan: shapes, margins, scopes."""

from tatamilab.engine.blocks import Block
from tatamilab.engine.buffers import ITEM_BYTES, Buffer, Scope
from tatamilab.engine.graph import BatchNormalization, Conv2D, Dense, DepthwiseConv2D
from tatamilab.engine.plan import ALIGN, Plan

Margin = tuple[tuple[int, int], tuple[int, int]]
NONE: Margin = ((0, 0), (0, 0))

MAX_STATISTICS = 16
"""Numbers that the loss reports for each chunk: the loss, then the metrics in order."""

MAX_KERNELS = 512
"""Rows of the profile."""

COUNTS = 3
"""What a row of it holds: calls, cycles, and the cycles of the fastest call of a kernel."""

RATES = 8
"""Floats that the caller gives for each step: see `kernels/optimizer.py`."""

SEED = RATES - 1
"""Which of them holds the bits of the step's seed: see `kernels/dropout.py`."""

PROGRESS = ("step", "stop_request", "stop_agreed", "arrived")
"""Counters in shared memory, a cache line each; the statistics follow, as doubles."""

SCALARS = ("n_images", "team", "n_steps", "ticket", "batch", "wants")
"""What a call gives beside addresses."""

WANTS_OUTPUTS, WANTS_LOSS = 1, 2
"""Bits of the scalar `wants` of an `infer` call."""

HALTS_ON_NAN = 1
"""Bit of the scalar `wants` of a `train` call: end after the step that makes the loss infinite or no number."""


def slot_name(i: int) -> str:
    """The i-th vector of the optimizer's state."""
    return f"slot{i}"


def gradient_name(value: str) -> str:
    """The buffer that holds ∂loss/∂value."""
    return f"d.{value}"


def winners_name(value: str) -> str:
    """The buffer that holds which of the 2×2 won: a bit a lane for the lower row, and for the right column."""
    return f"win.{value}"


def moments_name(value: str) -> str:
    """The buffer that holds a chunk's moments of what is normalised: see `kernels/normalization.py`."""
    return f"moments.{value}"


def normal_name(value: str) -> str:
    """The buffer that holds what the elements of each normalised channel need to know."""
    return f"normal.{value}"


def sums_name(value: str) -> str:
    """The buffer that holds a chunk's share of ∂loss/∂β and ∂loss/∂γ, whether these are trained or not."""
    return f"sums.{value}"


def best_name(value: str) -> str:
    """The buffer that holds what won each window of a pool, before it was normalised."""
    return f"best.{value}"


def points_name(value: str) -> str:
    """The buffer that holds a convolution's input at the points of Toom–Cook."""
    return f"points.{value}"


def kernel_points_name(value: str) -> str:
    """The buffer that holds a convolution's kernel at the points of Toom–Cook."""
    return f"kernel_points.{value}"


def points_gradient_name(value: str) -> str:
    """The buffer that holds ∂loss/∂(the kernel at the points of Toom–Cook)."""
    return f"d.kernel_points.{value}"


def padded_name(value: str) -> str:
    """The buffer that holds a copy of a convolution's input, with a margin of zeros."""
    return f"padded.{value}"


def padded_gradient_name(value: str) -> str:
    """The buffer that holds a copy of ∂loss/∂(a convolution's output), with a margin of zeros."""
    return f"d.padded.{value}"


def products_name(value: str) -> str:
    """The buffer that holds the products of a few rows at the points of Toom–Cook."""
    return f"products.{value}"


def gradient_points_name(value: str) -> str:
    """The buffer that holds ∂loss/∂(a convolution's output) at the points of Toom–Cook."""
    return f"d.points.{value}"


def presence_name(value: str) -> str:
    """The buffer that holds Σ|x| under each row of a convolution's patches."""
    return f"presence.{value}"


def buffers(plan: Plan) -> tuple[Buffer, ...]:
    """All buffers, in the order of the table of addresses."""
    out = [*_external(plan), *_state(plan)]
    for block in plan.blocks:
        out += _of_block(plan, block)
    return tuple(out)


def slots(plan: Plan) -> dict[str, int]:
    """Position of every address and scalar in the table of a call."""
    names = [b.name for b in buffers(plan)] + ["flags", *SCALARS]
    return {name: at for at, name in enumerate(names)}


def _external(plan: Plan) -> list[Buffer]:
    dtype, features = plan.input_dtype, plan.graph.input.size
    huge = 1 << 40  # how many images there are is known only when called
    out = [
        Buffer(
            name="images",
            shape=(huge // (features * ITEM_BYTES[dtype]), features),
            dtype=dtype,
            external=True,
        ),
        Buffer(name="order", shape=(huge // 8,), dtype="i64", external=True),
        Buffer(name="progress", shape=(len(PROGRESS) + MAX_STATISTICS, 8), dtype="i64", external=True),
        Buffer(
            name="outputs",
            shape=(huge // (4 * plan.graph.output.size), plan.graph.output.size),
            external=True,
        ),
    ]
    if plan.training:
        sparse = plan.training.loss.kind.startswith("sparse")
        width = 1 if sparse else plan.graph.output.size
        out += [
            Buffer(
                name="targets",
                shape=(huge // (4 * width), width),
                dtype="i32" if sparse else "f32",
                external=True,
            ),
            Buffer(name="sample_weights", shape=(huge // 4,), external=True),
            Buffer(name="statistics", shape=(huge // (4 * MAX_STATISTICS), MAX_STATISTICS), external=True),
            Buffer(name="rates", shape=(huge // (4 * RATES), RATES), external=True),
        ]
    if plan.of_input:
        out.append(Buffer(name="input_gradients", shape=(huge // (4 * features), features), external=True))
    return out


def _state(plan: Plan) -> list[Buffer]:
    from tatamilab.engine.kernels.optimizer import n_slots

    out = [
        Buffer(name="weights", shape=(plan.n_weights,)),
        Buffer(name="faults", shape=(64,), dtype="i64"),
        Buffer(
            name="profile", shape=(MAX_KERNELS if plan.profile else 1, COUNTS), dtype="i64", scope="thread"
        ),
    ]
    if plan.training is None:
        return out
    sparse = plan.training.loss.kind.startswith("sparse")
    width = 1 if sparse else plan.graph.output.size
    stages: Scope = "chunk" if plan.batch_statistics else "thread"
    out += [
        Buffer(name=slot_name(i), shape=(plan.n_trained,)) for i in range(n_slots(plan.training.optimizer))
    ]
    out += [
        Buffer(name="partials", shape=(max(plan.n_small, 16),), scope="chunk"),
        Buffer(name="target", shape=(width,), images=True, dtype="i32" if sparse else "f32", scope=stages),
        Buffer(name="weight", shape=(2,), images=True, scope=stages),
        Buffer(name="slice", shape=(_slice_floats(plan),), scope="thread"),
    ]
    if plan.clips_norms:
        pieces = max((plan.pieces_of(p)[1] for p in plan.trained), default=1)
        out += [
            Buffer(name="gradient", shape=(plan.n_trained,)),
            Buffer(name="squares", shape=(max(len(plan.trained), 1), pieces)),
        ]
    return out


def _slice_floats(plan: Plan) -> int:
    owned = [p.parameter for p in plan.placed.values() if p.owned]
    return max([plan.slice_rows(p.name) * p.shape[1] for p in owned], default=16) + 16


def _of_block(plan: Plan, block: Block) -> list[Buffer]:
    scope = _value_scope(plan, block.name)
    out = [
        Buffer(
            name=block.name, shape=block.shape, images=True, scope=scope, margin=value_margin(plan, block)
        ),
    ]
    if block.name in plan.wants_gradient:
        out.append(
            Buffer(
                name=gradient_name(block.name),
                shape=block.shape,
                images=True,
                scope=_gradient_scope(plan, block.name),
            )
        )
    if block.pool and plan.training:
        groups = plan.target.groups
        out.append(
            Buffer(
                name=winners_name(block.name),
                shape=(*block.shape, 2, groups),
                dtype="u16",
                scope=_backward_scope(plan, block.name),
            )
        )
    out += _padded(plan, block) + _of_toom_cook(plan, block)
    return out + _of_normalization(plan, block)


def _padded(plan: Plan, block: Block) -> list[Buffer]:
    """Copies with margins, where what a convolution reads has none of its own."""
    if not isinstance(block.node, (Conv2D, DepthwiseConv2D)):
        return []
    out, source = [], block.inputs[0]
    margin = read_margin(plan, block)
    if margin != NONE and not plan.padded_in_place(source):
        shape, scope = plan.producer(source).shape, _backward_scope(plan, block.name)
        name = padded_name(block.name)
        out.append(Buffer(name=name, shape=shape, images=True, scope=scope, margin=margin))
    margin = gradient_margin(plan, block)
    if margin != NONE:
        name = padded_gradient_name(block.name)
        out.append(Buffer(name=name, shape=block.shape, images=True, scope="thread", margin=margin))
    return out


def _of_toom_cook(plan: Plan, block: Block) -> list[Buffer]:
    m = plan.column_tile(block)
    if m is None:
        return []
    assert isinstance(block.node, Conv2D)
    height, taps, depth, filters = plan.graph.parameter(block.node.kernel).shape
    rows, columns = (2 * n for n in block.shape[:2]) if block.pool else block.node.shape[:2]
    n, tiles = m + taps - 1, -(-columns // m)
    if r := plan.row_tile(block):
        sets = r + height - 1
        lines, gradient_lines, at_once = [rows // r, sets], [rows // r, sets], sets
    else:
        sets, at_once = height, 2
        lines, gradient_lines = [rows + height - 1], [rows]
    at_points = (sets, n, depth, filters)
    out = [
        Buffer(
            name=points_name(block.name),
            shape=(*lines, n, tiles, depth),
            images=True,
            scope=_backward_scope(plan, block.name),
        ),
        Buffer(name=kernel_points_name(block.name), shape=at_points, scope="thread"),
        Buffer(name=points_gradient_name(block.name), shape=at_points, scope="thread"),
        Buffer(
            name=presence_name(block.name), shape=(rows + height - 1, tiles * m), images=True, scope="thread"
        ),
    ]
    if not plan.few_channels(block):
        products = (at_once, n, tiles, filters)
        out.append(Buffer(name=products_name(block.name), shape=products, images=True, scope="thread"))
    if block.name in plan.wants_gradient and plan.returns_through_points(block):
        shape = (*gradient_lines, n, tiles, filters)
        out.append(Buffer(name=gradient_points_name(block.name), shape=shape, images=True, scope="thread"))
    return out


def _of_normalization(plan: Plan, block: Block) -> list[Buffer]:
    if not isinstance(block.node, BatchNormalization):
        return []
    channels = -(-block.shape[-1] // ALIGN) * ALIGN
    of_all: Scope = "chunk" if plan.waits(block) else "thread"
    scope = _backward_scope(plan, block.name)
    out = [
        Buffer(name=moments_name(block.name), shape=(3, channels), scope=of_all),
        Buffer(name=normal_name(block.name), shape=(6, channels), scope=scope),
        Buffer(name=sums_name(block.name), shape=(2, channels), scope=of_all),
    ]
    if block.pool:
        out.append(Buffer(name=best_name(block.name), shape=block.shape, images=True, scope=scope))
    return out


def _owned(plan: Plan) -> list[Block]:
    return [b for b in plan.blocks if isinstance(b.node, Dense) and plan.placed[b.node.kernel].owned]


def _value_scope(plan: Plan, value: str) -> Scope:
    """Kept for each chunk if a later stage reads it, else private to the thread at work."""
    kept = plan.outlives_stage(value) or any(value in b.inputs for b in _owned(plan))
    return "chunk" if kept else "thread"


def _gradient_scope(plan: Plan, value: str) -> Scope:
    """The same for ∂loss/∂value."""
    kept = plan.gradient_outlives_stage(value) or any(value == b.name for b in _owned(plan))
    return "chunk" if kept else "thread"


def _backward_scope(plan: Plan, value: str) -> Scope:
    """Of what a block leaves for its own way back."""
    forward = plan.forward_stage[value]
    return "chunk" if plan.backward_stage.get(value, forward) > forward else "thread"


def value_margin(plan: Plan, block: Block) -> Margin:
    """Zeros that the readers of a value look at beyond its edges."""
    margin = NONE
    if plan.padded_in_place(block.name):
        for reader in plan.readers[block.name]:
            margin = _larger(margin, read_margin(plan, reader))
    return margin


def read_margin(plan: Plan, reader: Block) -> Margin:
    """Zeros that a convolution looks at beyond its input: its padding, and what whole column tiles reach."""
    if not isinstance(reader.node, (Conv2D, DepthwiseConv2D)):
        return NONE
    m = plan.column_tile(reader)
    if m is None:
        return reader.node.padding
    columns = 2 * reader.shape[1] if reader.pool else reader.node.shape[1]
    taps = plan.graph.parameter(reader.node.kernel).shape[1]
    reached = -(-columns // m) * m + taps - 1 - reader.node.padding[1][0]
    width = plan.producer(reader.inputs[0]).shape[1]
    return _larger(reader.node.padding, ((0, 0), (0, max(0, reached - width))))


def gradient_margin(plan: Plan, block: Block) -> Margin:
    """Zeros around ∂loss/∂y that the input gradient of a convolution looks at."""
    node = block.node
    direct = isinstance(node, (Conv2D, DepthwiseConv2D)) and plan.column_tile(block) is None
    if not direct or block.inputs[0] not in plan.wants_gradient:
        return NONE
    assert isinstance(node, (Conv2D, DepthwiseConv2D))
    kernel = plan.graph.parameter(node.kernel).shape
    rows, columns, _ = plan.producer(block.inputs[0]).shape
    sides = []
    for axis, extent in enumerate((rows, columns)):
        stride, dilation, size = node.strides[axis], node.dilation[axis], kernel[axis]
        before = node.padding[axis][0]
        first = (0 + before - dilation * (size - 1)) // stride
        last = (extent - 1 + before) // stride
        sides.append((max(0, -first), max(0, last - (node.shape[axis] - 1))))
    return (sides[0], sides[1])


def _larger(a: Margin, b: Margin) -> Margin:
    return tuple(tuple(max(x, y) for x, y in zip(p, q, strict=True)) for p, q in zip(a, b, strict=True))  # type: ignore[return-value]
