"""How many images one model needs to be as good as another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class EqualSize:
    """Where a curve of accuracy over size comes to a level.

    Attributes:
        size: images, by interpolation; None if it lies outside of the sizes that were tried.
        beyond: "more" if not even the largest size is enough, "fewer" if the smallest is; "" if `size` is known.
        limit: the largest or smallest size that was tried.
    """

    size: float | None
    beyond: str
    limit: int


def size_of_equal_accuracy(sizes: ArrayLike, accuracy: ArrayLike, level: float) -> EqualSize:
    """The size at which accuracy comes to a level, inside the sizes that were tried and never beyond.

    The curve is made monotone by isotonic regression, then interpolated monotonically over the logarithm of the size.

    Args:
        sizes: ascending (n,), at least two.
        accuracy: mean at each (n,).
        level: the accuracy to come to.

    Source:
        Fritsch and Carlson (1980), Monotone piecewise cubic interpolation, as SciPy's PCHIP.

    Example:
        >>> size_of_equal_accuracy([100, 400], [0.8, 0.9], 0.85).size
        200.0
        >>> size_of_equal_accuracy([100, 400], [0.8, 0.9], 0.95)
        EqualSize(size=None, beyond='more', limit=400)
    """
    from scipy.interpolate import PchipInterpolator
    from scipy.optimize import isotonic_regression

    n = np.asarray(sizes, dtype=np.float64)
    curve = isotonic_regression(np.asarray(accuracy, dtype=np.float64)).x
    if level > curve[-1]:
        return EqualSize(None, "more", int(n[-1]))
    if level < curve[0]:
        return EqualSize(None, "fewer", int(n[0]))
    roots = PchipInterpolator(np.log(n), curve).solve(level, extrapolate=False)
    found = roots[np.isfinite(roots)]
    if not len(found):  # a level that is met along a flat piece
        return EqualSize(float(n[np.searchsorted(curve, level)]), "", int(n[-1]))
    return EqualSize(float(np.round(np.exp(found.min()), 6)), "", int(n[-1]))
