"""Networks as graphs without Keras, layer upon layer: a test that needs no Keras model compiles a case in a moment."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from tatamilab.engine import graph as g

SGD = g.Optimizer(kind="sgd")


class Network:
    """A graph being built; every method adds a layer on top of `last`.

    Args:
        shape: of one image.
    """

    def __init__(self, *shape: int) -> None:
        self.nodes: list[g.Node] = [g.Input(name="x", inputs=(), shape=shape)]
        self.parameters: list[g.Parameter] = []

    @property
    def last(self) -> g.Node:
        return self.nodes[-1]

    @property
    def graph(self) -> g.Graph:
        return g.Graph(nodes=tuple(self.nodes), parameters=tuple(self.parameters))

    def conv(
        self,
        filters: int,
        size: tuple[int, int],
        *,
        strides: tuple[int, int] = (1, 1),
        dilation: tuple[int, int] = (1, 1),
        same: bool = False,
        bias: bool = True,
    ) -> "Network":
        name = f"conv{len(self.nodes)}"
        reach = tuple((s - 1) * d + 1 for s, d in zip(size, dilation, strict=True))
        *extents, depth = self.last.shape
        padding, places = _padding(extents, reach, strides, same=same)
        return self._add(
            g.Conv2D,
            (*places, filters),
            name=name,
            kernel=self._parameter(f"{name}/kernel", *size, depth, filters),
            bias=self._parameter(f"{name}/bias", filters) if bias else None,
            strides=strides,
            padding=padding,
            dilation=dilation,
        )

    def pool(
        self,
        kind: str,
        window: tuple[int, int] = (2, 2),
        strides: tuple[int, int] | None = None,
        *,
        same: bool = False,
    ) -> "Network":
        strides = strides or window
        padding, places = _padding(self.last.shape[:2], window, strides, same=same)
        shape = (*places, self.last.shape[2])
        return self._add(g.Pool2D, shape, kind=kind, window=window, strides=strides, padding=padding)

    def dense(self, units: int, *, bias: bool = True) -> "Network":
        name = f"dense{len(self.nodes)}"
        kernel = self._parameter(f"{name}/kernel", *self.last.shape, units)
        return self._add(
            g.Dense,
            (units,),
            name=name,
            kernel=kernel,
            bias=self._parameter(f"{name}/bias", units) if bias else None,
        )

    def batch_norm(self) -> "Network":
        channels, name = self.last.shape[-1], f"norm{len(self.nodes)}"
        names = {part: self._parameter(f"{name}/{part}", channels) for part in ("gamma", "beta")}
        names |= {
            part: self._parameter(f"{name}/{part}", channels, trainable=False)
            for part in ("mean", "variance")
        }
        return self._add(
            g.BatchNormalization, self.last.shape, name=name, epsilon=1e-3, momentum=0.9, **names
        )

    def activation(self, kind: str, alpha: float = 0.0) -> "Network":
        return self._add(g.Activation, self.last.shape, kind=kind, alpha=alpha)

    def softmax(self) -> "Network":
        return self._add(g.Softmax, self.last.shape)

    def flat(self) -> "Network":
        return self._add(g.Reshape, (self.last.size,)) if len(self.last.shape) > 1 else self

    def add(self, other: g.Node) -> "Network":
        return self._add(g.Add, self.last.shape, inputs=(other.name, self.last.name))

    def concatenate(self, other: g.Node) -> "Network":
        shape = (*self.last.shape[:-1], other.shape[-1] + self.last.shape[-1])
        return self._add(g.Concatenate, shape, inputs=(other.name, self.last.name))

    def _add(self, node: Callable[..., g.Node], shape: g.Shape, /, **fields: Any) -> "Network":
        given = {"name": f"{node.__name__.lower()}{len(self.nodes)}", "inputs": (self.last.name,), **fields}
        self.nodes.append(node(shape=tuple(shape), **given))
        return self

    def _parameter(self, name: str, *shape: int, trainable: bool = True) -> str:
        self.parameters.append(g.Parameter(name=name, shape=shape, trainable=trainable))
        return name


def _padding(
    extents: Any, reach: tuple[int, ...], strides: tuple[int, int], *, same: bool
) -> tuple[g.Padding, tuple[int, int]]:
    """Keras's padding of rows and columns, and how many places the window has."""
    around, places = [], []
    for extent, size, stride in zip(extents, reach, strides, strict=True):
        count = -(-extent // stride) if same else (extent - size) // stride + 1
        missing = max(0, (count - 1) * stride + size - extent) if same else 0
        around.append((missing // 2, missing - missing // 2))
        places.append(count)
    return tuple(around), tuple(places)


def random_weights(graph: g.Graph, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights that keep values near 1 and leave nothing out: no bias is 0, no statistic trivial."""
    weights = {}
    for p in graph.parameters:
        noise = rng.normal(size=p.shape)
        if p.name.endswith("kernel"):
            noise /= np.sqrt(prod(p.shape[:-1]))
        elif p.name.endswith(("gamma", "variance")):
            noise = 0.5 + np.abs(noise)
        weights[p.name] = noise.astype(np.float32)
    return weights
