"""Numbers about models and their predictions: arrays in, arrays out. No Keras, no matplotlib."""

from tatamilab.analysis.attribution import (
    class_activation_map,
    inked,
    integrated_gradients,
    map_similarity,
)
from tatamilab.analysis.calibration import Calibration, calibration
from tatamilab.analysis.class_accuracy import class_accuracy, most_confused
from tatamilab.analysis.confusion import confusion_matrix, row_percent
from tatamilab.analysis.embedding import PrincipalPlane, principal_plane
from tatamilab.analysis.exciting import StrongestPlaces, strongest_places
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
from tatamilab.analysis.mistakes import NONE, MistakeSelection, select_mistakes, surest_mistakes
from tatamilab.analysis.nearest import NearDuplicates, Nearest, near_duplicates, nearest_images
from tatamilab.analysis.occlusion import occlusion_map
from tatamilab.analysis.paired import PairedDifference, holm, paired_difference
from tatamilab.analysis.patches import (
    PatchComponents,
    change_energy,
    energy_in_components,
    neighbour_correlation,
    patch_components,
)
from tatamilab.analysis.removal import RemovalCurves, removal_curves

__all__ = [
    "FORM_SCORES",
    "NONE",
    "SCORES",
    "Calibration",
    "FilterChange",
    "FilterKind",
    "FilterScores",
    "Interval",
    "MistakeSelection",
    "NearDuplicates",
    "Nearest",
    "PairedDifference",
    "PatchComponents",
    "PrincipalPlane",
    "RemovalCurves",
    "StrongestPlaces",
    "best_epoch",
    "best_validation_epoch",
    "calibration",
    "change_energy",
    "class_accuracy",
    "class_activation_map",
    "confusion_matrix",
    "energy_in_components",
    "filter_change",
    "filter_norms",
    "holm",
    "inked",
    "integrated_gradients",
    "map_similarity",
    "mean_orientation",
    "most_confused",
    "n_epochs",
    "near_duplicates",
    "nearest_images",
    "neighbour_correlation",
    "occlusion_map",
    "orientation_along",
    "paired_difference",
    "patch_components",
    "principal_plane",
    "removal_curves",
    "rotated_banks",
    "row_percent",
    "score_filters",
    "select_mistakes",
    "strongest_channels",
    "strongest_places",
    "surest_mistakes",
    "symmetric_limit",
    "wilson_interval",
]
