"""What lies inside a network: programs of parts of it, each made when it is first needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tatamilab.engine import cuts
from tatamilab.engine.graph import Loss, Optimizer, Training

if TYPE_CHECKING:
    from tatamilab.engine.program import Program


class Inside:
    """The programs of parts of a network, which have its weights as they are at the moment of a call.

    Args:
        whole: the network's program.
    """

    def __init__(self, whole: Program) -> None:
        self._whole = whole
        self._parts: dict[object, Program] = {}

    def up_to(self, value: str) -> Program:
        """From the input to a value. Raises BadInput if there is no such value."""
        graph = self._whole.plan.graph
        return self._part(("up to", value), lambda: self._program(cuts.up_to(graph, value)))

    def between(self, by: str | None, of: str | None) -> Program:
        """From one value (None: the input) to another (None: the output), with ∂of/∂by.

        Raises:
            BadInput: there is no such value, or `of` depends on more than `by`.
        """

        def make() -> Program:
            graph = self._whole.plan.graph if of is None else cuts.up_to(self._whole.plan.graph, of)
            graph = cuts.untrained(graph if by is None else cuts.after(graph, by))
            training = Training(loss=Loss(kind="dot_product"), optimizer=Optimizer(kind="sgd"))
            return self._program(graph, training, of_input=True, input_dtype="f32")

        return self._part(("between", by, of), make)

    def _program(self, graph: Any, training: Training | None = None, **options: Any) -> Program:
        plan = self._whole.plan
        same = {
            "target": plan.target,
            "n_threads": self._whole.n_threads,
            "input_dtype": plan.input_dtype,
            "checked": plan.checked,
            "schedule": plan.measured,
        }
        return type(self._whole)(graph, training, **{**same, **options})

    def _part(self, name: object, make: Callable[[], Program]) -> Program:
        part = self._parts.get(name)
        if part is None:
            part = self._parts[name] = make()
        weights: dict[str, np.ndarray] = self._whole.get_weights()
        part.set_weights({name: weights[name] for name in part.plan.placed})
        return part
