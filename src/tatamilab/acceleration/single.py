"""`train_on_batch`, `test_on_batch` and `predict_on_batch`: one native step, without a state passed in and out.

The first step of each kind is done in Keras's way, which builds what isn't built yet.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tatamilab.acceleration import scope
from tatamilab.acceleration.outcome import OnlySteps
from tatamilab.acceleration.stepping import Steps
from tatamilab.i18n import _


class Single:
    """One step of a model: what the three calls share."""

    def prepare(self) -> None:
        """Check everything; nothing changes yet.

        Raises:
            TatamiError: why Keras has to do it.
            ValueError: Keras's own, for what it refuses.
        """
        raise NotImplementedError

    def _prepare(self, model: Any, function: str, batch: tuple[Any, ...]) -> None:
        steps = getattr(model, function)
        if not isinstance(steps, Steps):
            raise OnlySteps(_("the model"), _("isn't built"))
        getattr(model, f"make_{function}")()
        if not steps.has_stepped:
            raise OnlySteps(_("the model"), _("isn't built"))
        self._steps = steps
        self._native, self._batch = steps.alone(batch)

    def _step(self) -> Any:
        return self._steps.by_itself(self._native, self._batch)


class Scored(Single):
    """One that gives loss and metrics."""

    model: Any
    return_dict: bool

    def run(self) -> Any:
        """Do it, and return what Keras returns."""
        logs = self._step()
        return logs if self.return_dict else self.model._flatten_metrics_in_order(logs)


@dataclass
class TrainOnBatch(Scored):
    """One call of `train_on_batch`, its arguments as Keras names them."""

    model: Any
    x: Any
    y: Any
    sample_weight: Any
    class_weight: Any
    return_dict: bool

    def prepare(self) -> None:
        """Check everything; nothing changes yet."""
        self.model._assert_compile_called("train_on_batch")
        scope.check_options({"class_weight": self.class_weight})
        self._prepare(self.model, "train_function", (self.x, self.y, self.sample_weight))


@dataclass
class TestOnBatch(Scored):
    """One call of `test_on_batch`, its arguments as Keras names them."""

    model: Any
    x: Any
    y: Any
    sample_weight: Any
    return_dict: bool

    def prepare(self) -> None:
        """Check everything; nothing changes yet."""
        self.model._assert_compile_called("test_on_batch")
        self._prepare(self.model, "test_function", (self.x, self.y, self.sample_weight))


@dataclass
class PredictOnBatch(Single):
    """One call of `predict_on_batch`, its argument as Keras names it."""

    model: Any
    x: Any

    def prepare(self) -> None:
        """Check everything; nothing changes yet."""
        self._prepare(self.model, "predict_function", (self.x,))

    def run(self) -> np.ndarray:
        """Predict, and return what Keras returns."""
        return self._step()
