"""Parts of a network, as networks: what leads to a value, what follows it, and a network that nothing trains.

With these any intermediate value is a prediction, by the part up to it; and the gradient of a value by an earlier
one is the input gradient of the part between the two.

Users name a value by the Keras layer that makes it: "conv2d" is that layer's output, behind its activation, and
"conv2d/linear" what the activation was applied to.
"""

from collections.abc import Iterable
from dataclasses import replace

from tatamilab.engine.graph import (
    ActivityRegularization,
    BatchNormalization,
    Dropout,
    Graph,
    Input,
    Node,
    Reshape,
)
from tatamilab.engine.verify import parameter_names, verify
from tatamilab.errors import BadInput
from tatamilab.i18n import _


def values(graph: Graph) -> dict[str, Node]:
    """Every value of a network, by the name that users know it under, in order.

    Example:
        >>> from tatamilab.engine.frontend import lower
        >>> from tatamilab.models import worksheet_cnn
        >>> [name.partition("/")[2] for name in values(lower(worksheet_cnn()))]
        ['', 'linear', '', '', '', 'linear', '', 'linear', '']
    """
    activated = {
        node.inputs[0]: node
        for node in graph.nodes
        if len(node.inputs) == 1 and node.name.startswith(f"{node.inputs[0]}/")
    }
    of_layer = {node.name for node in activated.values()}
    out: dict[str, Node] = {}
    for node in graph.nodes:
        if node.name in activated:
            out[f"{node.name}/linear"] = node
            out[node.name] = activated[node.name]
        elif node.name not in of_layer:
            out[node.name] = node
    return out


def find(graph: Graph, value: str) -> Node:
    """The node that makes the value called `value`.

    Raises:
        BadInput: there is none; those that there are, are named.
    """
    known = values(graph)
    if value not in known:
        raise BadInput(
            _("The network has no value {value!r}; it has {known}.", value=value, known=", ".join(known))
        )
    return known[value]


def up_to(graph: Graph, value: str) -> Graph:
    """The network that computes `value`, and no more.

    Raises:
        BadInput: there is no such value.
    """
    last = find(graph, value)
    wanted = {last.name}
    for node in reversed(graph.nodes):
        if node.name in wanted:
            wanted.update(node.inputs)
    return _part(graph, (node for node in graph.nodes if node.name in wanted or node is graph.input))


def after(graph: Graph, value: str) -> Graph:
    """The network that computes the output from `value`.

    Raises:
        BadInput: there is no such value, or the output depends on others beside it.
    """
    first = find(graph, value)
    made, nodes = {first.name}, []
    for node in graph.nodes:
        if any(name in made for name in node.inputs):
            made.add(node.name)
            nodes.append(node)
    if first is graph.input:
        return graph
    if not nodes or not all(name in made for node in nodes for name in node.inputs):
        output = graph.output.name
        raise BadInput(
            _("{output!r} depends on more of the network than {value!r}.", output=output, value=value)
        )
    return _part(graph, (Input(name=first.name, inputs=(), shape=first.shape), *nodes))


def untrained(graph: Graph) -> Graph:
    """The network as it predicts: nothing is trained, nothing drops, moving statistics normalise."""
    nodes: list[Node] = []
    for node in graph.nodes:
        match node:
            case Dropout() | ActivityRegularization():
                nodes.append(Reshape(name=node.name, inputs=node.inputs, shape=node.shape))
            case BatchNormalization():
                nodes.append(replace(node, frozen=True))
            case _:
                nodes.append(node)
    parameters = tuple(replace(p, trainable=False, l1=0.0, l2=0.0) for p in graph.parameters)
    return verify(Graph(nodes=tuple(nodes), parameters=parameters))


def _part(graph: Graph, nodes: Iterable[Node]) -> Graph:
    kept = tuple(nodes)
    used = {name for node in kept for name in parameter_names(node)}
    return verify(Graph(nodes=kept, parameters=tuple(p for p in graph.parameters if p.name in used)))
