"""The equation of each kind of node, and the chain rule through it, in float64 NumPy.

For each kind a function `kind(node, batch, *inputs)` gives the value, and `d_kind(node, batch, d_y, *inputs)`
gives the gradients of the inputs, in their order, and those of the parameters by name. `d_y` means ∂loss/∂y.
Axes: n image; i j output row, column; u v kernel row, column; c input channel; o output channel; g group.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from reference_activations import ACTIVATIONS

from tatamilab.engine import graph as g

Array = np.ndarray
Chain = tuple[list[Array], dict[str, Array]]


@dataclass(frozen=True)
class Batch:
    """What a node may look at beside its inputs.

    Args:
        weights: every parameter, float64.
        training: batch statistics and dropout, or moving statistics and none.
        masks: of each Dropout node, what it keeps: booleans (n, *shape), or (n, 1, 1, channels).
    """

    weights: Mapping[str, Array]
    training: bool
    masks: Mapping[str, Array]


class Equation(NamedTuple):
    """A kind of node: its value, and the chain rule through it."""

    value: Callable[..., Array]
    chain: Callable[..., Chain]


def _padded(x: Array, padding: g.Padding, fill: float = 0.0) -> Array:
    return np.pad(x, ((0, 0), *padding, (0, 0)), constant_values=fill)


def _unpadded(x: Array, padding: g.Padding) -> Array:
    (top, bottom), (left, right) = padding
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


def _windows(x: Array, window: tuple[int, int], strides: g.Shape, dilation: g.Shape = (1, 1)) -> Array:
    """x[n, s·i + d·u, s·j + d·v, c] as an array n i j c u v."""
    extent = [(size - 1) * d + 1 for size, d in zip(window, dilation, strict=True)]
    dense = sliding_window_view(x, extent, axis=(1, 2))
    return dense[:, :: strides[0], :: strides[1], :, :: dilation[0], :: dilation[1]]


def _d_windows(d: Array, shape: g.Shape, strides: g.Shape, dilation: g.Shape = (1, 1)) -> Array:
    """The gradient of x, of `shape`, from that of its windows, n i j c u v."""
    d_x = np.zeros(shape)
    _, rows, columns, _, height, width = d.shape
    for u in range(height):
        for v in range(width):
            i = slice(u * dilation[0], u * dilation[0] + (rows - 1) * strides[0] + 1, strides[0])
            j = slice(v * dilation[1], v * dilation[1] + (columns - 1) * strides[1] + 1, strides[1])
            d_x[:, i, j] += d[..., u, v]
    return d_x


def _bias(node: Any, batch: Batch) -> Array | float:
    return 0.0 if node.bias is None else batch.weights[node.bias]


def _d_bias(node: Any, d_y: Array) -> dict[str, Array]:
    return {} if node.bias is None else {node.bias: d_y.sum(axis=tuple(range(d_y.ndim - 1)))}


def _grouped(node: g.Conv2D, batch: Batch, x: Array) -> tuple[Array, Array, Array]:
    """The padded input, its windows n i j g c u v, and the kernel u v c g o."""
    kernel = batch.weights[node.kernel]
    height, width, c, filters = kernel.shape
    padded = _padded(x, node.padding)
    patches = _windows(padded, (height, width), node.strides, node.dilation)
    patches = patches.reshape(*patches.shape[:3], node.groups, c, height, width)
    return padded, patches, kernel.reshape(height, width, c, node.groups, filters // node.groups)


def conv2d(node: g.Conv2D, batch: Batch, x: Array) -> Array:
    _, patches, w = _grouped(node, batch, x)
    y = np.einsum("nijgcuv,uvcgo->nijgo", patches, w, optimize=True)
    return y.reshape(len(x), *node.shape) + _bias(node, batch)


def d_conv2d(node: g.Conv2D, batch: Batch, d_y: Array, x: Array) -> Chain:
    padded, patches, w = _grouped(node, batch, x)
    d = d_y.reshape(*d_y.shape[:3], node.groups, -1)
    d_w = np.einsum("nijgcuv,nijgo->uvcgo", patches, d, optimize=True)
    d_patches = np.einsum("nijgo,uvcgo->nijgcuv", d, w, optimize=True)
    d_patches = d_patches.reshape(*d_y.shape[:3], x.shape[3], *w.shape[:2])
    d_x = _unpadded(_d_windows(d_patches, padded.shape, node.strides, node.dilation), node.padding)
    return [d_x], {node.kernel: d_w.reshape(batch.weights[node.kernel].shape), **_d_bias(node, d_y)}


def depthwise(node: g.DepthwiseConv2D, batch: Batch, x: Array) -> Array:
    w = batch.weights[node.kernel]
    patches = _windows(_padded(x, node.padding), w.shape[:2], node.strides, node.dilation)
    y = np.einsum("nijcuv,uvcq->nijcq", patches, w, optimize=True)
    return y.reshape(len(x), *node.shape) + _bias(node, batch)


def d_depthwise(node: g.DepthwiseConv2D, batch: Batch, d_y: Array, x: Array) -> Chain:
    w = batch.weights[node.kernel]
    padded = _padded(x, node.padding)
    patches = _windows(padded, w.shape[:2], node.strides, node.dilation)
    d = d_y.reshape(*d_y.shape[:3], w.shape[2], w.shape[3])
    d_w = np.einsum("nijcuv,nijcq->uvcq", patches, d, optimize=True)
    d_patches = np.einsum("nijcq,uvcq->nijcuv", d, w, optimize=True)
    d_x = _unpadded(_d_windows(d_patches, padded.shape, node.strides, node.dilation), node.padding)
    return [d_x], {node.kernel: d_w, **_d_bias(node, d_y)}


def dense(node: g.Dense, batch: Batch, x: Array) -> Array:
    return x @ batch.weights[node.kernel] + _bias(node, batch)


def d_dense(node: g.Dense, batch: Batch, d_y: Array, x: Array) -> Chain:
    return [d_y @ batch.weights[node.kernel].T], {node.kernel: x.T @ d_y, **_d_bias(node, d_y)}


def _counts(node: g.Pool2D, x: Array) -> Array:
    """How many elements of each window are not padding."""
    return _windows(_padded(np.ones_like(x), node.padding), node.window, node.strides).sum(axis=(-2, -1))


def pool2d(node: g.Pool2D, batch: Batch, x: Array) -> Array:
    if node.kind == "max":
        return _windows(_padded(x, node.padding, -np.inf), node.window, node.strides).max(axis=(-2, -1))
    total = _windows(_padded(x, node.padding), node.window, node.strides).sum(axis=(-2, -1))
    return total / _counts(node, x)


def d_pool2d(node: g.Pool2D, batch: Batch, d_y: Array, x: Array) -> Chain:
    padded = _padded(x, node.padding, -np.inf)
    windows = _windows(padded, node.window, node.strides)
    if node.kind == "max":  # of equal elements the first one wins, row by row
        flat = windows.reshape(*windows.shape[:4], -1)
        won = np.arange(flat.shape[-1]) == flat.argmax(axis=-1)[..., None]
        d_windows = d_y[..., None, None] * won.reshape(windows.shape)
    else:
        d_windows = np.broadcast_to((d_y / _counts(node, x))[..., None, None], windows.shape)
    return [_unpadded(_d_windows(d_windows, padded.shape, node.strides), node.padding)], {}


def global_pool2d(node: g.GlobalPool2D, batch: Batch, x: Array) -> Array:
    y = x.max(axis=(1, 2)) if node.kind == "max" else x.mean(axis=(1, 2))
    return y.reshape(len(x), *node.shape)


def d_global_pool2d(node: g.GlobalPool2D, batch: Batch, d_y: Array, x: Array) -> Chain:
    d = d_y.reshape(len(x), 1, 1, -1)
    if node.kind == "average":
        return [np.broadcast_to(d / (x.shape[1] * x.shape[2]), x.shape)], {}
    won = x == x.max(axis=(1, 2), keepdims=True)  # equal elements share the gradient
    return [d * won / won.sum(axis=(1, 2), keepdims=True)], {}


def activation(node: g.Activation, batch: Batch, x: Array) -> Array:
    return ACTIVATIONS[node.kind][0](x, node.alpha)


def d_activation(node: g.Activation, batch: Batch, d_y: Array, x: Array) -> Chain:
    return [d_y * ACTIVATIONS[node.kind][1](x, node.alpha)], {}


def softmax(node: g.Softmax, batch: Batch, x: Array) -> Array:
    shifted = x - x.max(axis=-1, keepdims=True)
    log = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return log if node.log else np.exp(log)


def d_softmax(node: g.Softmax, batch: Batch, d_y: Array, x: Array) -> Chain:
    y = softmax(node, batch, x)
    if node.log:
        return [d_y - np.exp(y) * d_y.sum(axis=-1, keepdims=True)], {}
    return [y * (d_y - (d_y * y).sum(axis=-1, keepdims=True))], {}


def reshape(node: g.Reshape, batch: Batch, x: Array) -> Array:
    return x.reshape(len(x), *node.shape)


def d_reshape(node: g.Reshape, batch: Batch, d_y: Array, x: Array) -> Chain:
    return [d_y.reshape(x.shape)], {}


def rescaling(node: g.Rescaling, batch: Batch, x: Array) -> Array:
    return node.scale * x + node.offset


def d_rescaling(node: g.Rescaling, batch: Batch, d_y: Array, x: Array) -> Chain:
    return [node.scale * d_y], {}


def statistics(x: Array) -> tuple[Array, Array]:
    """Mean and biased variance of each channel over the batch."""
    axes = tuple(range(x.ndim - 1))
    return x.mean(axis=axes), x.var(axis=axes)


def _normalized(node: g.BatchNormalization, batch: Batch, x: Array) -> tuple[Array, Array]:
    """(x − μ)/√(σ² + ε), and 1/√(σ² + ε)."""
    if batch.training and not node.frozen:
        mean, variance = statistics(x)
    else:
        mean, variance = batch.weights[node.mean], batch.weights[node.variance]
    scale = 1 / np.sqrt(variance + node.epsilon)
    return (x - mean) * scale, scale


def batch_normalization(node: g.BatchNormalization, batch: Batch, x: Array) -> Array:
    y, _ = _normalized(node, batch, x)
    gamma = 1.0 if node.gamma is None else batch.weights[node.gamma]
    beta = 0.0 if node.beta is None else batch.weights[node.beta]
    return gamma * y + beta


def d_batch_normalization(node: g.BatchNormalization, batch: Batch, d_y: Array, x: Array) -> Chain:
    normalized, scale = _normalized(node, batch, x)
    axes = tuple(range(x.ndim - 1))
    own = {node.gamma: (d_y * normalized).sum(axis=axes), node.beta: d_y.sum(axis=axes)}
    d = d_y * (1.0 if node.gamma is None else batch.weights[node.gamma])
    if batch.training and not node.frozen:
        d = d - d.mean(axis=axes) - normalized * (d * normalized).mean(axis=axes)
    return [d * scale], {name: value for name, value in own.items() if name is not None}


def dropout(node: g.Dropout, batch: Batch, x: Array) -> Array:
    return x * batch.masks[node.name] / (1 - node.rate) if batch.training else x


def d_dropout(node: g.Dropout, batch: Batch, d_y: Array, x: Array) -> Chain:
    return [dropout(node, batch, d_y)], {}


def activity(node: g.ActivityRegularization, batch: Batch, x: Array) -> Array:
    return x


def d_activity(node: g.ActivityRegularization, batch: Batch, d_y: Array, x: Array) -> Chain:
    return [d_y + (node.l1 * np.sign(x) + 2 * node.l2 * x) / len(x)], {}


def zero_padding(node: g.ZeroPadding2D, batch: Batch, x: Array) -> Array:
    return _padded(x, node.padding)


def d_zero_padding(node: g.ZeroPadding2D, batch: Batch, d_y: Array, x: Array) -> Chain:
    return [_unpadded(d_y, node.padding)], {}


def add(node: g.Add, batch: Batch, *xs: Array) -> Array:
    return sum(xs, np.zeros(()))


def d_add(node: g.Add, batch: Batch, d_y: Array, *xs: Array) -> Chain:
    return [d_y for _ in xs], {}


def concatenate(node: g.Concatenate, batch: Batch, *xs: Array) -> Array:
    return np.concatenate(xs, axis=-1)


def d_concatenate(node: g.Concatenate, batch: Batch, d_y: Array, *xs: Array) -> Chain:
    ends = np.cumsum([x.shape[-1] for x in xs])[:-1]
    return np.split(d_y, ends, axis=-1), {}


EQUATIONS: dict[type, Equation] = {
    g.Activation: Equation(activation, d_activation),
    g.ActivityRegularization: Equation(activity, d_activity),
    g.Add: Equation(add, d_add),
    g.BatchNormalization: Equation(batch_normalization, d_batch_normalization),
    g.Concatenate: Equation(concatenate, d_concatenate),
    g.Conv2D: Equation(conv2d, d_conv2d),
    g.Dense: Equation(dense, d_dense),
    g.DepthwiseConv2D: Equation(depthwise, d_depthwise),
    g.Dropout: Equation(dropout, d_dropout),
    g.GlobalPool2D: Equation(global_pool2d, d_global_pool2d),
    g.Pool2D: Equation(pool2d, d_pool2d),
    g.Rescaling: Equation(rescaling, d_rescaling),
    g.Reshape: Equation(reshape, d_reshape),
    g.Softmax: Equation(softmax, d_softmax),
    g.ZeroPadding2D: Equation(zero_padding, d_zero_padding),
}
