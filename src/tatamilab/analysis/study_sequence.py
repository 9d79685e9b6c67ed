"""An interval that may be looked at after every draw: a confidence sequence for a mean."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Sequential:
    """The interval after n draws.

    Attributes:
        n: draws so far.
        mean: of them.
        low: lower end; -∞ while there are too few.
        high: upper end.
    """

    n: int
    mean: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half of its width."""
        return (self.high - self.low) / 2


def sequential_interval(values: ArrayLike, confidence: float = 0.95, effect: float = 1.0) -> Sequential:
    """The interval for the mean that holds at all n at once, so that one may stop when it is narrow enough.

    It holds all μ against which a Bayes factor says less than 1/α. With t the statistic of μ, the prior N(0, c²) on
    the standardised effect and g = 1 + n·c²:

        √(1/g) · ((1 + t²/(n-1)) / (1 + t²/((n-1)·g)))^(n/2) < 1/α

    which is solved for t. By Ville's inequality the true mean ever leaves it with a chance of at most α, if the values
    are Gaussian, whatever their variance.

    Args:
        values: one a draw so far (n,).
        confidence: 1 - α.
        effect: c, near the standardised effect where the interval shall be narrow.

    Source:
        Pérez-Ortiz, Lardy, de Heide and Grünwald (2024), E-statistics, group invariance and anytime-valid testing;
        Wang and Ramdas (2025), Anytime-valid t-tests and confidence sequences for Gaussian means with unknown variance.

    Example:
        >>> sequential_interval([1.0]).high
        inf
    """
    x = np.asarray(values, dtype=np.float64)
    n = len(x)
    mean = float(x.mean()) if n else math.nan
    if n < 2:
        return Sequential(n, mean, -math.inf, math.inf)
    g = 1 + n * effect**2
    k = (math.sqrt(g) / (1 - confidence)) ** (2 / n)
    if k >= g:
        return Sequential(n, mean, -math.inf, math.inf)
    t = math.sqrt((n - 1) * (k - 1) / (1 - k / g))
    half = t * float(x.std(ddof=1)) / math.sqrt(n)
    return Sequential(n, mean, mean - half, mean + half)
