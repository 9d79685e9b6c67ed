"""What a Graph computes, and the gradients of training it, in float64 NumPy: the native kernels' oracle.

reference_nodes        the equation of each kind of node, and the chain rule through it
reference_activations  the curves
reference_losses       the losses
"""

from collections.abc import Mapping

import numpy as np
from reference_losses import per_image
from reference_nodes import EQUATIONS, Batch, statistics

from tatamilab.engine import graph as g

Array = np.ndarray


def forward(
    graph: g.Graph,
    weights: Mapping[str, Array],
    x: Array,
    *,
    training: bool = False,
    masks: Mapping[str, Array] | None = None,
) -> dict[str, Array]:
    """The value of every node, by name: (n, *shape), float64.

    Args:
        graph: what to compute.
        weights: every parameter, by name.
        x: images (n, *shape).
        training: batch statistics and dropout, or moving statistics and none.
        masks: what each Dropout node keeps, by name: booleans (n, *shape), or (n, 1, 1, channels).
    """
    batch = _batch(weights, training, masks)
    values = {graph.input.name: np.asarray(x, np.float64)}
    for node in graph.nodes[1:]:
        inputs = [values[name] for name in node.inputs]
        values[node.name] = EQUATIONS[type(node)].value(node, batch, *inputs)
    return values


def loss_and_gradients(
    graph: g.Graph,
    training: g.Training,
    weights: Mapping[str, Array],
    x: Array,
    y: Array,
    *,
    sample_weight: Array | None = None,
    masks: Mapping[str, Array] | None = None,
) -> tuple[float, dict[str, Array]]:
    """The loss of one training step, and its gradients.

    Args:
        graph, weights, x, masks: as for `forward`.
        training: its loss is used.
        y: labels: (n,) or (n, 1) class numbers, or of the output's shape.
        sample_weight: (n,).

    Returns:
        The loss; and its gradient by each trainable parameter and by the input, by name.
    """
    values = forward(graph, weights, x, training=True, masks=masks)
    losses, d_output = per_image(training.loss, values[graph.output.name], y)
    share = np.ones(len(x)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    share = share / len(x)
    loss = float(np.sum(share * losses)) + _penalties(graph, weights, values)
    d_output = d_output * share.reshape(-1, *[1] * (d_output.ndim - 1))
    gradients = _backward(graph, _batch(weights, True, masks), values, d_output)
    return loss, gradients


def moved_statistics(
    graph: g.Graph, weights: Mapping[str, Array], values: Mapping[str, Array]
) -> dict[str, Array]:
    """The moving statistics after a training step whose forward pass gave `values`, by parameter name."""
    moved = {}
    for node in graph.nodes:
        if isinstance(node, g.BatchNormalization) and not node.frozen:
            mean, variance = statistics(values[node.inputs[0]])
            moved[node.mean] = node.momentum * weights[node.mean] + (1 - node.momentum) * mean
            moved[node.variance] = node.momentum * weights[node.variance] + (1 - node.momentum) * variance
    return moved


def right(metric: g.Metric, output: Array, y: Array) -> Array:
    """Which share of each image is right, by `metric`: (n,)."""
    if metric.kind == "binary_accuracy":
        same = (output > metric.threshold) == np.reshape(y, output.shape)
        return np.mean(same.reshape(len(output), -1), axis=1)
    labels = np.reshape(y, -1) if metric.kind.startswith("sparse") else np.argmax(y, axis=-1)
    if metric.kind.endswith("accuracy"):
        return np.argmax(output, axis=-1) == labels
    of_label = np.take_along_axis(output, labels[:, None], axis=-1)
    return np.sum(output > of_label, axis=-1) < metric.k


def _backward(graph: g.Graph, batch: Batch, values: Mapping[str, Array], d_output: Array) -> dict[str, Array]:
    d = {node.name: np.zeros_like(values[node.name]) for node in graph.nodes}
    d[graph.output.name] = d_output
    own = {
        p.name: p.l1 * np.sign(batch.weights[p.name]) + 2 * p.l2 * batch.weights[p.name]
        for p in graph.parameters
        if p.trainable
    }
    for node in reversed(graph.nodes[1:]):
        inputs = [values[name] for name in node.inputs]
        d_inputs, d_parameters = EQUATIONS[type(node)].chain(node, batch, d[node.name], *inputs)
        for name, d_x in zip(node.inputs, d_inputs, strict=True):
            d[name] = d[name] + d_x
        for name in own.keys() & d_parameters.keys():
            own[name] = own[name] + d_parameters[name]
    return {**own, graph.input.name: d[graph.input.name]}


def _penalties(graph: g.Graph, weights: Mapping[str, Array], values: Mapping[str, Array]) -> float:
    """What regularization of weights and activities adds to the loss."""
    total = 0.0
    for p in graph.parameters:
        total += p.l1 * np.sum(np.abs(weights[p.name])) + p.l2 * np.sum(np.square(weights[p.name]))
    for node in graph.nodes:
        if isinstance(node, g.ActivityRegularization):
            x = values[node.name]
            total += (node.l1 * np.sum(np.abs(x)) + node.l2 * np.sum(np.square(x))) / len(x)
    return float(total)


def _batch(weights: Mapping[str, Array], training: bool, masks: Mapping[str, Array] | None) -> Batch:
    exact = {name: np.asarray(value, np.float64) for name, value in weights.items()}
    return Batch(weights=exact, training=training, masks=masks or {})
