"""`Network`: what a network and each of its layers make of images, with the weights of the moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tatamilab.engine import cuts, frontend
from tatamilab.engine.graph import Activation, Conv2D, Graph, Node, Pool2D, Shape
from tatamilab.engine.program import Program
from tatamilab.errors import BadInput
from tatamilab.i18n import _

if TYPE_CHECKING:
    import keras

Weights = Mapping[str, NDArray[np.float32]]
"""Parameters by name, as the engine names them."""


@dataclass(frozen=True)
class Layer:
    """One convolution or pooling layer.

    Args:
        name: Keras's.
        shape: rows, columns, channels of what it makes.
        reads: name of the value that it reads; "conv2d" for the output of that layer.
        node: the engine's own description.
        activation: what is applied to a convolution's sums: "relu", …, or "linear".
    """

    name: str
    shape: Shape
    reads: str
    node: Conv2D | Pool2D
    activation: str = "linear"


class Network:
    """A network that can be looked into.

    Args:
        graph: the network.
        weights: gives the weights of the moment; asked at every call.
        n_threads: that compute; None for all cores (or `TATAMI_THREADS`).

    Attributes:
        layers: its convolution and pooling layers, in order.

    Raises:
        Unsupported: a layer has no native form.
        BadInput: its input is not an image.
    """

    def __init__(self, graph: Graph, weights: Callable[[], Weights], *, n_threads: int | None = None) -> None:
        if len(graph.input.shape) != 3:
            raise BadInput(
                _(
                    "The network must read images (rows, columns, channels); it reads {shape}.",
                    shape=graph.input.shape,
                )
            )
        self.graph = graph
        self.layers = _layers(graph)
        self._weights = weights
        self._known: Weights = {}
        self._program = Program(graph, n_threads=n_threads)
        self._turn = Lock()

    @classmethod
    def of(cls, model: "keras.Model") -> "Network":
        """The network that a Keras model is, with the weights that it has at each moment.

        Raises:
            Unsupported: a layer has no native form.
        """
        graph = frontend.lower(model)
        return cls(graph, lambda: frontend.weights_of(model, graph))

    @property
    def input_shape(self) -> Shape:
        """Rows, columns and channels of an image."""
        return self.graph.input.shape

    @property
    def n_classes(self) -> int:
        """Length of the output."""
        return self.graph.output.shape[-1]

    def layer(self, name: str) -> Layer:
        """The convolution or pooling layer of this name.

        Raises:
            BadInput: there is none.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        known = ", ".join(layer.name for layer in self.layers)
        raise BadInput(
            _("The network has no layer {value!r} with maps; it has {known}.", value=name, known=known)
        )

    def weights(self) -> Weights:
        """The weights of the moment."""
        return self._weights()

    def predict(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output for each image: float32 (n, classes) for images (n, rows, columns, channels), 0–1."""
        with self._turn:
            self._refresh()
            return self._program.predict(images)

    def values(self, images: NDArray[np.float32], *names: str) -> tuple[NDArray[np.float32], ...]:
        """What the named layers make of the images, all with the same weights.

        Args:
            images: float32 (n, rows, columns, channels).
            names: of layers, as Keras names them; the input's name gives the images back.

        Raises:
            BadInput: there is no such value.
        """
        with self._turn:
            self._refresh()
            own = self.graph.input.name
            return tuple(images if name == own else self._program.activation(images, name) for name in names)

    def _refresh(self) -> None:
        weights = self._weights()
        if weights is not self._known:
            self._program.set_weights(weights)
            self._known = weights


def _layers(graph: Graph) -> tuple[Layer, ...]:
    """The layers with maps, each under the name of its value behind the activation."""
    known = cuts.values(graph)
    names = {node.name: name for name, node in known.items()}
    makers = {node.name: node for node in graph.nodes}
    layers = []
    for name, node in known.items():
        maker, activation = _before_activation(node, makers)
        if isinstance(maker, Conv2D | Pool2D) and not name.endswith("/linear"):
            layers.append(Layer(name, node.shape, names[maker.inputs[0]], maker, activation))
    return tuple(layers)


def _before_activation(node: Node, makers: Mapping[str, Node]) -> tuple[Node, str]:
    """A layer's own node and its activation, from the node that makes the layer's output."""
    if isinstance(node, Activation) and node.name.startswith(f"{node.inputs[0]}/"):
        return makers[node.inputs[0]], node.kind
    return node, "linear"
