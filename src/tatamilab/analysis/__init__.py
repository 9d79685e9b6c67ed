"""Numbers about models and their predictions: arrays in, arrays out. No Keras, no matplotlib."""

from tatamilab.analysis.confusion import confusion_matrix, row_percent
from tatamilab.analysis.filter_scores import (
    FORM_SCORES,
    SCORES,
    FilterKind,
    FilterScores,
    mean_orientation,
    orientation_along,
    rotated_banks,
    score_filters,
)
from tatamilab.analysis.filters import (
    FilterChange,
    filter_change,
    filter_norms,
    strongest_channels,
    symmetric_limit,
)
from tatamilab.analysis.history import best_epoch, best_validation_epoch, n_epochs
from tatamilab.analysis.intervals import Interval, wilson_interval
from tatamilab.analysis.mistakes import NONE, MistakeSelection, select_mistakes
from tatamilab.analysis.paired import PairedDifference, holm, paired_difference
from tatamilab.analysis.patches import (
    PatchComponents,
    change_energy,
    energy_in_components,
    neighbour_correlation,
    patch_components,
)

__all__ = [
    "FORM_SCORES",
    "NONE",
    "SCORES",
    "FilterChange",
    "FilterKind",
    "FilterScores",
    "Interval",
    "MistakeSelection",
    "PairedDifference",
    "PatchComponents",
    "best_epoch",
    "best_validation_epoch",
    "change_energy",
    "confusion_matrix",
    "energy_in_components",
    "filter_change",
    "filter_norms",
    "holm",
    "mean_orientation",
    "n_epochs",
    "neighbour_correlation",
    "orientation_along",
    "paired_difference",
    "patch_components",
    "rotated_banks",
    "row_percent",
    "score_filters",
    "select_mistakes",
    "strongest_channels",
    "symmetric_limit",
    "wilson_interval",
]
