"""The rules of a legal graph, and the first node that breaks one.

Whoever makes a graph verifies it once; what comes after (plan, kernels) relies on that.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, get_args

from tatamilab.engine.graph import (
    Activation,
    ActivationKind,
    ActivityRegularization,
    Add,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    GlobalPool2D,
    Graph,
    Input,
    Node,
    Padding,
    Parameter,
    Pool2D,
    Rescaling,
    Reshape,
    Shape,
    Softmax,
    ZeroPadding2D,
)
from tatamilab.errors import TatamiError
from tatamilab.i18n import _


class IllegalGraph(TatamiError, ValueError):
    """A graph breaks a rule.

    Args:
        where: name of the node or parameter.
        rule: name of the rule.
        says: the rule itself.
    """

    def __init__(self, where: str, rule: str, says: str) -> None:
        super().__init__(_("{where!r} breaks the rule {rule!r}: {says}", where=where, rule=rule, says=says))
        self.where = where
        self.rule = rule


def verify(graph: Graph) -> Graph:
    """Return `graph` if it is legal.

    Raises:
        IllegalGraph: the first parameter or node, in their order, that breaks a rule, and that rule.
    """
    seen = Seen(graph)
    items: tuple[Parameter | Node, ...] = (*graph.parameters, *graph.nodes)
    for item in items:
        for rule in RULES:
            if isinstance(item, rule.applies) and not rule.holds(item, seen):
                raise IllegalGraph(item.name, rule.name, rule.says())
    return graph


class Seen:
    """What the rules look up in a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.parameters = {parameter.name: parameter for parameter in graph.parameters}
        self.values = {node.name: node for node in graph.nodes}

    @cached_property
    def position(self) -> dict[str, int]:
        """Where each node stands."""
        return {node.name: index for index, node in enumerate(self.graph.nodes)}

    @cached_property
    def names(self) -> Counter[str]:
        """How often each name of a node or parameter occurs, separately."""
        return Counter([f"node {n.name}" for n in self.graph.nodes]) + Counter(
            [f"parameter {p.name}" for p in self.graph.parameters]
        )

    @cached_property
    def uses(self) -> Counter[str]:
        """How many nodes use each parameter."""
        return Counter(name for node in self.graph.nodes for name in parameter_names(node))

    @cached_property
    def read(self) -> set[str]:
        """Names of the values that some node reads."""
        return {name for node in self.graph.nodes for name in node.inputs}

    def x(self, node: Node) -> Shape:
        """Shape of a node's first input."""
        return self.values[node.inputs[0]].shape

    def shape(self, name: str | None) -> Shape | None:
        """Shape of a parameter; None for one that a node does without."""
        return None if name is None else self.parameters[name].shape


def parameter_names(node: Node) -> tuple[str, ...]:
    """Names of the parameters that `node` uses."""
    roles = ("kernel", "bias", "gamma", "beta", "mean", "variance")
    return tuple(name for role in roles if (name := getattr(node, role, None)) is not None)


def windows(size: int, window: int, stride: int, padding: tuple[int, int], dilation: int = 1) -> int:
    """How many windows fit along one axis: ⌊(size + padding − extent)/stride⌋ + 1.

    The extent of a window is (window − 1)·dilation + 1.

    Example:
        >>> windows(28, 5, 1, (0, 0))
        24
    """
    return (size + sum(padding) - (window - 1) * dilation - 1) // stride + 1


def slid(
    shape: Shape,
    window: tuple[int, int],
    strides: tuple[int, int],
    padding: Padding,
    dilation: tuple[int, int] = (1, 1),
) -> tuple[int, int]:
    """Rows and columns that a window sliding over an image of `shape` makes."""
    return (
        windows(shape[0], window[0], strides[0], padding[0], dilation[0]),
        windows(shape[1], window[1], strides[1], padding[1], dilation[1]),
    )


def _convolved(node: Conv2D | DepthwiseConv2D, seen: Seen, channels: int) -> Shape:
    kernel = seen.parameters[node.kernel].shape
    rows, columns = slid(seen.x(node), (kernel[0], kernel[1]), node.strides, node.padding, node.dilation)
    return (rows, columns, channels)


def _reads_before(node: Node, seen: Seen) -> bool:
    here = seen.position[node.name]
    return all(name in seen.position and seen.position[name] < here for name in node.inputs)


