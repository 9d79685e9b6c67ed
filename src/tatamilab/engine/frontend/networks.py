"""The way through Sequential and functional models, nested as they may be."""

from collections.abc import Mapping
from graphlib import TopologicalSorter
from typing import Any

import keras

from tatamilab.engine.frontend import layers, parameters, wiring
from tatamilab.engine.frontend.calls import Call, described
from tatamilab.engine.graph import Graph, Input, Node, Unsupported
from tatamilab.engine.verify import verify
from tatamilab.i18n import _

INPUT = "input"


def lower(model: Any) -> Graph:
    """See `tatamilab.engine.frontend.lower`."""
    check(model)
    names = parameters.named(model)
    way = Way(input_node(model), names)
    way.through(model, way.nodes[0], "")
    return verify(Graph(nodes=tuple(way.nodes), parameters=parameters.lower(model, names, way.nodes)))


def input_node(model: Any) -> Input:
    """The node of the images that a checked `model` reads.

    Raises:
        Unsupported: its size is unknown, or it is not float32.
    """
    tensor = model.inputs[0]
    shape = tuple(tensor.shape[1:])
    if None in shape or not shape:
        raise Unsupported(
            described(model), _("reads values of shape {shape}; every size must be known", shape=shape)
        )
    if tensor.dtype != "float32":
        raise Unsupported(
            described(model), _("reads {dtype} values; only float32 is lowered", dtype=tensor.dtype)
        )
    return Input(name=INPUT, inputs=(), shape=shape)


def check(model: Any) -> None:
    """Refuse a model that is not Sequential or functional, built, with one input and one output.

    Raises:
        Unsupported: naming the model.
    """
    if type(model) is not keras.Sequential and not _is_functional(model):
        raise Unsupported(described(model), _("computes what its own class says, which isn't lowered"))
    if not model.built or getattr(model, "inputs", None) is None:
        raise Unsupported(described(model), _("has no input shape yet; begin it with keras.Input(shape)"))
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise Unsupported(
            described(model),
            _(
                "has {inputs} inputs and {outputs} outputs; only one of each is lowered",
                inputs=len(model.inputs),
                outputs=len(model.outputs),
            ),
        )


def _is_functional(model: Any) -> bool:
    # Keras gives `keras.Model(inputs, outputs)` this class, without a public name for it.
    return type(model).__name__ == "Functional" and type(model).__module__.startswith("keras.")


class Way:
    """The nodes made so far, as the lowering goes through a model and the models in it.

    Args:
        first: the node of the images.
        names: name of each parameter, by the `id` of its variable.
    """

    def __init__(self, first: Input, names: Mapping[int, str]) -> None:
        self.nodes: list[Node] = [first]
        self._names = names
        self._taken = {first.name}
        self._seen: set[int] = set()

    def through(self, model: Any, x: Node, prefix: str) -> Node:
        """Lower a checked `model` that reads the value of `x`; return the node of its output.

        Args:
            model: Sequential or functional.
            x: the node that it reads.
            prefix: begins the names of its nodes.
        """
        if type(model) is keras.Sequential:
            for layer in model.layers:
                x = self._visit(layer, (x,), prefix)
            return x
        wires = wiring.read(model)
        values = {wires.input: x}
        for place in TopologicalSorter(wires.reads).static_order():
            if place not in values:
                inputs = tuple(values[read] for read in wires.reads[place])
                values[place] = self._visit(model.get_layer(place.layer), inputs, prefix)
        return values[wires.output]

    def _visit(self, layer: Any, inputs: tuple[Node, ...], prefix: str) -> Node:
        if isinstance(layer, keras.Model):
            check(layer)
            return self.through(layer, inputs[0], f"{prefix}{layer.name}/")
        call = Call(layer, self._new_name(prefix + layer.name), inputs, self._names)
        if id(layer) in self._seen and layer.weights:
            call.refuse(_("is used more than once; weights at several places aren't lowered"))
        self._seen.add(id(layer))
        self.nodes += (nodes := layers.lower(call))
        return nodes[-1] if nodes else inputs[0]

    def _new_name(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name
