"""Numbers about models and their predictions: arrays in, arrays out. No Keras, no matplotlib."""

from tatamilab.analysis.confusion import confusion_matrix, row_percent
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

__all__ = [
    "NONE",
    "FilterChange",
    "Interval",
    "MistakeSelection",
    "best_epoch",
    "best_validation_epoch",
    "confusion_matrix",
    "filter_change",
    "filter_norms",
    "n_epochs",
    "row_percent",
    "select_mistakes",
    "strongest_channels",
    "symmetric_limit",
    "wilson_interval",
]
