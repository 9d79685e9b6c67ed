"""Images from the caller's arrays into a chunk, and outputs back.

x[f, n] = images[order[first + n], f]. Places past the end of the batch repeat its first image with weight 0.
"""

from typing import Any

from llvmlite import ir

from tatamilab.engine.buffers import ITEM_BYTES
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import F32, I32, I64, SCALARS, Index, Splat, Value, View
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.target import IMAGES_PER_CHUNK


def places(k: Kernel) -> list[ir.Value]:
    """For each image of the chunk, its row in the caller's arrays."""
    order = k.view("order", element="scalar")
    out = []
    for n in range(IMAGES_PER_CHUNK):
        at = k.ir.add(k.first, I64(n))
        at = k.ir.select(k.ir.icmp_signed("<", at, k.end), at, k.first)
        out.append(order[k.index(at),].v)
    return out


def images_in_batch(k: Kernel) -> ir.Value:
    """Images in the batch that the chunk belongs to: the last one of an epoch may be smaller."""
    return k.ir.sub(k.end, k.ir.sub(k.first, k.ir.mul(k.piece, I64(IMAGES_PER_CHUNK))))


def gather(k: Kernel, c: Context) -> None:
    """The images of a chunk, transposed so that images are the lanes."""
    node = c.plan.graph.input
    shape = node.shape if len(node.shape) == 3 else (1, 1, *node.shape)
    x = c.value(node.name, None if len(node.shape) == 3 else shape)
    images = k.view("images", element="scalar")
    rows, run = (1, node.size) if _contiguous(c) else (shape[0], shape[1] * shape[2])
    per_row = shape[1] * shape[2]
    where = places(k)

    def store(row: Any, f: int | Index, vectors: list[Value], group: int) -> None:
        if _contiguous(c):
            flat = c.value(node.name, (node.size,))
            for i, v in enumerate(vectors):
                flat[f + i, group] = v
            return
        for i, v in enumerate(vectors):
            assert isinstance(f, int)
            column, channel = divmod(f + i, shape[2])
            x[row, column, channel, group] = v

    with k.each(rows, name="row") as row:
        for group in range(k.groups):
            mine = where[group * k.lanes : (group + 1) * k.lanes]
            if run >= k.lanes and _contiguous(c):
                blocks = run // k.lanes
                with k.each(blocks, name="pixels") as q:
                    store(row, q * k.lanes, _block(k, images, mine, row * per_row + q * k.lanes), group)
                if run % k.lanes:
                    f = run - k.lanes
                    store(row, f, _block(k, images, mine, row * per_row + f), group)
            elif run >= k.lanes:
                starts = [*range(0, run - k.lanes + 1, k.lanes), *([run - k.lanes] if run % k.lanes else [])]
                for f in starts:
                    store(row, f, _block(k, images, mine, row * per_row + f), group)
            else:
                for f in range(run):
                    store(row, f, [_one(k, images, mine, row * per_row + f)], group)


def _contiguous(c: Context) -> bool:
    buffer = c.k.build.buffers[c.plan.graph.input.name]
    return buffer.padded_shape == buffer.shape


def _block(k: Kernel, images: Any, where: list[ir.Value], feature: Index) -> list[Value]:
    """`lanes` neighbouring features of `lanes` images, as one vector a feature."""
    dtype = k.build.buffers["images"].dtype
    scalar, size = SCALARS[dtype], ITEM_BYTES[dtype]
    rows = []
    for place in where:
        address = images.address((k.index(place), feature))
        v = k.ir.load(address, typ=ir.VectorType(scalar, k.lanes), align=size)
        rows.append(Value(k, v if dtype == "f32" else k.ir.uitofp(v, k.vector)))
    return k.transpose(rows)


def _one(k: Kernel, images: Any, where: list[ir.Value], feature: Index) -> Value:
    """One feature of each image."""
    v: Any = Splat(k.vector, ir.Undefined)
    for lane, place in enumerate(where):
        scalar = images[k.index(place), feature].v
        scalar = scalar if scalar.type == F32 else k.ir.uitofp(scalar, F32)
        v = k.ir.insert_element(v, scalar, I32(lane))
    return Value(k, v)


def gather_targets(k: Kernel, c: Context) -> None:
    """Targets and weights of a chunk.

    weight[0, n] is the caller's sample weight, weight[1, n] is 1; both are 0 past the end of the batch.
    """
    targets, sample_weights = k.view("targets", element="scalar"), k.view("sample_weights", element="scalar")
    target, weight = k.view("target"), k.view("weight")
    width = k.build.buffers["target"].shape[0]
    kind = SCALARS[k.build.buffers["target"].dtype]
    where = places(k)
    for group in range(k.groups):
        mine = where[group * k.lanes : (group + 1) * k.lanes]
        empty: Any = Splat(k.vector, 0.0)
        given, one = empty, empty
        for lane, place in enumerate(mine):
            at = k.ir.add(k.first, I64(group * k.lanes + lane))
            inside = k.ir.icmp_signed("<", at, k.end)
            w = sample_weights[k.index(place),].v
            given = k.ir.insert_element(given, k.ir.select(inside, w, F32(0.0)), I32(lane))
            one = k.ir.insert_element(one, k.ir.select(inside, F32(1.0), F32(0.0)), I32(lane))
        weight[0, group], weight[1, group] = Value(k, given), Value(k, one)
        with k.each(width, name="target") as t:
            v: Any = Splat(ir.VectorType(kind, k.lanes), ir.Undefined)
            for lane, place in enumerate(mine):
                v = k.ir.insert_element(v, targets[k.index(place), t].v, I32(lane))
            target[t, group] = Value(k, v)


def scatter(k: Kernel, c: Context) -> None:
    """outputs[order[first + n], f] = y[f, n] for the images inside."""
    size = c.plan.graph.output.size
    _scatter(k, c.value(c.plan.output, (size,)), k.view("outputs", element="scalar"), size)


def scatter_gradient(k: Kernel, c: Context) -> None:
    """input_gradients[order[first + n], f] = ∂loss/∂x[f, n] for the images inside."""
    size = c.plan.graph.input.size
    dx = c.gradient(c.plan.graph.input.name, (size,))
    _scatter(k, dx, k.view("input_gradients", element="scalar"), size)


def _scatter(k: Kernel, values: View, outputs: View, size: int) -> None:
    where = places(k)
    for group in range(k.groups):
        with k.each(size, name="feature") as f:
            v = values[f, group].v
            for lane in range(k.lanes):
                n = group * k.lanes + lane
                at = k.ir.add(k.first, I64(n))
                with k.when(k.ir.icmp_signed("<", at, k.end)):
                    outputs[k.index(where[n]), f] = Value(k, k.ir.extract_element(v, I32(lane)))
