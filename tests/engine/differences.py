"""A program beside the float64 reference: outputs, losses, and what some steps of SGD make of the weights."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import reference
from reference_nodes import _padded, _windows

from tatamilab.engine import graph as g
from tatamilab.engine.program import Program

Array = np.ndarray

FORWARD = 1e-5
"""Allowed error of an output, relative to the largest one."""

GRADIENT = 5e-5
"""Allowed error of a gradient, relative to the largest entry of its parameter's."""

CANCELLED = 2e-6
"""The same relative to the largest entry of all: gradients that cancel have no digits of their own."""

LEARNING_RATE = 1.0


class Expected:
    """What the reference makes of a graph from some weights: in inference, then in one epoch of SGD at rate 1.

    Attributes:
        outputs: of inference, (n, *shape).
        loss: mean over the images of each step's loss.
        weights: after the epoch.
        nearest_kink: the smallest distance, over all steps, of a value from where a ReLU bends or the winner of a
            window changes, relative to the largest value there; exact ties don't count.
    """

    def __init__(
        self,
        graph: g.Graph,
        training: g.Training,
        weights: Mapping[str, Array],
        x: Array,
        y: Array,
        batch_size: int,
    ) -> None:
        self.outputs = reference.forward(graph, weights, x)[graph.output.name]
        self.nearest_kink = np.inf
        now, total = {name: w.astype(np.float64) for name, w in weights.items()}, 0.0
        for start in range(0, len(x), batch_size):
            batch = slice(start, start + batch_size)
            values = reference.forward(graph, now, x[batch], training=True)
            self.nearest_kink = min(self.nearest_kink, nearest_kink(graph, values))
            loss, d = reference.loss_and_gradients(graph, training, now, x[batch], y[batch])
            total += loss * len(x[batch])
            moved = reference.moved_statistics(graph, now, values)
            trained = {
                p.name: now[p.name] - LEARNING_RATE * d[p.name] for p in graph.parameters if p.trainable
            }
            now = {**now, **moved, **trained}
        self.loss, self.weights = total / max(len(x), 1), now


def nearest_kink(graph: g.Graph, values: Mapping[str, Array]) -> float:
    """See `Expected`."""
    nearest = np.inf
    for node in graph.nodes:
        x = values[node.inputs[0]] if node.inputs else np.zeros(0)
        if isinstance(node, g.Activation) and node.kind == "relu":
            gaps = np.abs(x)
        elif isinstance(node, g.Pool2D) and node.kind == "max" and node.window != (1, 1):
            windows = _windows(_padded(x, node.padding, -np.inf), node.window, node.strides)
            top = np.sort(windows.reshape(*windows.shape[:4], -1))[..., -2:]
            gaps = top[..., 1] - top[..., 0]
        else:
            continue
        gaps = gaps[(gaps > 0) & np.isfinite(gaps)]
        if gaps.size:
            nearest = min(nearest, float(gaps.min() / np.abs(x).max()))
    return nearest


def differences(
    program: Program, weights: Mapping[str, Array], x: Array, y: Array, expected: Expected
) -> dict[str, float]:
    """By name ("output", "loss", or a parameter's) the largest error over what is allowed: above 1 is wrong.

    The program's weights are what training made of them afterwards.
    """
    program.set_weights(weights)
    found = {"output": _error(program.predict(x), expected.outputs, FORWARD, 1e-9)}
    totals = program.train(x, y, learning_rate=LEARNING_RATE)
    found["loss"] = _error(totals.loss, expected.loss, FORWARD, 1e-7)
    changes = {name: expected.weights[name] - w for name, w in weights.items()}
    largest = max((float(np.abs(d).max()) for d in changes.values()), default=0.0)
    for name, got in program.get_weights().items():
        rounding = 2**-23 * max(1.0, float(np.abs(weights[name]).max()))
        found[name] = _error(got - weights[name], changes[name], GRADIENT, CANCELLED * largest + rounding)
    return found


def _error(got: Any, expected: Any, relative: float, absolute: float) -> float:
    got, expected = np.asarray(got, np.float64), np.asarray(expected, np.float64)
    assert got.shape == expected.shape
    if not got.size:
        return 0.0
    error = np.abs(got - expected).max() / (relative * np.abs(expected).max() + absolute)
    return float(error) if np.isfinite(error) else np.inf
