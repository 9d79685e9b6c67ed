"""From a photograph of paper to ink: even out the light, find the dark, keep what is writing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from tatamilab.errors import BadInput
from tatamilab.i18n import _

LEAST_CONTRAST = 0.15
"""Share of the paper's light that ink must swallow; less is paper alone."""

SMALLEST_PART = 0.02
"""Of the largest part of the ink; what is smaller is dust."""

STROKE = 0.1
"""Width of a stroke of MNIST's digits, as a share of the digit's longer side."""

_CELLS = 8
"""The paper's light is taken to be even over an eighth of the picture."""


@dataclass(frozen=True, eq=False)
class Photograph:
    """A photograph on its way to a drawing, step by step; all float32 (rows, columns).

    Attributes:
        grey: 0 black to 1 white.
        darkness: how much darker than the paper around it, 0-1.
        threshold: darkness from which on something is ink.
        ink: 0 paper to 1 ink; parts at the rim and dust left out, strokes as thick as MNIST's.
    """

    grey: NDArray[np.float32]
    darkness: NDArray[np.float32]
    threshold: float
    ink: NDArray[np.float32]


def read_photograph(grey: ArrayLike) -> Photograph:
    """Find the writing on a photograph of paper, or of a board: light on dark is turned round.

        darkness = 1 - grey / paper,    ink where darkness > t

    with paper the local light of the paper, and t Otsu's threshold, which parts the darknesses into two groups that are
    as uniform as can be.

    Args:
        grey: (rows, columns), 0 black to 1 white.

    Raises:
        BadInput: it is smaller than 8×8, or there is nothing on it that is darker than its surroundings.

    Source:
        Otsu (1979), A threshold selection method from gray-level histograms.
    """
    picture = np.asarray(grey, dtype=np.float32)
    if picture.ndim != 2 or min(picture.shape) < 8:
        raise BadInput(
            _(
                "A photograph must have at least 8×8 pixels; this one has {shape}.",
                shape="×".join(map(str, picture.shape)),
            )
        )
    rim = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    light = picture if np.median(rim) >= 0.4 else 1 - picture
    darkness = np.clip(1 - light / np.maximum(_paper(light), 0.05), 0, 1).astype(np.float32)
    darkest = float(np.quantile(darkness, 0.998))
    if darkest < LEAST_CONTRAST:
        raise BadInput(_("No writing is seen on this picture: it needs dark strokes on light paper."))
    threshold = otsu(darkness)
    mask = _writing(darkness > threshold)
    ink = np.where(mask, np.clip(darkness / darkest, 0, 1), 0).astype(np.float32)
    return Photograph(picture, darkness, threshold, _as_thick_as_mnist(ink, mask))


def otsu(values: ArrayLike) -> float:
    """The threshold that makes the two groups' means differ most, weighted by their sizes.

    Args:
        values: 0-1, any shape.

    Example:
        >>> 0.2 <= otsu([0.1, 0.1, 0.2, 0.8, 0.9]) < 0.8
        True
    """
    counts, edges = np.histogram(np.asarray(values), bins=256, range=(0, 1))
    middle = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middle)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1:][int(np.nanargmax(np.where(np.isfinite(between), between, -1)))])


def _paper(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """The light of the paper under the writing: the brightest nearby, smoothed."""
    size = max(min(light.shape) // _CELLS, 3)
    return np.asarray(ndimage.gaussian_filter(ndimage.maximum_filter(light, size=size), size / 2))


def _writing(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The parts that are writing: none at the rim, unless all are, and no dust."""
    parts, n = ndimage.label(mask, structure=np.ones((3, 3)))
    if not n:
        return mask
    rim = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    sizes = np.bincount(parts.ravel(), minlength=n + 1)
    sizes[0] = 0
    inside = sizes.copy()
    inside[rim] = 0
    kept = inside if inside.any() else sizes
    return np.asarray((kept >= SMALLEST_PART * kept.max())[parts] & mask)


def _as_thick_as_mnist(ink: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Thin strokes made thicker, so that they don't fade when the digit is made 20 pixels high."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return ink
    side = max(int(np.ptp(rows)), int(np.ptp(columns))) + 1
    width = 2 * float(np.quantile(ndimage.distance_transform_edt(mask)[mask], 0.9))
    more = round((STROKE * side - width) / 2)
    if more < 1:
        return ink
    reach = np.arange(-more, more + 1)
    disc = reach[:, None] ** 2 + reach**2 <= more**2
    return np.asarray(ndimage.grey_dilation(ink, footprint=disc), dtype=np.float32)
