"""What the scores and their nulls are called, and what they mean, in the language in force."""

from tatamilab.i18n import _


def score_name(score: str) -> str:
    """A score's name."""
    return {
        "orientation": _("Orientation selectivity"),
        "frequency": _("Spatial frequency (cycles a pixel)"),
        "centre_surround": _("Centre–surround"),
        "dc_share": _("Share of the mean (DC)"),
        "smoothness": _("Smoothness"),
        "gabor_r2": _("Fit of a Gabor function (R²)"),
        "dog_r2": _("Fit of a difference of Gaussians (R²)"),
        "rank_one": _("Row × column form (rank 1)"),
    }[score]


def null_name(null: str) -> str:
    """What a score of learned filters is compared with."""
    return {
        "start": _("the same filters before training"),
        "noise": _("noise with the same correlations"),
        "labels": _("filters trained on shuffled labels"),
    }[null]