def _conv_kernel(node: Conv2D, seen: Seen) -> bool:
    kernel = seen.parameters[node.kernel].shape
    return len(kernel) == 4 and kernel[2:] == (seen.x(node)[2] // node.groups, node.shape[2])


def _depthwise_kernel(node: DepthwiseConv2D, seen: Seen) -> bool:
    kernel = seen.parameters[node.kernel].shape
    return len(kernel) == 4 and kernel[2] == seen.x(node)[2] and kernel[2] * kernel[3] == node.shape[2]


def _steps(node: Conv2D | DepthwiseConv2D | Pool2D) -> bool:
    steps = (*node.strides, *getattr(node, "dilation", ()), *getattr(node, "window", ()))
    return min(steps) >= 1 and min(sum(node.padding, ())) >= 0


def _statistics(node: BatchNormalization, seen: Seen) -> bool:
    channels = (node.shape[-1],)
    moving = seen.parameters[node.mean], seen.parameters[node.variance]
    return (
        all(p.shape == channels and not p.trainable for p in moving)
        and seen.shape(node.gamma) in (None, channels)
        and seen.shape(node.beta) in (None, channels)
    )


def _padded(node: ZeroPadding2D, seen: Seen) -> bool:
    rows, columns, channels = seen.x(node)
    (top, bottom), (left, right) = node.padding
    enough = min(top, bottom, left, right) >= 0
    return enough and node.shape == (rows + top + bottom, columns + left + right, channels)


def _joined(node: Concatenate, seen: Seen) -> bool:
    shapes = [seen.values[name].shape for name in node.inputs]
    same = len({shape[:-1] for shape in shapes}) == 1
    return same and node.shape == (*shapes[0][:-1], sum(shape[-1] for shape in shapes))


@dataclass(frozen=True)
class Rule:
    """One rule: what it applies to, whether it holds, and the sentence that says it."""

    name: str
    applies: type | tuple[type, ...]
    holds: Callable[[Any, Seen], bool]
    says: Callable[[], str]


_IMAGES = (Conv2D, DepthwiseConv2D, Pool2D, GlobalPool2D, ZeroPadding2D)
_SAME_SHAPE = (Activation, Softmax, Rescaling, BatchNormalization, Dropout, ActivityRegularization)
_SLIDING = (Conv2D, DepthwiseConv2D, Pool2D)

RULES = (
    Rule(
        "parameter names",
        Parameter,
        lambda p, seen: seen.names[f"parameter {p.name}"] == 1,
        lambda: _("every parameter has a name of its own"),
    ),
    Rule(
        "parameter use",
        Parameter,
        lambda p, seen: seen.uses[p.name] == 1,
        lambda: _("every parameter is used by exactly one node"),
    ),
    Rule(
        "regularization",
        Parameter,
        lambda p, seen: min(p.l1, p.l2) >= 0 and (p.trainable or p.l1 == p.l2 == 0),
        lambda: _("only a trainable parameter is regularized, by no negative factor"),
    ),
    Rule(
        "names",
        Node,
        lambda node, seen: seen.names[f"node {node.name}"] == 1,
        lambda: _("every node has a name of its own"),
    ),
    Rule(
        "input first",
        Node,
        lambda node, seen: isinstance(node, Input) == (seen.position[node.name] == 0),
        lambda: _("the first node is the Input, and there is no other"),
    ),
    Rule(
        "order",
        Node,
        _reads_before,
        lambda: _("a node reads only values of nodes before it"),
    ),
    Rule(
        "number of inputs",
        Node,
        lambda node, seen: (
            len(node.inputs) >= 1
            if isinstance(node, Add | Concatenate)
            else len(node.inputs) == (0 if isinstance(node, Input) else 1)
        ),
        lambda: _("Add and Concatenate read at least one value, an Input none, every other node one"),
    ),
    Rule(
        "use",
        Node,
        lambda node, seen: (node.name in seen.read) != (node is seen.graph.output),
        lambda: _("every value is read by another node, except the output's"),
    ),
    Rule(
        "sizes",
        Node,
        lambda node, seen: len(node.shape) >= 1 and min(node.shape) >= 1,
        lambda: _("a value has at least one axis, and each axis at least one element"),
    ),
    Rule(
        "parameters exist",
        Node,
        lambda node, seen: all(name in seen.parameters for name in parameter_names(node)),
        lambda: _("a node uses only parameters of the graph"),
    ),
    Rule(
        "images",
        _IMAGES,
        lambda node, seen: len(seen.x(node)) == 3,
        lambda: _("its input is an image: (rows, columns, channels)"),
    ),
    Rule(
        "image out",
        _SLIDING,
        lambda node, seen: len(node.shape) == 3,
        lambda: _("its value is an image: (rows, columns, channels)"),
    ),
    Rule(
        "steps",
        _SLIDING,
        lambda node, seen: _steps(node),
        lambda: _("strides, dilation and window are at least 1, padding at least 0"),
    ),
    Rule(
        "groups",
        Conv2D,
        lambda node, seen: (
            node.groups >= 1 and seen.x(node)[2] % node.groups == node.shape[2] % node.groups == 0
        ),
        lambda: _("the groups divide the channels of the input and of the output"),
    ),
    Rule(
        "convolution kernel",
        Conv2D,
        _conv_kernel,
        lambda: _("the kernel is (rows, columns, input channels / groups, output channels)"),
    ),
    Rule(
        "depthwise kernel",
        DepthwiseConv2D,
        _depthwise_kernel,
        lambda: _("the kernel is (rows, columns, input channels, multiplier), and makes their product"),
    ),
    Rule(
        "bias",
        (Conv2D, DepthwiseConv2D, Dense),
        lambda node, seen: seen.shape(node.bias) in (None, node.shape[-1:]),
        lambda: _("the bias has one element for each output channel"),
    ),
    Rule(
        "convolution shape",
        (Conv2D, DepthwiseConv2D),
        lambda node, seen: node.shape == _convolved(node, seen, node.shape[2]),
        lambda: _("rows and columns are as many as the positions of the kernel"),
    ),
    Rule(
        "dense",
        Dense,
        lambda node, seen: len(seen.x(node)) == 1 and seen.shape(node.kernel) == (*seen.x(node), *node.shape),
        lambda: _("the kernel is (inputs, outputs), the input (inputs,) and the value (outputs,)"),
    ),
    Rule(
        "pool shape",
        Pool2D,
        lambda node, seen: (
            node.shape == (*slid(seen.x(node), node.window, node.strides, node.padding), seen.x(node)[2])
        ),
        lambda: _("rows and columns are as many as the positions of the window; channels stay"),
    ),
    Rule(
        "pool padding",
        Pool2D,
        lambda node, seen: all(
            max(around) < size for around, size in zip(node.padding, node.window, strict=True)
        ),
        lambda: _("no window lies in the padding alone"),
    ),
    Rule(
        "global pool shape",
        GlobalPool2D,
        lambda node, seen: node.shape in ((seen.x(node)[2],), (1, 1, seen.x(node)[2])),
        lambda: _("the value is (channels,) or (1, 1, channels)"),
    ),
    Rule(
        "same shape",
        (*_SAME_SHAPE, Add),
        lambda node, seen: all(seen.values[name].shape == node.shape for name in node.inputs),
        lambda: _("the value has the shape of every input"),
    ),
    Rule(
        "activation",
        Activation,
        lambda node, seen: node.kind in get_args(ActivationKind),
        lambda: _("the kind of activation is a known one"),
    ),
    Rule(
        "reshape",
        Reshape,
        lambda node, seen: node.size == prod(seen.x(node)),
        lambda: _("the value has as many elements as the input"),
    ),
    Rule(
        "statistics",
        BatchNormalization,
        _statistics,
        lambda: _(
            "the parameters have one element for each channel, and moving statistics are not trainable"
        ),
    ),
    Rule(
        "dropout rate",
        Dropout,
        lambda node, seen: 0 < node.rate < 1,
        lambda: _("the rate lies between 0 and 1, both excluded"),
    ),
    Rule(
        "zero padding",
        ZeroPadding2D,
        _padded,
        lambda: _("rows and columns grow by the padding, which is at least 0; channels stay"),
    ),
    Rule(
        "concatenate",
        Concatenate,
        _joined,
        lambda: _("the inputs differ at most in their last axis, and the value has their sum there"),
    ),
)
"""In the order in which they are asked: a rule may rely on those before it."""
