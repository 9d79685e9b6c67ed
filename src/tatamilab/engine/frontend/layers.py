"""One rule for each layer that is lowered.

A rule gets a `Call` and returns the nodes that compute it, in order; the last one makes the layer's value. No
node means that the value is the input itself.
"""

from collections.abc import Callable
from typing import Any

import keras

from tatamilab.engine.frontend import activations
from tatamilab.engine.frontend.calls import Call
from tatamilab.engine.graph import (
    Conv2D,
    Dense,
    Node,
    Padding,
    Pool2D,
    Reshape,
)
from tatamilab.i18n import _

Rule = Callable[[Call], tuple[Node, ...]]


def padding(call: Call, window: tuple[int, int], dilation: tuple[int, int] = (1, 1)) -> Padding:
    """The zeros around the image that `padding="same"` or "valid" means.

    "same" makes ⌈size/stride⌉ rows; an odd zero goes below and to the right.
    """
    if call.config["padding"] == "valid":
        return ((0, 0), (0, 0))
    around = []
    for size, steps, k, stride, d in zip(
        call.x.shape, call.output_shape, window, call.config["strides"], dilation, strict=False
    ):
        total = max((steps - 1) * stride + (k - 1) * d + 1 - size, 0)
        around.append((total // 2, total - total // 2))
    return (around[0], around[1])


def conv2d(call: Call) -> tuple[Node, ...]:
    """Conv2D, then its activation."""
    config = call.config
    node = Conv2D(
        name=call.name,
        inputs=(call.x.name,),
        shape=call.output_shape,
        kernel=call.parameter(call.layer.kernel),
        bias=call.bias(),
        strides=tuple(config["strides"]),
        padding=padding(call, config["kernel_size"], config["dilation_rate"]),
        dilation=tuple(config["dilation_rate"]),
        groups=config["groups"],
    )
    return (node, *activations.fused(call, node))


def dense(call: Call) -> tuple[Node, ...]:
    """Dense, then its activation."""
    if len(call.x.shape) != 1:
        call.refuse(_("gets values of shape {shape}; put a Flatten layer before it", shape=call.x.shape))
    node = Dense(
        name=call.name,
        inputs=(call.x.name,),
        shape=call.output_shape,
        kernel=call.parameter(call.layer.kernel),
        bias=call.bias(),
    )
    return (node, *activations.fused(call, node))


def max_pooling(call: Call) -> tuple[Node, ...]:
    """MaxPooling2D."""
    return (pool(call, "max"),)


def pool(call: Call, kind: Any) -> Pool2D:
    """The largest, or the mean, of each window."""
    return Pool2D(
        name=call.name,
        inputs=(call.x.name,),
        shape=call.output_shape,
        kind=kind,
        window=tuple(call.config["pool_size"]),
        strides=tuple(call.config["strides"]),
        padding=padding(call, call.config["pool_size"]),
    )


def reshape(call: Call) -> tuple[Node, ...]:
    """Flatten and Reshape."""
    return (Reshape(name=call.name, inputs=(call.x.name,), shape=call.output_shape),)


def activation(call: Call) -> tuple[Node, ...]:
    """Activation."""
    return activations.lower(call, call.x, call.name)


RULES: dict[type, Rule] = {
    keras.layers.Activation: activation,
    keras.layers.Conv2D: conv2d,
    keras.layers.Dense: dense,
    keras.layers.Flatten: reshape,
    keras.layers.MaxPooling2D: max_pooling,
    keras.layers.Reshape: reshape,
}
"""By exact class: a subclass may compute anything."""
