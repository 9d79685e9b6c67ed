"""Wide dense layers: the whole batch at a time, so that a large kernel passes through the caches once a step.

Chunk by chunk, each chunk of 16 images would stream the whole kernel. Here a piece of the stage is a slice
of the outputs (forward) or of the features (backward) for all chunks, a block of the kernel at a time:

    y[n,o]   = b[o] + Σ_f x[n,f] · w[f,o]        o in this piece
    d_x[n,f] = Σ_o d_y[n,o] · w[f,o]             f in this piece

Each sum adds in the order that `kernels/dense.py` adds in, whatever the slices.
"""

from math import gcd
from typing import Any

import numpy as np

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import I64, Tile
from tatamilab.engine.graph import Dense
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.regularization import smaller
from tatamilab.engine.memory import gradient_name
from tatamilab.engine.schedule import divisor


def forward(k: Kernel, c: Context, block: Block) -> None:
    """y[n,o] = b[o] + Σ_f x[n,f] · w[f,o] for all chunks and a slice of the outputs."""
    node = block.node
    assert isinstance(node, Dense)
    features, _ = c.plan.graph.parameter(node.kernel).shape
    size = c.plan.unit_slice(block)
    x = k.view(block.inputs[0], shape=(features,), all_chunks=True)
    y = k.view(block.name, all_chunks=True)
    w = c.weight(node.kernel)
    first = k.index(k.piece) * size
    over, tile_of = {"o": size, "g": k.groups}, {"o": divisor(size, k.schedule.wide_outputs)}

    def each_output(body: Any) -> None:
        with k.each(k.chunks, name="chunk") as chunk:
            k.tiles(over, tile_of, lambda o, g: body(chunk, o + first, g))

    def start(chunk: Any, o: Tile, g: Tile) -> None:
        bias: Any = c.weight(node.bias)[o] if node.bias else k.constant(0.0)
        y[chunk, o, g] = np.broadcast_to(bias, np.broadcast(o, g).shape)

    def add(row: Any, count: int) -> None:
        def body(chunk: Any, o: Tile, g: Tile) -> None:
            def term(f: Any) -> Any:
                return x[chunk, f + row, g] * w[f + row, o]

            y[chunk, o, g] = k.sum({"f": count}, y[chunk, o, g], term, unroll={"f": 4})

        each_output(body)

    each_output(start)
    at_once = k.schedule.dense_rows
    whole, left = divmod(features, at_once)
    with k.each(whole, name="f") as f:
        add(f * at_once, at_once)
    if left:
        add(whole * at_once, left)
    if block.relu:
        each_output(lambda chunk, o, g: y.__setitem__((chunk, o, g), k.relu(y[chunk, o, g])))


def input_gradient(k: Kernel, c: Context, block: Block) -> None:
    """d_x[n,f] = Σ_o d_y[n,o] · w[f,o] for all chunks and a slice of the features."""
    assert isinstance(block.node, Dense)
    features, units = c.plan.graph.parameter(block.node.kernel).shape
    rows = c.plan.slice_rows(block.node.kernel)
    dy, w = k.view(gradient_name(block.name), all_chunks=True), c.weight(block.node.kernel)
    size = divisor(gcd(features, rows), k.schedule.wide_outputs)
    first = k.ir.mul(k.piece, I64(rows))
    stop = smaller(k, I64(features), k.ir.add(first, I64(rows)))
    with k.each(stop, start=first, step=size, name="f") as row, k.each(k.chunks, name="chunk") as chunk:

        def tile(f: Tile, g: Tile, row: Any = row, chunk: Any = chunk) -> None:
            f = f + np.array(row, object)
            acc = k.zeros(*np.broadcast(f, g).shape)
            acc = k.sum({"o": units}, acc, lambda o: dy[chunk, o, g] * w[f, o], unroll={"o": 4})
            c.store_gradient(block.name, block.inputs[0], (f, g), acc, (features,), chunk=chunk)

        k.tiles({"f": size, "g": k.groups}, {"f": size}, tile)
