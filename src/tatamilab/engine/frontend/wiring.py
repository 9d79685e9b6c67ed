"""Which layer of a functional model reads what: Keras's own description of it, in our words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras

from tatamilab.engine.frontend import layers
from tatamilab.engine.frontend.calls import described
from tatamilab.engine.graph import Unsupported
from tatamilab.i18n import _


class Place(NamedTuple):
    """One use of one layer."""

    layer: str
    use: int


@dataclass(frozen=True)
class Wiring:
    """How the values of a functional model flow.

    Args:
        input: where the images come from.
        output: whose value the model returns.
        reads: the places that each place reads, in the order of its arguments.
    """

    input: Place
    output: Place
    reads: dict[Place, tuple[Place, ...]]


def read(model: Any) -> Wiring:
    """The wiring of a functional model of one input and one output.

    Raises:
        Unsupported: an operation that is no layer, a layer that Keras could not describe, or one called with
            arguments beside its inputs.
    """
    for operation in model.operations:
        known = (
            isinstance(operation, keras.Model | keras.layers.InputLayer) or type(operation) in layers.RULES
        )
        if not known:
            raise Unsupported(described(operation), _("isn't lowered"))
    config = model.get_config()
    reads = {}
    for entry in config["layers"]:
        for use, call in enumerate(entry["inbound_nodes"]):
            place = Place(entry["name"], use)
            layer = model.get_layer(place.layer)
            _check_options(layer, call["kwargs"])
            reads[place] = tuple(_tensors(layer, call["args"]))
    return Wiring(_only(config["input_layers"]), _only(config["output_layers"]), reads)


def _only(places: Any) -> Place:
    while isinstance(places, dict):
        (places,) = places.values()
    while isinstance(places[0], list | tuple):
        (places,) = places
    return Place(places[0], places[1])


def _tensors(layer: Any, arguments: Any) -> Iterator[Place]:
    for argument in arguments:
        if isinstance(argument, list | tuple):
            yield from _tensors(layer, argument)
        elif isinstance(argument, dict) and argument.get("class_name") == "__keras_tensor__":
            name, use, _output = argument["config"]["keras_history"]
            yield Place(name, use)
        else:
            raise Unsupported(described(layer), _("is called on something else than the value of a layer"))


def _check_options(layer: Any, options: dict[str, Any]) -> None:
    # `base(x, training=False)` means nothing here: fit, evaluate and predict override it with their own.
    given = [name for name, value in options.items() if value is not None and name != "training"]
    if given:
        raise Unsupported(
            described(layer), _("is called with {options}, which isn't lowered", options=", ".join(given))
        )
