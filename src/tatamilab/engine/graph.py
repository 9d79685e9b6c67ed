"""What the engine can compute, as data: a network, its loss and its optimizer, with every shape known.

A `Graph` is a tuple of nodes in topological order. Each node makes one value from the values of the nodes it
names; shapes leave out the batch. Images are (rows, columns, channels), features are (features,); other ranks
occur only where a node works element by element, or reshapes.
Kernels have Keras's layouts: (rows, columns, in, out) for a convolution, (in, out) for a dense layer.

The rules of a legal graph are in `verify.py`. Nothing here knows Keras, LLVM or a machine.
"""

from dataclasses import dataclass
from math import prod
from typing import Literal

from tatamilab.errors import TatamiError
from tatamilab.i18n import _

Shape = tuple[int, ...]
Padding = tuple[tuple[int, int], tuple[int, int]]
"""((rows above, rows below), (columns left, columns right))."""

ActivationKind = Literal[
    "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "softplus", "softsign",
    "sigmoid", "hard_sigmoid", "hard_silu", "tanh", "hard_tanh", "exponential", "mish", "log_sigmoid",
    "soft_shrink", "hard_shrink", "tanh_shrink", "squareplus", "threshold", "sparse_plus", "sparse_sigmoid",
]  # fmt: skip


class Unsupported(TatamiError):
    """The engine cannot compute this model; Keras can.

    Args:
        layer: what stands in the way, for example "layer 'lstm' (LSTM)".
        why: half a sentence, for example "isn't lowered".
    """

    def __init__(self, layer: str, why: str) -> None:
        super().__init__(_("{layer} {why}", layer=layer, why=why))
        self.layer = layer
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One array of weights.

    Args:
        name: unique in the graph; Keras's path, for example "conv2d/kernel".
        shape: Keras's shape; but (1, 1, in, out) for the kernel of a dense layer that works on images.
        trainable: False for frozen weights and for moving statistics: no gradient is computed.
        l1, l2: regularisation of a trainable weight: loss += l1·Σ|w| + l2·Σw².
    """

    name: str
    shape: Shape
    trainable: bool = True
    l1: float = 0.0
    l2: float = 0.0

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)


@dataclass(frozen=True, kw_only=True)
class Node:
    """Makes one value of shape `shape`, called `name`, from the values called `inputs`."""

    name: str
    inputs: tuple[str, ...]
    shape: Shape

    @property
    def size(self) -> int:
        """Number of elements of the value, for one image."""
        return prod(self.shape)


@dataclass(frozen=True, kw_only=True)
class Input(Node):
    """The images (or features) as the user gave them."""


@dataclass(frozen=True, kw_only=True)
class Conv2D(Node):
    """y[i,j,o] = b[o] + Σ_{u,v,c} x[s_i·i + d_i·u − p_top, s_j·j + d_j·v − p_left, c] · w[u,v,c,o].

    A correlation: the kernel is not flipped. With `groups` g, output channel o sees the input channels of its
    own group only, and w has c/g input channels.
    """

    kernel: str
    bias: str | None
    strides: tuple[int, int] = (1, 1)
    padding: Padding = ((0, 0), (0, 0))
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1


@dataclass(frozen=True, kw_only=True)
class DepthwiseConv2D(Node):
    """y[i,j,c·m + q] = b[c·m + q] + Σ_{u,v} x[…, c] · w[u,v,c,q], with m the depth multiplier."""

    kernel: str
    bias: str | None
    strides: tuple[int, int] = (1, 1)
    padding: Padding = ((0, 0), (0, 0))
    dilation: tuple[int, int] = (1, 1)


@dataclass(frozen=True, kw_only=True)
class Dense(Node):
    """y[o] = b[o] + Σ_f x[f] · w[f,o]."""

    kernel: str
    bias: str | None


@dataclass(frozen=True, kw_only=True)
class Pool2D(Node):
    """The largest, or the mean, of each window; padding never wins and is not counted in the mean."""

    kind: Literal["max", "average"]
    window: tuple[int, int]
    strides: tuple[int, int]
    padding: Padding = ((0, 0), (0, 0))


@dataclass(frozen=True, kw_only=True)
class GlobalPool2D(Node):
    """y[c] = the largest, or the mean, over all rows and columns.

    The value is (channels,) or (1, 1, channels).
    """

    kind: Literal["max", "average"]


@dataclass(frozen=True, kw_only=True)
class Activation(Node):
    """y = f(x), element by element.

    `alpha` is the slope of leaky_relu below 0, the scale of elu and celu, the threshold of soft_shrink,
    hard_shrink and threshold (y = x where x > alpha, else 0), and the b of squareplus, (x + √(x² + b))/2.
    """

    kind: ActivationKind
    alpha: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Softmax(Node):
    """y[c] = exp(x[c]) / Σ_k exp(x[k]) over the last axis; `log` gives its logarithm."""

    log: bool = False


@dataclass(frozen=True, kw_only=True)
class Reshape(Node):
    """The same elements in the same order under another shape."""


@dataclass(frozen=True, kw_only=True)
class Rescaling(Node):
    """y = scale·x + offset."""

    scale: float
    offset: float


@dataclass(frozen=True, kw_only=True)
class BatchNormalization(Node):
    """y = γ·(x − μ)/√(σ² + ε) + β over the last axis.

    In training μ and σ² are the batch's mean and biased variance (over images, rows and columns), and the
    moving ones become m·moving + (1 − m)·batch; otherwise, or when `frozen`, the moving ones are used.
    Source: Ioffe and Szegedy (2015), algorithm 1.
    """

    gamma: str | None
    beta: str | None
    mean: str
    variance: str
    epsilon: float
    momentum: float
    frozen: bool = False


@dataclass(frozen=True, kw_only=True)
class Dropout(Node):
    """In training each element (or channel) is 0 with probability `rate`, else ×1/(1 − rate)."""

    rate: float
    whole_channels: bool = False


@dataclass(frozen=True, kw_only=True)
class ActivityRegularization(Node):
    """y = x; in the loss, (l1·Σ|x| + l2·Σx²)/n over all elements of the n images."""

    l1: float = 0.0
    l2: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ZeroPadding2D(Node):
    """Zeros around the image."""

    padding: Padding


@dataclass(frozen=True, kw_only=True)
class Add(Node):
    """The sum of all inputs, which have one shape."""


@dataclass(frozen=True, kw_only=True)
class Concatenate(Node):
    """The inputs one after another along the channels (or features)."""


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A network of one input and one output.

    Args:
        nodes: topologically ordered; the first is the `Input`, the last makes the output.
        parameters: in the order of Keras's `model.weights`, without seed states.
    """

    nodes: tuple[Node, ...]
    parameters: tuple[Parameter, ...]

    @property
    def input(self) -> Node:
        """The node that holds the images."""
        return self.nodes[0]

    @property
    def output(self) -> Node:
        """The node whose value the network returns."""
        return self.nodes[-1]

    def parameter(self, name: str) -> Parameter:
        """The parameter called `name`."""
        return next(p for p in self.parameters if p.name == name)


