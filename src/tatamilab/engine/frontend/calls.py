"""One use of one layer, and what every layer must satisfy before its own rule is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

import keras

from tatamilab.engine.graph import Node, Shape, Unsupported
from tatamilab.i18n import _


@dataclass(frozen=True)
class Call:
    """A layer as it is used at one place of the network.

    Args:
        layer: the Keras layer.
        name: of the value that it makes, unique in the graph.
        inputs: the nodes whose values it gets.
        parameters: name of each parameter, by the `id` of its variable.
    """

    layer: Any
    name: str
    inputs: tuple[Node, ...]
    parameters: Mapping[int, str]

    @cached_property
    def config(self) -> dict[str, Any]:
        """The layer's configuration, as Keras would save it."""
        return dict(self.layer.get_config())

    @property
    def x(self) -> Node:
        """The one node that this layer's input comes from."""
        (node,) = self.inputs
        return node

    @cached_property
    def output_shape(self) -> Shape:
        """Shape of the layer's value, without the batch, as Keras computes it from its one input."""
        return tuple(self.layer.compute_output_shape((None, *self.x.shape))[1:])

    def parameter(self, variable: Any) -> str:
        """Name of the parameter that `variable` is.

        Raises:
            Unsupported: the layer computes this array from other variables (LoRA, quantization).
        """
        if id(variable) not in self.parameters:
            self.refuse(_("computes its weights from others"))
        return self.parameters[id(variable)]

    def bias(self) -> str | None:
        """Name of the layer's bias, if it has one."""
        return self.parameter(self.layer.bias) if self.config["use_bias"] else None

    def refuse(self, why: str) -> NoReturn:
        """Say that this layer cannot be lowered."""
        raise Unsupported(described(self.layer), why)

    def check(self) -> None:
        """Refuse what no rule can lower: other precisions, channels first.

        Raises:
            Unsupported: naming the layer.
        """
        policy = self.layer.dtype_policy.name
        if policy != "float32":
            self.refuse(_("has the dtype policy {policy!r}; only 'float32' is lowered", policy=policy))
        if self.config.get("data_format") == "channels_first":
            self.refuse(_("has data_format='channels_first'; only 'channels_last' is lowered"))


def described(layer: Any) -> str:
    """A layer, model or operation in words: its name and its class."""
    name, kind = layer.name, type(layer).__name__
    if isinstance(layer, keras.Model):
        return _("model {name!r} ({kind})", name=name, kind=kind)
    if isinstance(layer, keras.layers.Layer):
        return _("layer {name!r} ({kind})", name=name, kind=kind)
    return _("operation {name!r} ({kind})", name=name, kind=kind)
