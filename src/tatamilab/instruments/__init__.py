"""Pictures of numbers: one public function for each figure, matplotlib axes or figure in and out.

Every figure speaks the language in force (`tatamilab.i18n`), and has a `describe_…` beside it that says in
words what the picture shows. New figures are plain `matplotlib.figure.Figure` objects that pyplot does not
manage; to show one with pyplot, pass `fig=plt.figure()` or `ax=plt.gca()`.
"""

from tatamilab.instruments.confusion import describe_confusion_matrix, plot_confusion_matrix
from tatamilab.instruments.filters import describe_filters, plot_filters
from tatamilab.instruments.learning_curves import describe_learning_curves, plot_learning_curves
from tatamilab.instruments.mistakes import describe_mistakes, plot_mistakes
from tatamilab.instruments.network import describe_network, plot_network
from tatamilab.instruments.saving import save_figure

__all__ = [
    "describe_confusion_matrix",
    "describe_filters",
    "describe_learning_curves",
    "describe_mistakes",
    "describe_network",
    "plot_confusion_matrix",
    "plot_filters",
    "plot_learning_curves",
    "plot_mistakes",
    "plot_network",
    "save_figure",
]
