"""The figures of a run: which there are, in which order, and what each shows in words."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tatamilab import instruments
from tatamilab.data import Dataset
from tatamilab.experiment.folder import FIGURES
from tatamilab.experiment.watching import Figure, Watcher
from tatamilab.i18n import _

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import FigureBase


class Drawer:
    """Draws and saves the figures of one run, telling a watcher of each.

    Attributes:
        drawn: the figures so far, by name.
    """

    def __init__(self, folder: Path, watcher: Watcher) -> None:
        self.drawn: dict[str, Figure] = {}
        self._folder = folder / FIGURES
        self._watcher = watcher

    def network(self, model: "keras.Model") -> None:
        """The network, to scale."""
        self._save(
            "network",
            _("The network"),
            instruments.describe_network(model),
            instruments.plot_network(model).figure,
        )

    def filters_before(self, model: "keras.Model") -> None:
        """The first convolution's filters, untrained; nothing if there is no convolution."""
        if first_filters(model) is not None:
            self._save(
                "filters-before",
                _("Filters before training"),
                instruments.describe_filters(model),
                instruments.plot_filters(model),
            )

    def filters(self, model: "keras.Model", before: NDArray[np.float32] | None) -> None:
        """The first convolution's filters before and after, and the change; nothing without a convolution."""
        if before is not None:
            self._save(
                "filters",
                _("Filters before and after training, and the change"),
                instruments.describe_filters(model, before=before),
                instruments.plot_filters(model, before=before),
            )

    def learning_curves(self, history: Mapping[str, Sequence[float]]) -> None:
        """Accuracy and loss by epoch."""
        self._save(
            "learning-curves",
            _("Learning curves"),
            instruments.describe_learning_curves(history),
            instruments.plot_learning_curves(history),
        )

    def predictions(self, dataset: Dataset, probabilities: NDArray[np.float32], *, seed: int) -> None:
        """What is taken for what, and a gallery of the mistakes."""
        predicted = probabilities.argmax(axis=1)
        names = dataset.class_names
        self._save(
            "confusion-matrix",
            _("Confusion matrix"),
            instruments.describe_confusion_matrix(dataset.y_test, predicted, names),
            instruments.plot_confusion_matrix(dataset.y_test, predicted, names).figure,
        )
        self._save(
            "mistakes",
            _("Mistakes"),
            instruments.describe_mistakes(dataset.y_test, predicted, class_names=names),
            instruments.plot_mistakes(
                dataset.x_test, dataset.y_test, predicted, probabilities, class_names=names, seed=seed
            ),
        )

    def _save(self, name: str, title: str, description: str, fig: "FigureBase") -> None:
        from matplotlib.figure import Figure as WholeFigure

        assert isinstance(fig, WholeFigure)
        self._folder.mkdir(exist_ok=True)
        png, svg = instruments.save_figure(fig, self._folder, name)
        self.drawn[name] = Figure(name, title, description, png, svg)
        self._watcher.figure_drawn(self.drawn[name])


def first_filters(model: "keras.Model") -> NDArray[np.float32] | None:
    """The weights (rows, columns, channels, filters) of the model's first convolution; `None` without one."""
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            return np.asarray(layer.kernel)
    return None
