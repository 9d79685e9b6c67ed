"""One rule for each layer that is lowered.

A rule gets a `Call` and returns the nodes that compute it, in order; the last one makes the layer's value. No
node means that the value is the input itself.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import keras
import numpy as np

from tatamilab.engine.frontend import activations, parameters
from tatamilab.engine.frontend.calls import Call, described
from tatamilab.engine.graph import (
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
    Padding,
    Pool2D,
    Rescaling,
    Reshape,
    ZeroPadding2D,
)
from tatamilab.i18n import _

Nodes = tuple[Node, ...]
Rule = Callable[[Call], Nodes]


def padding(call: Call, window: tuple[int, int], dilation: tuple[int, int] = (1, 1)) -> Padding:
    """What `padding="same"` or "valid" means in rows and columns.

    "same" makes ⌈size/stride⌉ of them; an odd one is added below and to the right.
    """
    if call.config["padding"] == "valid":
        return ((0, 0), (0, 0))
    strides = call.config["strides"]

    def around(axis: int) -> tuple[int, int]:
        size, steps = call.x.shape[axis], -(-call.x.shape[axis] // strides[axis])
        total = max((steps - 1) * strides[axis] + (window[axis] - 1) * dilation[axis] + 1 - size, 0)
        return total // 2, total - total // 2

    return around(0), around(1)


def sliding(call: Call) -> dict[str, Any]:
    """How the kernel of a convolution moves."""
    config = call.config
    return {
        "strides": tuple(config["strides"]),
        "padding": padding(call, config["kernel_size"], config["dilation_rate"]),
        "dilation": tuple(config["dilation_rate"]),
    }


def conv2d(call: Call) -> Nodes:
    """Conv2D, then its activation."""
    node = Conv2D(
        name=call.name,
        inputs=(call.x.name,),
        shape=call.output_shape,
        kernel=call.parameter(call.layer.kernel),
        bias=call.bias(),
        groups=call.config["groups"],
        **sliding(call),
    )
    return (node, *activations.fused(call, node))


def depthwise_conv2d(call: Call) -> Nodes:
    """DepthwiseConv2D, then its activation."""
    node = DepthwiseConv2D(
        name=call.name,
        inputs=(call.x.name,),
        shape=call.output_shape,
        kernel=call.parameter(call.layer.kernel),
        bias=call.bias(),
        **sliding(call),
    )
    return (node, *activations.fused(call, node))


def separable_conv2d(call: Call) -> Nodes:
    """SeparableConv2D: a depthwise convolution, a 1×1 convolution over its channels, then the activation."""
    rows, columns, filters = call.output_shape
    depthwise = DepthwiseConv2D(
        name=f"{call.name}/depthwise",
        inputs=(call.x.name,),
        shape=(rows, columns, call.x.shape[2] * call.config["depth_multiplier"]),
        kernel=call.parameter(call.layer.depthwise_kernel),
        bias=None,
        **sliding(call),
    )
    pointwise = Conv2D(
        name=call.name,
        inputs=(depthwise.name,),
        shape=(rows, columns, filters),
        kernel=call.parameter(call.layer.pointwise_kernel),
        bias=call.bias(),
    )
    return (depthwise, pointwise, *activations.fused(call, pointwise))


def dense(call: Call) -> Nodes:
    """Dense, then its activation; on an image it is a 1×1 convolution."""
    rank = len(call.x.shape)
    if rank not in (1, 3):
        call.refuse(_("gets values of shape {shape}; put a Flatten layer before it", shape=call.x.shape))
    make = Dense if rank == 1 else Conv2D
    node = make(
        name=call.name,
        inputs=(call.x.name,),
        shape=call.output_shape,
        kernel=call.parameter(call.layer.kernel),
        bias=call.bias(),
    )
    return (node, *activations.fused(call, node))


def pool2d(call: Call, kind: Literal["max", "average"]) -> Nodes:
    """MaxPooling2D and AveragePooling2D."""
    return (
        Pool2D(
            name=call.name,
            inputs=(call.x.name,),
            shape=call.output_shape,
            kind=kind,
            window=tuple(call.config["pool_size"]),
            strides=tuple(call.config["strides"]),
            padding=padding(call, call.config["pool_size"]),
        ),
    )


def global_pool2d(call: Call, kind: Literal["max", "average"]) -> Nodes:
    """GlobalMaxPooling2D and GlobalAveragePooling2D."""
    return (GlobalPool2D(name=call.name, inputs=(call.x.name,), shape=call.output_shape, kind=kind),)


def reshape(call: Call) -> Nodes:
    """Flatten and Reshape."""
    return (Reshape(name=call.name, inputs=(call.x.name,), shape=call.output_shape),)


def zero_padding2d(call: Call) -> Nodes:
    """ZeroPadding2D."""
    above_below, left_right = call.config["padding"]
    around = (tuple(above_below), tuple(left_right))
    return (ZeroPadding2D(name=call.name, inputs=(call.x.name,), shape=call.output_shape, padding=around),)


def rescaling(call: Call) -> Nodes:
    """Rescaling by one scale and one offset."""
    scale, offset = call.layer.scale, call.layer.offset
    if np.ndim(scale) or np.ndim(offset):
        call.refuse(_("has one scale or offset for each channel; only a single one is lowered"))
    x = call.x
    return (
        Rescaling(name=call.name, inputs=(x.name,), shape=x.shape, scale=float(scale), offset=float(offset)),
    )


def batch_normalization(call: Call) -> Nodes:
    """BatchNormalization over the last axis; frozen where training uses moving statistics too."""
    layer, config, x = call.layer, call.config, call.x
    axis = config["axis"] if isinstance(config["axis"], int) else tuple(config["axis"])
    if axis not in (-1, len(x.shape), (-1,), (len(x.shape),)):
        call.refuse(_("normalizes axis {axis}; only the last one is lowered", axis=config["axis"]))
    for option in ("synchronized", "renorm"):
        if config.get(option):
            call.refuse(_("has {option}, which isn't lowered", option=f"{option}=True"))
    return (
        BatchNormalization(
            name=call.name,
            inputs=(x.name,),
            shape=x.shape,
            gamma=call.parameter(layer.gamma) if config["scale"] else None,
            beta=call.parameter(layer.beta) if config["center"] else None,
            mean=call.parameter(layer.moving_mean),
            variance=call.parameter(layer.moving_variance),
            epsilon=float(config["epsilon"]),
            momentum=float(config["momentum"]),
            frozen=not layer.trainable,
        ),
    )


def dropout(call: Call, *, whole_channels: bool = False) -> Nodes:
    """Dropout and SpatialDropout2D; nothing where it never drops."""
    rate, x = float(call.config["rate"]), call.x
    if call.config.get("noise_shape") is not None:
        call.refuse(_("has {option}, which isn't lowered", option="noise_shape"))
    if rate == 1:
        call.refuse(_("drops everything (rate=1)"))
    if rate == 0:
        return ()
    return (
        Dropout(name=call.name, inputs=(x.name,), shape=x.shape, rate=rate, whole_channels=whole_channels),
    )


def identity(call: Call) -> Nodes:
    """Identity and ActivityRegularization, whose penalty is lowered as that of any layer."""
    return ()


def add(call: Call) -> Nodes:
    """Add, of values of one shape."""
    shapes = {node.shape for node in call.inputs}
    if len(shapes) > 1:
        call.refuse(_("adds values of different shapes, which isn't lowered"))
    (shape,) = shapes
    return (Add(name=call.name, inputs=tuple(node.name for node in call.inputs), shape=shape),)


def concatenate(call: Call) -> Nodes:
    """Concatenate along the last axis."""
    first = call.inputs[0].shape
    if call.config["axis"] not in (-1, len(first)):
        call.refuse(_("joins along axis {axis}; only the last one is lowered", axis=call.config["axis"]))
    channels = sum(node.shape[-1] for node in call.inputs)
    names = tuple(node.name for node in call.inputs)
    return (Concatenate(name=call.name, inputs=names, shape=(*first[:-1], channels)),)


def activity_penalty(call: Call, value: Node) -> Nodes:
    """What `activity_regularizer=` of any layer adds to the loss, from the layer's value."""
    l1, l2 = parameters.penalty(described(call.layer), call.layer.activity_regularizer)
    if l1 == l2 == 0:
        return ()
    name = f"{call.name}/activity_regularizer"
    return (ActivityRegularization(name=name, inputs=(value.name,), shape=value.shape, l1=l1, l2=l2),)


