"""The controlled experiments: in each, one thing that might explain the filters or the accuracy is taken away."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tatamilab.analysis import stimuli
from tatamilab.i18n import _

Images = NDArray[np.float32]
Labels = NDArray[np.integer]
Kernel = NDArray[np.float32]


@dataclass(frozen=True)
class Arm:
    """One way to train; what is not named is as in the worksheet.

    Attributes:
        images: changes training and test images, given a generator that depends on the seed alone.
        labels: changes the labels of the training images, likewise; those of the test images stay.
        filters: makes the first convolution's filters from the random start and the learned ones.
        frozen: whether the first convolution, filters and bias, is left as it starts.
        after_learned: whether it starts from what the arm "learned" has learned.
    """

    images: Callable[[Images, np.random.Generator], Images] | None = None
    labels: Callable[[Labels, np.random.Generator], Labels] | None = None
    filters: Callable[[Kernel, Kernel | None, np.random.Generator], Kernel] | None = None
    frozen: bool = False
    after_learned: bool = False


def _permuted(_start: Kernel, learned: Kernel | None, rng: np.random.Generator) -> Kernel:
    assert learned is not None
    return stimuli.permute_within_filters(learned, rng)


BASELINE = "learned"
"""The arm with which every other is compared: the worksheet's own training."""

ARMS: dict[str, Arm] = {
    BASELINE: Arm(),
    "frozen": Arm(frozen=True),
    "gabor": Arm(filters=lambda start, _learned, _rng: stimuli.gabor_bank(start), frozen=True),
    "permuted": Arm(filters=_permuted, frozen=True, after_learned=True),
    "pixels": Arm(images=stimuli.permute_pixels),
    "phases": Arm(images=stimuli.scramble_phases),
    "labels": Arm(labels=lambda labels, rng: rng.permutation(labels)),
    "rotated": Arm(images=lambda images, _rng: stimuli.rotate_quarter(images)),
}
"""All arms by name, the baseline first."""


def title_of(arm: str) -> str:
    """What an arm is called, in the language in force."""
    return {
        BASELINE: _("As in the worksheet"),
        "frozen": _("Filters frozen at their random start"),
        "gabor": _("Filters replaced by fixed Gabor functions"),
        "permuted": _("Learned filters, weights shuffled within each, then frozen"),
        "pixels": _("Pixels moved, all images alike"),
        "phases": _("Phases of every image scrambled"),
        "labels": _("Training labels shuffled"),
        "rotated": _("Images turned by 90°"),
    }[arm]


def question_of(arm: str) -> str:
    """What an arm is there to find out, in the language in force."""
    return {
        BASELINE: _("What the others are compared with."),
        "frozen": _("Does the accuracy need learned filters at all?"),
        "gabor": _("Would filters from the textbook do better?"),
        "permuted": _("Is it the pattern of a learned filter that counts, or only the sizes of its weights?"),
        "pixels": _("Does it matter that neighbours in the image are neighbours?"),
        "phases": _("Do correlations between pixels suffice, without edges and strokes?"),
        "labels": _("Do such filters appear without anything to learn?"),
        "rotated": _("Do the filters turn with the images?"),
    }[arm]
