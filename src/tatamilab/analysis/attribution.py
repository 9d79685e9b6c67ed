"""Where in an image an answer comes from, by gradients; and how alike two such maps are."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis.occlusion import Score
from tatamilab.errors import BadInput
from tatamilab.i18n import _

_MOST_HALVED = 128
"""Parts of the way that are halved in one round; the others' bends weigh less."""

Gradient = Callable[[NDArray[np.float32]], NDArray[np.floating]]
"""The gradient of that number by the image, of the images' shape."""


@dataclass(frozen=True, eq=False)
class IntegratedGradients:
    """Integrated gradients of one image.

    Attributes:
        map: float64 (h, w, c), what each value adds to the score.
        completeness_error: |Σ map - (score(image) - score(baseline))|; 0 for infinitely many steps.
        difference: score(image) - score(baseline).
    """

    map: NDArray[np.float64]
    completeness_error: float
    difference: float


def integrated_gradients(
    score: Score,
    gradient: Gradient,
    image: ArrayLike,
    *,
    baseline: float = 0.0,
    tolerance: float = 5e-5,
    most_rounds: int = 10,
) -> IntegratedGradients:
    """Share the score's difference from a baseline image out among the pixels.

        m = (x - x₀) · ∫₀¹ ∇s(x₀ + α(x - x₀)) dα,    Σ m = s(x) - s(x₀)

    The way is cut into parts; on each the gradient at its middle stands for the whole. ReLU and max-pools make s
    bend, and on a part without a bend that is exact. Parts whose gradient does not account for the difference of s
    over them are halved, the worst first.

    What it can't tell: what another baseline would say; and a map that looks the same for a network with random
    weights says nothing of what was learned (Adebayo et al. 2018).

    Args:
        score: of images (n, h, w, c).
        gradient: of the score.
        image: (h, w, c).
        baseline: value of all pixels of x₀.
        tolerance: in the score's unit, above 0.
        most_rounds: how often parts may be halved.

    Raises:
        BadInput: a tolerance that is not above 0.

    Numerics:
        The score's own rounding (float32) limits what `tolerance` can be reached; the error that is left is returned.

    Source:
        Sundararajan, Taly & Yan (2017), Axiomatic attribution for deep networks, eq. 1. They take equal steps.
    """
    if not tolerance > 0:
        raise BadInput(
            _(
                "The tolerance of integrated gradients must be above 0; received {tolerance}.",
                tolerance=tolerance,
            )
        )
    x = np.asarray(image, dtype=np.float64)
    start = np.full_like(x, baseline)

    def along(alphas: NDArray[np.float64]) -> NDArray[np.float32]:
        return (start + alphas[:, None, None, None] * (x - start)).astype(np.float32)

    def scores(alphas: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(score(along(alphas)), dtype=np.float64)

    edges = np.linspace(0, 1, 33)
    values = scores(edges)
    left, right, rise = edges[:-1], edges[1:], np.diff(values)
    mean = np.zeros_like(x)
    for number in range(most_rounds + 1):
        slopes = np.asarray(gradient(along((left + right) / 2)), dtype=np.float64)
        sums = (slopes * (x - start)).sum(axis=(1, 2, 3)) * (right - left)
        unaccounted = np.abs(sums - rise)
        worst = np.argsort(-unaccounted, kind="stable")[: _MOST_HALVED if number < most_rounds else 0]
        done = np.ones(len(left), dtype=bool)
        done[worst[unaccounted[worst] > tolerance / (2 * _MOST_HALVED)]] = False
        mean += np.tensordot((right - left)[done], slopes[done], 1)
        left, right, rise = left[~done], right[~done], rise[~done]
        if not len(left):
            break
        middle = (left + right) / 2
        first = scores(middle) - scores(left)
        rise = np.concatenate([first, rise - first])
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
    attribution = (x - start) * mean
    difference = float(values[-1] - values[0])
    return IntegratedGradients(attribution, abs(float(attribution.sum()) - difference), difference)


def class_activation_map(
    activations: ArrayLike, gradients: ArrayLike, size: tuple[int, int] | None = None
) -> NDArray[np.float64]:
    """Grad-CAM: the maps of a layer, added by how much the score hangs on each.

        m[i,j] = max(0, Σ_k a_k y[i,j,k]),    a_k = mean over i, j of ∂s/∂y[i,j,k]

    What it can't tell: anything finer than the layer's own maps; and it knows only what speaks for the class.

    Args:
        activations: y (i, j, k) of one image.
        gradients: of the score by y, of its shape.
        size: rows and columns to stretch the map to, with bilinear interpolation, so that it lies over the image; None
            to leave it as it is.

    Source:
        Selvaraju et al. (2017), Grad-CAM, eqs. 1 and 2.

    Example:
        >>> class_activation_map(np.ones((2, 2, 1)), np.full((2, 2, 1), 0.5)).tolist()
        [[0.5, 0.5], [0.5, 0.5]]
    """
    from scipy.ndimage import zoom

    y, slopes = np.asarray(activations, dtype=np.float64), np.asarray(gradients, dtype=np.float64)
    found = np.maximum(y @ slopes.mean(axis=(0, 1)), 0.0)
    if size is None or found.shape == size:
        return found
    scale = (size[0] / found.shape[0], size[1] / found.shape[1])
    return np.asarray(zoom(found, scale, order=1, mode="nearest", grid_mode=True))


def inked(image: ArrayLike) -> NDArray[np.bool_]:
    """Where an image (h, w, c) is not at its smallest value: for a digit, the ink; bool (h, w).

    Example:
        >>> inked([[[0.0], [0.2]]]).tolist()
        [[False, True]]
    """
    x = np.asarray(image, dtype=np.float64)
    return np.asarray((x > x.min()).any(axis=-1))


def map_similarity(a: ArrayLike, b: ArrayLike, where: ArrayLike | None = None) -> float:
    """How alike two maps are: the rank correlation of their absolute values, -1 to 1; NaN if one is constant.

    Near 1, the map shows the image and not what was learned. It is to be taken over the ink alone: off the ink,
    maps that multiply by the image are 0 for every network, and these shared zeros alone make any two maps alike.

    Args:
        a: a map (h, w).
        b: another.
        where: bool (h, w), the pixels to compare; None for all.

    Source:
        Adebayo et al. (2018), Sanity checks for saliency maps, §3, who compare all pixels.
    """
    from scipy.stats import rankdata

    maps = (np.abs(np.asarray(values, dtype=np.float64)) for values in (a, b))
    first, second = (
        rankdata(values.ravel() if where is None else values[np.asarray(where, bool)]) for values in maps
    )
    if first.size < 2 or not np.ptp(first) or not np.ptp(second):
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])
