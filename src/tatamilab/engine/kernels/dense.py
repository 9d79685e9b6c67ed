"""Dense layers: y[o] = b[o] + Σ_f x[f] · w[f,o], then ReLU if one follows.

d_x[f]   = Σ_o d_y[o] · w[f,o]
d_w[f,o] = Σ_n x[f,n] · d_y[o,n]
d_b[o]   = Σ_n d_y[o,n]
"""

from typing import Any

import numpy as np

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import Index, Tile
from tatamilab.engine.graph import Dense
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.memory import gradient_name
from tatamilab.engine.schedule import fit


def _node(block: Block) -> Dense:
    assert isinstance(block.node, Dense)
    return block.node


def forward(k: Kernel, c: Context, block: Block) -> None:
    """y[o] = b[o] + Σ_f x[f] · w[f,o].

    If all outputs fit into registers, the kernel passes once; else it passes some rows at a time, and the
    sums wait in y meanwhile.
    """
    node = _node(block)
    features, units = c.plan.graph.parameter(node.kernel).shape
    x, w, y = c.value(block.inputs[0], (features,)), c.weight(node.kernel), c.value(block.name)
    groups = min(k.groups, 2)
    tile_of = {"o": fit(units, k.schedule.dense_outputs // groups), "g": groups}
    over = {"o": units, "g": k.groups}

    def bias(o: Tile, g: Tile) -> Tile:
        start: Any = c.weight(node.bias)[o] if node.bias else k.constant(0.0)
        return np.broadcast_to(start, np.broadcast(o, g).shape)

    def sums(first: Any, count: int, o: Tile, g: Tile, start: Tile) -> Tile:
        return k.sum({"f": count}, start, lambda f: x[f + first, g] * w[f + first, o], unroll={"f": 4})

    def finish(acc: Tile) -> Tile:
        return k.relu(acc) if block.relu else acc

    def store(first: Any, count: int) -> None:
        def tile(o: Tile, g: Tile) -> None:
            y[o, g] = sums(first, count, o, g, y[o, g])

        k.tiles(over, tile_of, tile)

    at_once = k.schedule.dense_rows
    whole, left = divmod(features, at_once)
    if tile_of["o"] == units or whole < 2:

        def everything(o: Tile, g: Tile) -> None:
            y[o, g] = finish(sums(0, features, o, g, bias(o, g)))

        k.tiles(over, tile_of, everything)
        return
    k.tiles(over, tile_of, lambda o, g: y.__setitem__((o, g), bias(o, g)))
    with k.each(whole, name="f") as f:
        store(f * at_once, at_once)
    if left:
        store(whole * at_once, left)
    if block.relu:
        k.tiles(over, tile_of, lambda o, g: y.__setitem__((o, g), k.relu(y[o, g])))


def input_gradient(k: Kernel, c: Context, block: Block) -> None:
    """d_x[f] = Σ_o d_y[o] · w[f,o]."""
    node = _node(block)
    features, units = c.plan.graph.parameter(node.kernel).shape
    w, dy = c.weight(node.kernel), c.gradient(block.name)

    def tile(f: Tile, g: Tile) -> None:
        acc = k.zeros(*np.broadcast(f, g).shape)
        acc = k.sum({"o": units}, acc, lambda o: dy[o, g] * w[f, o], unroll={"o": 4})
        c.store_gradient(block.name, block.inputs[0], (f, g), acc, (features,))

    groups = min(k.groups, 2)
    size = fit(features, k.schedule.dense_features // groups)
    k.tiles({"f": features, "g": k.groups}, {"f": size, "g": groups}, tile)


def weight_gradient(k: Kernel, c: Context, block: Block) -> None:
    """This chunk's share of d_w[f,o] and d_b[o]."""
    node = _node(block)
    features, units = c.plan.graph.parameter(node.kernel).shape
    x, dy = c.value(block.inputs[0], (features,)), c.gradient(block.name)
    if c.wants(node.kernel) and not c.plan.placed[node.kernel].owned:
        dw = c.partial(node.kernel)

        def tile(f: Tile, o: Tile) -> None:
            acc = k.zeros(*np.broadcast(f, o).shape)
            acc = k.sum({"g": k.groups}, acc, lambda g: x[f, g] * dy[o, g])
            k.store_sums(dw, (f, o), acc)

        k.tiles({"f": features, "o": units}, {"f": k.lanes // _run(k, units), "o": _run(k, units)}, tile)
    if node.bias and c.wants(node.bias):
        bias_gradient(k, c, node.bias, dy, units, {})


def bias_gradient(k: Kernel, c: Context, bias: str, dy: Any, units: int, over: dict[str, int]) -> None:
    """This chunk's share of d_b[o] = Σ d_y[…, o] over images and the axes `over`, which come before o."""
    db = c.partial(bias)

    def tile(o: Tile) -> None:
        acc = k.sum(
            {"g": k.groups, **over}, k.zeros(*o.shape), lambda g, *at: dy[(*at, o, g)] * k.constant(1.0)
        )
        k.store_sums(db, (o,), acc)

    k.tiles({"o": units}, {"o": min(k.lanes, 8)}, tile)


def _run(k: Kernel, units: int) -> int:
    """Neighbouring outputs in a tile of lane sums: a power of two that divides the units, up to 4."""
    return next(n for n in (4, 2, 1) if units % n == 0 and n <= k.lanes)


def owned_gradient(k: Kernel, c: Context, block: Block, first_row: Index, rows: Any) -> None:
    """slice[f,o] = Σ_n x[first_row + f, n] · d_y[o,n] over the whole batch, for rows of a large kernel.

    As many sums as lanes are in registers: one butterfly adds their lanes.
    """
    node = _node(block)
    features, units = c.plan.graph.parameter(node.kernel).shape
    x = k.view(block.inputs[0], shape=(features,), all_chunks=True)
    dy = k.view(gradient_name(block.name), all_chunks=True)
    out = k.view("slice", shape=(c.plan.slice_rows(node.kernel), units), element="scalar", at=0)
    at_once = next(n for n in (4, 2, 1) if features % n == 0)

    with k.each(rows, step=at_once, name="f") as row:
        f = np.array([[row + i] for i in range(at_once)], object)

        def tile(o: Tile) -> None:
            acc = k.zeros(*np.broadcast(f, o).shape)
            with k.each(k.chunks, carry=acc, name="chunk") as chunk:
                for g in range(k.groups):
                    acc[...] = acc + x[chunk, f + first_row, g] * dy[chunk, o, g]
            k.store_sums(out, (f, o), acc)

        k.tiles({"o": units}, {"o": max(1, k.lanes // at_once)}, tile)
