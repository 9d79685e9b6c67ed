"""Zeros around what a convolution reads.

Padding is a zero margin of the buffer that is read. Where the same memory is also read as one flat row (by a dense
layer behind a Flatten, for instance) it can have no margin: the convolution then reads a copy with one.
"""

from typing import Any

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.values import View
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.kernels.elementwise import elements
from tatamilab.engine.memory import gradient_name, padded_gradient_name, padded_name


def padded_input(c: Context, block: Block, *, fill: bool = False) -> View:
    """The input of a convolution with its margin; `fill` makes the copy, forward, where one is needed."""
    name = padded_name(block.name)
    if name not in c.k.build.buffers:
        return c.value(block.inputs[0])
    out = c.k.view(name)
    if fill:
        _copy(c, c.value(block.inputs[0]), out, c.plan.producer(block.inputs[0]).shape)
    return out


def padded_gradient(c: Context, block: Block) -> View:
    """∂loss/∂(a convolution's output) with its margin; makes the copy where one is needed."""
    name = padded_gradient_name(block.name)
    if name not in c.k.build.buffers:
        return c.k.view(gradient_name(block.name))
    out = c.k.view(name)
    _copy(c, c.gradient(block.name), out, block.shape)
    return out


def _copy(c: Context, source: View, target: View, shape: tuple[int, ...]) -> None:
    def body(at: Any) -> None:
        target[at] = source[at]

    elements(c.k, shape, body)
