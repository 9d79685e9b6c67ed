"""Layers that compute each element by itself: activations, rescaling, sums, copies, dropout.

Each has one loop over tiles of the last axis; what it computes is a function of the tile.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit import math
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import Value
from tatamilab.engine.graph import Activation, Add, Concatenate, Rescaling, Unsupported, ZeroPadding2D
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.schedule import divisor

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def elements(k: Kernel, shape: tuple[int, ...], body: Callable[..., None]) -> None:
    """Call `body(index)` for tiles that cover a value once; `index` includes the group of images."""
    axes = {f"axis{a}": extent for a, extent in enumerate(shape)} | {"g": k.groups}
    k.tiles(axes, {f"axis{len(shape) - 1}": divisor(shape[-1], 8)}, lambda *index: body(index))


def _both(k: Kernel, condition: Value, a: Any, b: Any) -> Value:
    return k.where(condition, a if isinstance(a, Value) else k.constant(a), b)


def _sigmoid_like(slope: float, offset: float, k: Kernel, x: Value) -> tuple[Value, Value]:
    """A straight line clipped to [0, 1], and where it is not clipped."""
    line = x * slope + k.constant(offset)
    line = k.where(k.compare("<", line, 0.0), k.constant(0.0), line)
    inside = k.both(k.compare(">", x, -offset / slope), k.compare("<", x, (1 - offset) / slope))
    return k.where(k.compare(">", line, 1.0), k.constant(1.0), line), inside


def activate(k: Kernel, node: Activation, x: Value) -> tuple[Value, Value]:
    """f(x) and f′(x).

    Raises:
        Unsupported: the kind has no native form.
    """
    one, zero = k.constant(1.0), k.constant(0.0)
    positive = k.compare(">", x, 0.0)
    match node.kind:
        case "relu":
            return k.relu(x), k.where(positive, one, zero)
        case "relu6":
            clipped = k.where(k.compare(">", x, 6.0), k.constant(6.0), k.relu(x))
            return clipped, k.where(k.both(positive, k.compare("<", x, 6.0)), one, zero)
        case "leaky_relu":
            keep = k.compare(">=", x, 0.0)
            return k.where(keep, x, (x * node.alpha).value()), k.where(keep, one, node.alpha)
        case "elu" | "selu" | "celu":
            return _exponential_unit(k, node, x)
        case "sigmoid":
            y = math.sigmoid(k, x)
            return y, (y * (1.0 - y)).value()
        case "tanh":
            y = math.tanh(k, x)
            return y, 1.0 - (y * y).value()
        case "silu":
            s = math.sigmoid(k, x)
            y = (x * s).value()
            return y, (y * (1.0 - s)).value() + s
        case "softplus":
            return math.log1p_exp(k, x), math.sigmoid(k, x)
        case "softsign":
            d = k.call("llvm.fabs", x) + 1.0
            return x / d, one / (d * d).value()
        case "exponential":
            y = math.exp(k, x)
            return y, y
        case "hard_sigmoid":
            y, inside = _sigmoid_like(1 / 6, 0.5, k, x)
            return y, k.where(inside, k.constant(1 / 6), zero)
        case "hard_silu":
            s, inside = _sigmoid_like(1 / 6, 0.5, k, x)
            return (x * s).value(), k.where(inside, (x * (1 / 6)).value() + s, s)
        case "log_sigmoid":
            return -math.log1p_exp(k, -x), math.sigmoid(k, -x)
        case "gelu_tanh":
            return _gelu_tanh(k, x)
    raise Unsupported(f"activation {node.kind!r}", "isn't lowered")


def _exponential_unit(k: Kernel, node: Activation, x: Value) -> tuple[Value, Value]:
    """scale·x above zero, scale·α·(e^(x/β) − 1) below."""
    scale = SELU_SCALE if node.kind == "selu" else 1.0
    alpha = SELU_ALPHA if node.kind == "selu" else node.alpha
    beta = node.alpha if node.kind == "celu" else 1.0
    below = k.where(k.compare(">", x, 0.0), k.constant(0.0), x)
    e = math.exp(k, (below * (1 / beta)).value())
    y = k.where(k.compare(">", x, 0.0), x, ((e - 1.0) * alpha).value())
    slope = k.where(k.compare(">", x, 0.0), k.constant(1.0), (e * (alpha / beta)).value())
    return (y * scale).value(), (slope * scale).value()


def _gelu_tanh(k: Kernel, x: Value) -> tuple[Value, Value]:
    """½x(1 + tanh(√(2/π)(x + 0.044715x³))). Source: Hendrycks and Gimpel (2016), section 2."""
    root = float(np.sqrt(2 / np.pi))
    square = (x * x).value()
    t = math.tanh(k, ((square * 0.044715 + k.constant(1.0)) * (x * root).value()).value())
    inner = ((square * (3 * 0.044715) + k.constant(1.0)) * root).value()
    half = (x * 0.5).value()
    slope = (half * (1.0 - (t * t).value())).value() * inner + ((t + 1.0) * 0.5).value()
    return (half * (t + 1.0)).value(), slope


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
