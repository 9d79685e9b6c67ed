"""How often one run of each model, compared as a student would, ranks two models right."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Ranked:
    """Shares of single comparisons; they add up to 1.

    Attributes:
        n: comparisons.
        right: the better model scored higher.
        tied: both scored the same.
        wrong: the better model scored lower.
    """

    n: int
    right: float
    tied: float
    wrong: float


def single_runs(differences: ArrayLike, better: int) -> Ranked:
    """Count from the runs themselves; never inferred from whether intervals overlap.

    Args:
        differences: a - b of every pair of single runs (n,), at least one.
        better: 1 if a is the better model, -1 if b is.

    Example:
        >>> single_runs([2, 0, -1, 3], 1)
        Ranked(n=4, right=0.5, tied=0.25, wrong=0.25)
    """
    signs = np.sign(np.asarray(differences, dtype=np.float64)) * better
    shares = (float(np.mean(signs == sign)) for sign in (1, 0, -1))
    return Ranked(len(signs), *shares)
