"""What a kernel sees: values, gradients, weights and partial gradients, by the names of the graph."""

from typing import Any

import numpy as np

from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import Tile, View
from tatamilab.engine.memory import gradient_name
from tatamilab.engine.plan import Plan
from tatamilab.engine.schedule import divisor


class Context:
    """Views for one kernel.

    Args:
        k: the kernel being emitted.
        plan: what it is emitted for.
        training: False in prediction and evaluation.
    """

    def __init__(self, k: Kernel, plan: Plan, *, training: bool) -> None:
        self.k = k
        self.plan = plan
        self.training = training
        self._views: dict[tuple[Any, ...], View] = {}

    def _view(self, name: str, **how: Any) -> View:
        key = (name, *sorted(how.items()))
        if key not in self._views:
            self._views[key] = self.k.view(name, **how)
        return self._views[key]

    def value(self, name: str, shape: tuple[int, ...] | None = None, **how: Any) -> View:
        """The value called `name`, [axes…, group of images]."""
        return self._view(name, shape=shape, **how)

    def gradient(self, name: str, shape: tuple[int, ...] | None = None, **how: Any) -> View:
        """∂loss/∂value."""
        return self._view(gradient_name(name), shape=shape, **how)

    def weight(self, parameter: str, *, element: str = "splat", shape: tuple[int, ...] | None = None) -> View:
        """A parameter, in Keras's shape unless told another."""
        placed = self.plan.placed[parameter]
        return self._view("weights", element=element, shape=shape or placed.parameter.shape, at=placed.at)

    def partial(
        self, parameter: str, *, element: str = "scalar", shape: tuple[int, ...] | None = None
    ) -> View:
        """This chunk's share of the gradient of a small parameter."""
        placed = self.plan.placed[parameter]
        return self._view("partials", element=element, shape=shape or placed.parameter.shape, at=placed.at)

    def wants(self, parameter: str | None) -> bool:
        """Whether a gradient of the parameter is to be computed."""
        return parameter is not None and self.plan.placed[parameter].parameter.trainable

    def clear_gradient(self, reader: str, name: str, shape: tuple[int, ...]) -> None:
        """Zero ∂loss/∂`name`, if `reader` is the first to give to it."""
        if self.plan.readers[name][-1].name == reader:
            k, target = self.k, self.gradient(name, shape)
            last = divisor(shape[-1], 16)

            def tile(*index: Tile) -> None:
                target[index] = k.zeros(*np.broadcast(*index).shape)

            axes = {f"axis{a}": extent for a, extent in enumerate(shape)} | {"g": k.groups}
            k.tiles(axes, {f"axis{len(shape) - 1}": last}, tile)

    def add_gradient(self, name: str, index: tuple[Any, ...], tile: Tile, shape: tuple[int, ...]) -> None:
        """Add to ∂loss/∂`name`, behind the ReLU that made it if there is one."""
        target = self.gradient(name, shape)
        if self.plan.masks(name):
            tile = self.k.where(self.k.compare(">", self.value(name, shape)[index], 0.0), tile, 0.0)
        target[index] = target[index] + tile

    def store_gradient(
        self,
        reader: str,
        name: str,
        index: tuple[Any, ...],
        tile: Tile,
        shape: tuple[int, ...],
        *,
        chunk: Any = None,
    ) -> None:
        """Store what block `reader` gives to ∂loss/∂`name`, behind the ReLU that made it if there is one.

        The last reader in the graph is the first one backwards: it stores, the others add to it. A kernel for
        the whole batch says which `chunk`.
        """
        how = {} if chunk is None else {"all_chunks": True}
        index = index if chunk is None else (chunk, *index)
        target = self.gradient(name, shape, **how)
        if self.plan.readers[name][-1].name != reader:
            tile = target[index] + tile
        elif self.plan.masks(name):
            alive = self.k.compare(">", self.value(name, shape, **how)[index], 0.0)
            tile = self.k.where(alive, tile, 0.0)
        target[index] = tile
