"""The way through a model: Sequential for now."""

from typing import Any

import keras

from tatamilab.engine.frontend.calls import Call, check, described
from tatamilab.engine.frontend.layers import RULES
from tatamilab.engine.graph import Graph, Input, Node, Parameter, Unsupported
from tatamilab.i18n import _


def lower(model: Any) -> Graph:
    """See `tatamilab.engine.frontend.lower`."""
    if type(model) is not keras.Sequential:
        raise Unsupported(described(model), _("isn't lowered"))
    if not model.built:
        raise Unsupported(described(model), _("has no input shape yet; begin it with keras.Input(shape)"))
    trainable = {id(variable) for variable in model.trainable_variables}
    names = {id(v): v.path for v in model.weights}
    parameters = tuple(
        Parameter(name=names[id(v)], shape=tuple(v.shape), trainable=id(v) in trainable)
        for v in model.weights
    )
    nodes: list[Node] = [Input(name="input", inputs=(), shape=tuple(model.input_shape[1:]))]
    for layer in model.layers:
        call = Call(layer, layer.name, (nodes[-1],), False, names)
        if type(layer) not in RULES:
            call.refuse(_("isn't lowered"))
        check(call)
        nodes += RULES[type(layer)](call)
    return Graph(nodes=tuple(nodes), parameters=parameters)
