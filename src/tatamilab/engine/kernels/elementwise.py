"""Layers that compute each element by itself: activations, rescaling, sums, copies, dropout.

Each has one loop over tiles of the last axis; what it computes is a function of the tile.
"""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.graph import Activation, Add, Concatenate, Rescaling, Unsupported, ZeroPadding2D
from tatamilab.engine.kernels.activations import activate
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.schedule import divisor


def elements(k: Kernel, shape: tuple[int, ...], body: Callable[..., None]) -> None:
    """Call `body(index)` for tiles that cover a value once; `index` includes the group of images."""
    axes = {f"axis{a}": extent for a, extent in enumerate(shape)} | {"g": k.groups}
    k.tiles(axes, {f"axis{len(shape) - 1}": divisor(shape[-1], 8)}, lambda *index: body(index))


def forward(k: Kernel, c: Context, block: Block) -> None:
    """y = f(x₁, x₂, …), element by element."""
    node = block.node
    shape = node.shape
    y = c.value(block.name)
    match node:
        case Activation():
            x = c.value(block.inputs[0], shape)

            def body(at: Any) -> None:
                y[at] = k.map(lambda v: activate(k, node, v)[0], x[at])
        case Rescaling():
            x = c.value(block.inputs[0], shape)

            def body(at: Any) -> None:
                y[at] = x[at] * k.constant(node.scale) + k.constant(node.offset)
        case Add():
            terms = [c.value(name, shape) for name in block.inputs]

            def body(at: Any) -> None:
                total = terms[0][at]
                for term in terms[1:]:
                    total = total + term[at]
                y[at] = k.relu(total) if block.relu else total
        case _:
            raise Unsupported(f"layer {node.name!r} ({type(node).__name__})", "isn't lowered")
    elements(k, shape, body)


def input_gradient(k: Kernel, c: Context, block: Block) -> None:
    """d_x = f′(x)·d_y."""
    node = block.node
    shape = node.shape
    dy = c.gradient(block.name)
    for i, name in enumerate(block.inputs):
        if name not in c.plan.wants_gradient or name in block.inputs[:i]:
            continue
        times = block.inputs.count(name)

        def body(at: Any, name: str = name, times: int = times) -> None:
            match node:
                case Activation():
                    x = c.value(name, shape)[at]
                    dx = k.map(lambda v, d: (activate(k, node, v)[1] * d).value(), x, dy[at])
                case Rescaling():
                    dx = k.map(lambda d: (d * node.scale).value(), dy[at])
                case _:
                    dx = k.map(lambda d: (d * float(times)).value(), dy[at]) if times > 1 else dy[at]
            c.store_gradient(block.name, name, at, dx, shape)

        elements(k, shape, body)


def concatenate(k: Kernel, c: Context, block: Block) -> None:
    """The inputs one after another along the last axis."""
    assert isinstance(block.node, Concatenate)
    y, start = c.value(block.name), 0
    for name in block.inputs:
        x, shape = c.value(name), c.plan.producer(name).shape

        def body(at: Any, x: Any = x, start: int = start) -> None:
            *outer, last, g = at
            y[(*outer, last + start, g)] = x[at]

        elements(k, shape, body)
        start += shape[-1]


def split_gradient(k: Kernel, c: Context, block: Block) -> None:
    """Each input's part of d_y."""
    dy, start = c.gradient(block.name), 0
    for name in block.inputs:
        shape = c.plan.producer(name).shape
        if name in c.plan.wants_gradient:

            def body(at: Any, name: str = name, start: int = start, shape: Any = shape) -> None:
                *outer, last, g = at
                c.store_gradient(block.name, name, at, dy[(*outer, last + start, g)], shape)

            elements(k, shape, body)
        start += shape[-1]


def pad(k: Kernel, c: Context, block: Block) -> None:
    """x in the middle of zeros."""
    node = block.node
    assert isinstance(node, ZeroPadding2D)
    (top, _), (left, _) = node.padding
    x, y = c.value(block.inputs[0]), c.value(block.name)

    def clear(at: Any) -> None:
        y[at] = k.zeros(*np.broadcast(*at).shape)

    def copy(at: Any) -> None:
        i, j, ch, g = at
        y[i + top, j + left, ch, g] = x[at]

    elements(k, node.shape, clear)
    elements(k, c.plan.producer(block.inputs[0]).shape, copy)


def crop_gradient(k: Kernel, c: Context, block: Block) -> None:
    """d_y without its border."""
    node = block.node
    assert isinstance(node, ZeroPadding2D)
    (top, _), (left, _) = node.padding
    dy, shape = c.gradient(block.name), c.plan.producer(block.inputs[0]).shape

    def body(at: Any) -> None:
        i, j, ch, g = at
        c.store_gradient(block.name, block.inputs[0], at, dy[i + top, j + left, ch, g], shape)

    elements(k, shape, body)


def reshape(k: Kernel, c: Context, block: Block) -> None:
    """y = x, the same elements in the same order under other axes."""
    x, y = c.value(block.inputs[0], (block.node.size,)), c.value(block.name)
    elements(k, block.shape, lambda at: y.__setitem__(at, x[_flat(at, block.shape)]))


def reshape_gradient(k: Kernel, c: Context, block: Block) -> None:
    """d_x = d_y, likewise."""
    dy, size = c.gradient(block.name), block.node.size

    def body(at: Any) -> None:
        c.store_gradient(block.name, block.inputs[0], _flat(at, block.shape), dy[at], (size,))

    elements(k, block.shape, body)


def _flat(at: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Where the element at `at` is among all: the index of one axis in place of several."""
    *axes, g = at
    index = sum(axis * prod(shape[a + 1 :]) for a, axis in enumerate(axes))
    return index, g
