"""How well a Gabor function or a difference of Gaussians describes a filter.

Both are fitted in the same way, so that their fits can be compared with each other and with the fits of filters that
mean nothing: every member of a fixed family of forms is tried, and its two free amplitudes are solved exactly.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_ORIENTATIONS = np.arange(24) * np.pi / 24
_FREQUENCY_STEP = 0.3  # cycles a side: half a step leaves a sixth of a turn at the filter's ends
_HIGHEST = 0.42  # cycles a pixel
_WIDTHS = np.array([0.18, 0.27, 0.4, 0.6])  # of the envelope, in sides of the filter
_ASPECTS = np.array([1.0, 1.7])
_CENTRES = np.array([-0.2, 0.0, 0.2])  # in sides of the filter
_INNER = np.array([0.10, 0.14, 0.2, 0.28, 0.4])
_RATIOS = np.array([1.3, 1.6, 2.2, 3.2])
_AT_ONCE = 128  # filters that are compared with all forms in one product
_FINE_CENTRES = np.linspace(-0.3, 0.3, 7)


@dataclass(frozen=True)
class Fits:
    """The best member of a family for each filter.

    Attributes:
        r2: float64 (o,), share of the filter's energy that the fit explains, 0-1; 0 for a filter of zeros.
        parameters: float64 (o, …), of the best member, in the columns that the family names.
    """

    r2: NDArray[np.float64]
    parameters: NDArray[np.float64]


def fit_gabors(filters: NDArray[np.float64]) -> Fits:
    """The best Gabor function for each filter.

        g(x, y) = exp(-½ (x'²/σ² + a² y'²/σ²)) · (A cos 2πf x' + B sin 2πf x'),    x' = x cos θ + y sin θ, y' = …

    A and B are solved by least squares; θ, f, σ, a and the centre are tried on a grid. R² is the share of Σ w² that
    the fit explains.

    What it can't tell: whether the filter *is* a Gabor function. 5×5 = 25 values are few beside the eight
    parameters: noise as smooth as the filters reaches R² up to 0.95, so compare with such noise, not with 0.

    Args:
        filters: (h, w, o).

    Returns:
        The fits; parameters are the preferred orientation θ in radians (the direction in which the filter
        oscillates, 0 along a row, growing from the columns' axis to the rows'), the frequency in cycles a pixel,
        the envelope's σ in pixels, its aspect a, and the centre's column and row from the middle in pixels.

    Source:
        Gabor (1946); Jones & Palmer (1987), An evaluation of the two-dimensional Gabor filter model. Theirs is a
        local search from many starts; a grid finds the same form on filters as small as these, and no worse one by
        chance.
    """
    return _best(filters, *_gabor_family(*filters.shape[:2]))


def fit_differences_of_gaussians(filters: NDArray[np.float64]) -> Fits:
    """The best difference of two round Gaussians with one centre for each filter.

        d(x, y) = A exp(-r²/2σ²) + B exp(-r²/2(ρσ)²)

    A and B are solved by least squares; σ, ρ > 1 and the centre are tried on a grid.

    Args:
        filters: (h, w, o).

    Returns:
        The fits; parameters are σ in pixels, ρ, and the centre's column and row from the middle in pixels.

    Source:
        Rodieck (1965), Quantitative analysis of cat retinal ganglion cell response to visual stimuli.
    """
    return _best(filters, *_difference_family(*filters.shape[:2]))


def _best(filters: NDArray[np.float64], pairs: NDArray[np.float32], parameters: NDArray[np.float64]) -> Fits:
    """R² of the best pair of orthonormal forms, (2, h·w, m), for each filter."""
    weights = filters.reshape(-1, filters.shape[-1]).T
    energy = np.square(weights).sum(axis=1, keepdims=True)
    scaled = np.divide(weights, np.sqrt(energy), out=np.zeros_like(weights), where=energy > 0)
    r2, best = np.zeros(len(weights)), np.zeros(len(weights), dtype=np.int64)
    for start in range(0, len(weights), _AT_ONCE):
        part = scaled[start : start + _AT_ONCE].astype(np.float32)
        explained = np.square(part @ pairs[0])
        explained += np.square(part @ pairs[1])
        best[start : start + _AT_ONCE] = explained.argmax(axis=1)
        r2[start : start + _AT_ONCE] = explained.max(axis=1)
    return Fits(np.minimum(r2, 1.0), parameters[best])


def _orthonormal(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float32]:
    """Pairs of forms (m, p) as orthonormal pairs (2, p, m); a second form that the first explains becomes 0.

    In float32, which halves the time of the search and costs R² its seventh digit.
    """
    a = first / np.linalg.norm(first, axis=1, keepdims=True)
    rest = second - (second * a).sum(axis=1, keepdims=True) * a
    size = np.linalg.norm(rest, axis=1, keepdims=True)
    new = size > 1e-6 * np.linalg.norm(second, axis=1, keepdims=True)
    b = np.divide(rest, size, out=np.zeros_like(rest), where=new)
    return np.ascontiguousarray(np.stack([a.T, b.T]), dtype=np.float32)


@lru_cache(maxsize=8)
def _gabor_family(h: int, w: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    side = np.sqrt(h * w)
    frequencies = np.arange(_FREQUENCY_STEP, _HIGHEST * side, _FREQUENCY_STEP) / side
    grid = np.meshgrid(
        _ORIENTATIONS, frequencies, _WIDTHS * side, _ASPECTS, _CENTRES * w, _CENTRES * h, indexing="ij"
    )
    parameters = np.stack([axis.ravel() for axis in grid], axis=1)
    theta, frequency, sigma, aspect, x0, y0 = (column[:, None] for column in parameters.T)
    x, y = _places(h, w)
    along = (x - x0) * np.cos(theta) + (y - y0) * np.sin(theta)
    across = -(x - x0) * np.sin(theta) + (y - y0) * np.cos(theta)
    envelope = np.exp(-0.5 * (np.square(along) + np.square(aspect * across)) / np.square(sigma))
    phase = 2 * np.pi * frequency * along
    return _orthonormal(envelope * np.cos(phase), envelope * np.sin(phase)), parameters


@lru_cache(maxsize=8)
def _difference_family(h: int, w: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    side = np.sqrt(h * w)
    grid = np.meshgrid(_INNER * side, _RATIOS, _FINE_CENTRES * w, _FINE_CENTRES * h, indexing="ij")
    parameters = np.stack([axis.ravel() for axis in grid], axis=1)
    sigma, ratio, x0, y0 = (column[:, None] for column in parameters.T)
    x, y = _places(h, w)
    squared = np.square(x - x0) + np.square(y - y0)
    inner = np.exp(-0.5 * squared / np.square(sigma))
    outer = np.exp(-0.5 * squared / np.square(ratio * sigma))
    return _orthonormal(inner, outer), parameters


def _places(h: int, w: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Column and row of each weight from the filter's middle, (h·w,) each."""
    y, x = np.mgrid[:h, :w].reshape(2, -1).astype(np.float64)
    return x - (w - 1) / 2, y - (h - 1) / 2