RULES: dict[type, Rule] = {
    keras.layers.Activation: activations.activation,
    keras.layers.ActivityRegularization: identity,
    keras.layers.Add: add,
    keras.layers.AveragePooling2D: partial(pool2d, kind="average"),
    keras.layers.BatchNormalization: batch_normalization,
    keras.layers.Concatenate: concatenate,
    keras.layers.Conv2D: conv2d,
    keras.layers.Dense: dense,
    keras.layers.DepthwiseConv2D: depthwise_conv2d,
    keras.layers.Dropout: dropout,
    keras.layers.ELU: activations.elu,
    keras.layers.Flatten: reshape,
    keras.layers.GlobalAveragePooling2D: partial(global_pool2d, kind="average"),
    keras.layers.GlobalMaxPooling2D: partial(global_pool2d, kind="max"),
    keras.layers.Identity: identity,
    keras.layers.LeakyReLU: activations.leaky_relu,
    keras.layers.MaxPooling2D: partial(pool2d, kind="max"),
    keras.layers.ReLU: activations.relu,
    keras.layers.Rescaling: rescaling,
    keras.layers.Reshape: reshape,
    keras.layers.SeparableConv2D: separable_conv2d,
    keras.layers.Softmax: activations.softmax,
    keras.layers.SpatialDropout2D: partial(dropout, whole_channels=True),
    keras.layers.ZeroPadding2D: zero_padding2d,
}
"""By exact class: a subclass may compute anything."""


def lower(call: Call) -> Nodes:
    """The nodes that compute one use of one layer.

    Raises:
        Unsupported: naming the layer.
    """
    if type(call.layer) not in RULES:
        call.refuse(_("isn't lowered"))
    call.check()
    nodes = RULES[type(call.layer)](call)
    return (*nodes, *activity_penalty(call, nodes[-1] if nodes else call.inputs[0]))
