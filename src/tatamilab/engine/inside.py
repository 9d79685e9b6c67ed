"""What lies inside a network: programs of parts of it, each made when it is first needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tatamilab.engine import cuts
from tatamilab.engine.graph import Graph, Loss, Optimizer, Training

if TYPE_CHECKING:
    from tatamilab.engine.program import Program


class Parts:
    """The programs of parts of a network, which have its weights as they are at the moment of a call.

    The program of the whole is given with each call, not kept: it keeps this, and ends as soon as nobody keeps it.
    """

    def __init__(self) -> None:
        self._programs: dict[object, Program] = {}

    def up_to(self, whole: Program, value: str) -> Program:
        """From the input to a value. Raises BadInput if there is no such value."""
        return self._part(whole, value, lambda: _program(whole, cuts.up_to(whole.plan.graph, value)))

    def between(self, whole: Program, by: str | None, of: str | None) -> Program:
        """From one value (None: the input) to another (None: the output), with ∂of/∂by.

        Raises:
            BadInput: there is no such value, or `of` depends on more than `by`.
        """

        def make() -> Program:
            graph = whole.plan.graph if of is None else cuts.up_to(whole.plan.graph, of)
            graph = cuts.untrained(graph if by is None else cuts.after(graph, by))
            training = Training(loss=Loss(kind="dot_product"), optimizer=Optimizer(kind="sgd"))
            return _program(whole, graph, training, of_input=True, input_dtype="f32")

        return self._part(whole, (by, of), make)

    def _part(self, whole: Program, name: object, make: Callable[[], Program]) -> Program:
        part = self._programs.get(name)
        if part is None:
            part = self._programs[name] = make()
        weights = whole.get_weights()
        part.set_weights({name: weights[name] for name in part.plan.placed})
        return part


def _program(whole: Program, graph: Graph, training: Training | None = None, **options: Any) -> Program:
    """A program that computes as the whole one does."""
    same = {
        "target": whole.plan.target,
        "n_threads": whole.n_threads,
        "input_dtype": whole.plan.input_dtype,
        "checked": whole.plan.checked,
        "schedule": whole.plan.measured,
    }
    return type(whole)(graph, training, **{**same, **options})
