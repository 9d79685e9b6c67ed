"""Networks that differ in nothing but names are one network."""

from dataclasses import replace
from typing import Any

from tatamilab.engine.graph import Graph, Node

PARAMETERS = ("kernel", "bias", "gamma", "beta", "mean", "variance")
"""The fields of nodes that name parameters."""


def numbered(graph: Graph) -> Graph:
    """The graph with its values and parameters called by number.

    Keras calls layers after how many were made before in the process; the bits, and so the plan, must not depend on
    that.
    """
    values = {node.name: f"{at}" for at, node in enumerate(graph.nodes)}
    names = {one.name: f"{at}" for at, one in enumerate(graph.parameters)}

    def of(node: Node) -> Node:
        held = {field: getattr(node, field) for field in PARAMETERS if hasattr(node, field)}
        kept: dict[str, Any] = {field: name if name is None else names[name] for field, name in held.items()}
        inputs = tuple(values[name] for name in node.inputs)
        return replace(node, name=values[node.name], inputs=inputs, **kept)

    parameters = tuple(replace(one, name=names[one.name]) for one in graph.parameters)
    return Graph(nodes=tuple(of(node) for node in graph.nodes), parameters=parameters)
