"""Where the scatter of one model's accuracy comes from: sample, initial weights, order, and the test images."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tatamilab.errors import BadInput
from tatamilab.i18n import _


@dataclass(frozen=True)
class VarianceSplit:
    """Variances of one run's score, in its unit squared; an estimate below 0 is given as 0.

    Scores on one set of test images say nothing of `images`: it comes from what each run says of each image.

    Attributes:
        draw: between draws.
        initialisation: between initial weights within a draw.
        order: between orders within a draw.
        rest: what only the combination of both explains.
        images: between sets of as many test images, the same for all runs; None where nobody can say.
    """

    draw: float
    initialisation: float
    order: float
    rest: float
    images: float | None = None

    @property
    def total(self) -> float:
        """Of one run on these test images."""
        return self.draw + self.initialisation + self.order + self.rest


def variance_split(scores: ArrayLike) -> VarianceSplit:
    """Variance components of a balanced design, initialisations and orders crossed within draws.

        x[d,i,o] = μ + D_d + I_{d,i} + O_{d,o} + e[d,i,o]

    by the method of moments: each mean square equals its expectation.

    Args:
        scores: (draws, initialisations, orders), at least two of each.

    Raises:
        BadInput: fewer.

    Source:
        Searle, Casella and McCulloch (1992), Variance components, chapter 4.

    Example:
        >>> variance_split([[[1, 1], [1, 1]], [[3, 3], [3, 3]]]).draw
        2.0
    """
    x = np.asarray(scores, dtype=np.float64)
    if x.ndim != 3 or min(x.shape) < 2:
        raise BadInput(
            _(
                "A variance split needs at least two draws, two initialisations and two orders; received {shape}.",
                shape=x.shape,
            )
        )
    d, i, o = x.shape
    of_draw = x.mean(axis=(1, 2), keepdims=True)
    of_init, of_order = x.mean(axis=2, keepdims=True), x.mean(axis=1, keepdims=True)
    ms_draw = i * o * float(np.square(of_draw - x.mean()).sum()) / (d - 1)
    ms_init = o * float(np.square(of_init - of_draw).sum()) / (d * (i - 1))
    ms_order = i * float(np.square(of_order - of_draw).sum()) / (d * (o - 1))
    ms_rest = float(np.square(x - of_init - of_order + of_draw).sum()) / (d * (i - 1) * (o - 1))
    return VarianceSplit(
        draw=max(0.0, (ms_draw - ms_init - ms_order + ms_rest) / (i * o)),
        initialisation=max(0.0, (ms_init - ms_rest) / o),
        order=max(0.0, (ms_order - ms_rest) / i),
        rest=ms_rest,
    )
