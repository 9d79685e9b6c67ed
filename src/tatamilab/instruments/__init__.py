"""Pictures of numbers: one public function for each figure, matplotlib axes or figure in and out.

Every figure speaks the language in force (`tatamilab.i18n`), and has a `describe_…` beside it that says in
words what the picture shows. New figures are plain `matplotlib.figure.Figure` objects that pyplot does not
manage; to show one with pyplot, pass `fig=plt.figure()` or `ax=plt.gca()`.
"""

from tatamilab.instruments.activation_maps import describe_activation_maps, plot_activation_maps
from tatamilab.instruments.attribution import describe_attribution, plot_attribution
from tatamilab.instruments.calibration import describe_calibration, plot_calibration
from tatamilab.instruments.class_accuracy import (
    describe_class_accuracy,
    plot_class_accuracy,
    plot_confused_pairs,
)
from tatamilab.instruments.confusion import describe_confusion_matrix, plot_confusion_matrix
from tatamilab.instruments.controls import describe_controls, plot_controls
from tatamilab.instruments.embedding import describe_embedding, plot_embedding
from tatamilab.instruments.exciting import (
    describe_exciting_patches,
    exciting_patches,
    plot_exciting_patches,
)
from tatamilab.instruments.film import Film, animate_filters, save_film
from tatamilab.instruments.filter_scores import describe_filter_scores, plot_filter_scores
from tatamilab.instruments.filters import describe_filters, plot_filters
from tatamilab.instruments.learning_curves import describe_learning_curves, plot_learning_curves
from tatamilab.instruments.mistakes import describe_mistakes, plot_mistakes
from tatamilab.instruments.network import describe_network, plot_network
from tatamilab.instruments.pixel import describe_pixel, plot_pixel
from tatamilab.instruments.removal import describe_how_few, plot_how_few
from tatamilab.instruments.saving import save_figure, write_svg
from tatamilab.instruments.sure_mistakes import describe_near_duplicates, plot_sure_mistakes
from tatamilab.instruments.where_change_lies import describe_where_change_lies, plot_where_change_lies

__all__ = [
    "Film",
    "animate_filters",
    "describe_activation_maps",
    "describe_attribution",
    "describe_calibration",
    "describe_class_accuracy",
    "describe_confusion_matrix",
    "describe_controls",
    "describe_embedding",
    "describe_exciting_patches",
    "describe_filter_scores",
    "describe_filters",
    "describe_how_few",
    "describe_learning_curves",
    "describe_mistakes",
    "describe_near_duplicates",
    "describe_network",
    "describe_pixel",
    "describe_where_change_lies",
    "exciting_patches",
    "plot_activation_maps",
    "plot_attribution",
    "plot_calibration",
    "plot_class_accuracy",
    "plot_confused_pairs",
    "plot_confusion_matrix",
    "plot_controls",
    "plot_embedding",
    "plot_exciting_patches",
    "plot_filter_scores",
    "plot_filters",
    "plot_how_few",
    "plot_learning_curves",
    "plot_mistakes",
    "plot_network",
    "plot_pixel",
    "plot_sure_mistakes",
    "plot_where_change_lies",
    "save_figure",
    "save_film",
    "write_svg",
]