def multiply_adds(graph: Graph) -> int:
    """Multiply-adds of all convolutions and dense layers for one image, forward, as their equations have them."""
    total = 0
    for node in graph.nodes:
        if isinstance(node, (Conv2D, DepthwiseConv2D)):
            total += prod(node.shape[:2]) * graph.parameter(node.kernel).size
        elif isinstance(node, Dense):
            total += graph.parameter(node.kernel).size
    return total


LossKind = Literal[
    "sparse_categorical_crossentropy",
    "categorical_crossentropy",
    "binary_crossentropy",
    "mean_squared_error",
    "mean_absolute_error",
    "dot_product",
]
MetricKind = Literal["sparse_accuracy", "categorical_accuracy", "binary_accuracy", "top_k", "sparse_top_k"]


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What training makes small: the mean over the batch of weight × loss of each image.

    The cross-entropies of classes are for an output (classes,). The others take their mean over all elements
    of an output of any shape, and labels of that shape; but "dot_product", Σ t·y, trains nothing: its gradient
    is that of any combination of the outputs.
    """

    kind: LossKind
    from_logits: bool = False
    label_smoothing: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Metric:
    """Counted over the images: the share that is right. `name` is the user's spelling; `k` is for top-k."""

    kind: MetricKind
    name: str
    k: int = 1
    threshold: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """How a step changes the weights. Learning rates come with each call: a schedule needs no recompiling.

    Args:
        kind: which rule; see `kernels/optimizer.py` for the equations.
        momentum, nesterov, rho, centered, beta_1, beta_2, epsilon, amsgrad: as in Keras.
        weight_decay: w −= w·weight_decay·lr before the update.
        clipnorm, global_clipnorm, clipvalue: at most one of them.
        initial_accumulator: what Adagrad's sum of squares begins with.
        ema_momentum: exponential moving average of the weights, or None.
        ema_overwrite_frequency: every so many steps the weights become that average; None: only at the end.
    """

    kind: Literal["sgd", "adam", "adamw", "rmsprop", "adagrad", "nadam"]
    momentum: float = 0.0
    nesterov: bool = False
    rho: float = 0.9
    centered: bool = False
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    amsgrad: bool = False
    weight_decay: float | None = None
    clipnorm: float | None = None
    global_clipnorm: float | None = None
    clipvalue: float | None = None
    initial_accumulator: float = 0.1
    ema_momentum: float | None = None
    ema_overwrite_frequency: int | None = None


@dataclass(frozen=True, kw_only=True)
class Training:
    """Everything about training that a program is compiled for."""

    loss: Loss
    optimizer: Optimizer
    metrics: tuple[Metric, ...] = ()
