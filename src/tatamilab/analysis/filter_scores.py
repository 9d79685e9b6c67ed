"""What the form of a filter is like, in numbers that do not depend on its size."""

from dataclasses import dataclass, fields
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis.fits import fit_differences_of_gaussians, fit_gabors
from tatamilab.errors import BadInput
from tatamilab.i18n import _

_PADDED = 32  # points of the spectrum each way


class FilterKind(StrEnum):
    """What kind of filter it is; only `ALIVE` ones count in a mean."""

    ALIVE = "alive"
    ZERO = "zero"
    CONSTANT = "constant"
    NOT_FINITE = "not finite"


@dataclass(frozen=True)
class FilterScores:
    """Scores of the filters of one layer, each float64 (o,) from 0 to 1 unless said otherwise; see `score_filters`.

    Attributes:
        kind: `FilterKind` (o,).
        energy: Σ w² of each filter, without upper limit.
        orientation: orientation selectivity.
        orientation_angle: the direction in which the filter varies most, radians from 0 to π.
        frequency: mean spatial frequency, cycles a pixel.
        centre_surround: share of the variation that depends on the distance from the middle alone.
        dc_share: share of the energy in the mean.
        smoothness: agreement of neighbouring weights, -1 to 1.
        gabor_r2: of the best Gabor function.
        dog_r2: of the best difference of Gaussians.
        rank_one: share of the energy in the best product of a column and a row.
    """

    kind: NDArray[np.object_]
    energy: NDArray[np.float64]
    orientation: NDArray[np.float64]
    orientation_angle: NDArray[np.float64]
    frequency: NDArray[np.float64]
    centre_surround: NDArray[np.float64]
    dc_share: NDArray[np.float64]
    smoothness: NDArray[np.float64]
    gabor_r2: NDArray[np.float64]
    dog_r2: NDArray[np.float64]
    rank_one: NDArray[np.float64]

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Which filters are neither zero nor constant nor NaN, (o,)."""
        return np.asarray(self.kind == FilterKind.ALIVE, dtype=bool)

    def bank_mean(self) -> dict[str, float]:
        """The mean of each score over the filters that are alive, by name; NaN if none is.

        A filter counts by its energy, for two reasons: one that training hardly touched is small and near its
        random start; and the energy-weighted mean spectrum is what `rotated_banks` leaves as it is.
        """
        weights = np.where(self.alive, self.energy, 0.0)
        if not self.alive.any():
            return dict.fromkeys(SCORES, float("nan"))
        return {name: float(np.average(getattr(self, name), weights=weights)) for name in SCORES}


SCORES = tuple(
    field.name for field in fields(FilterScores) if field.name not in ("kind", "energy", "orientation_angle")
)
"""The names of the scores, in their order."""

FORM_SCORES = ("orientation", "gabor_r2", "dog_r2", "rank_one")
"""The scores whose mean `rotated_banks` does not leave as it is: they can tell form from correlation."""


def score_filters(kernel: ArrayLike) -> FilterScores:
    """Score every filter of a kernel.

    With w the filter, w' = w - mean(w), and P(f) the power spectrum of w' (padded with zeros to 32×32), f its
    frequency in cycles a pixel at angle φ:

        orientation        |Σ P e^{2iφ}| / Σ P               0: all orientations alike, 1: one grating
        frequency          Σ P |f| / Σ P
        centre_surround    Σ (mean of w' at each distance from the middle)² / Σ w'²
        dc_share           n·mean(w)² / Σ w²
        smoothness         Σ w'_a w'_b / √(Σ w'_a² Σ w'_b²)   over neighbours a, b in rows and columns
        gabor_r2, dog_r2   see `analysis.fits`
        rank_one           σ₁² / Σ σ_k²                        of the matrix w

    Of several input channels a filter's spatial pattern is the one that explains most of its energy when every
    channel has a multiple of it (the first left singular vector of (h·w) × c, with its singular value as size).

    What they can't tell: that a score is *because* of learning. Random filters have scores too, and 5×5 weights
    reach high ones by chance; compare with `rotated_banks` and with the filters' own start.

    Args:
        kernel: (h, w, c, o).

    Returns:
        The scores. A filter of zeros, of one value, or with NaN is told by its kind; scores that it cannot have
        are 0.

    Raises:
        BadInput: the kernel has not four axes, or fewer than two rows or columns.

    Source:
        Orientation as 1 - circular variance: Ringach, Shapley & Hawken (2002), Orientation selectivity in macaque V1.
    """
    weights = np.asarray(kernel, dtype=np.float64)
    if weights.ndim != 4 or min(weights.shape[:2]) < 2:
        raise BadInput(
            _(
                "The form of a filter can be scored from 2×2 weights on, in four axes (rows, columns, "
                "channels, filters); received shape {shape}.",
                shape=weights.shape,
            )
        )
    finite = np.atleast_1d(np.isfinite(weights).all(axis=(0, 1, 2)))
    patterns = spatial_patterns(np.where(finite, weights, 0.0))
    return _scored(patterns, _kinds(patterns, finite))


def bank_means(banks: ArrayLike) -> list[dict[str, float]]:
    """`FilterScores.bank_mean` of many banks (n, h, w, c, o), scored at once: much quicker than one by one.

    Raises:
        BadInput: as `score_filters`.
    """
    kernels = np.asarray(banks, dtype=np.float64)
    n, *size, o = kernels.shape
    scores = score_filters(np.moveaxis(kernels, 0, -2).reshape(*size, n * o))
    parts = range(0, n * o, o)
    return [
        FilterScores(**{name: value[at : at + o] for name, value in vars(scores).items()}).bank_mean()
        for at in parts
    ]


def spatial_patterns(kernel: ArrayLike) -> NDArray[np.float64]:
    """The spatial pattern of each filter, float64 (h, w, o): the filter itself where there is one channel.

    Of several channels, the first left singular vector of the filter as (h·w) × c, times its singular value,
    with the sign of the channel in which it is strongest.
    """
    weights = np.asarray(kernel, dtype=np.float64)
    h, w, c, o = weights.shape
    if c == 1:
        return weights[:, :, 0]
    left, sizes, right = np.linalg.svd(
        weights.transpose(3, 0, 1, 2).reshape(o, h * w, c), full_matrices=False
    )
    strongest = np.abs(right[:, 0]).argmax(axis=1)
    sign = np.where(right[np.arange(o), 0, strongest] < 0, -1.0, 1.0)
    return (left[:, :, 0] * (sizes[:, 0] * sign)[:, None]).T.reshape(h, w, o)


def _kinds(patterns: NDArray[np.float64], finite: NDArray[np.bool_]) -> NDArray[np.object_]:
    sizes = np.abs(patterns).max(axis=(0, 1))
    constant = np.ptp(patterns, axis=(0, 1)) <= 1e-7 * sizes
    kinds = np.full(patterns.shape[-1], FilterKind.ALIVE, dtype=object)
    kinds[constant] = FilterKind.CONSTANT
    kinds[sizes == 0] = FilterKind.ZERO
    kinds[~finite] = FilterKind.NOT_FINITE
    return kinds


def _scored(patterns: NDArray[np.float64], kinds: NDArray[np.object_]) -> FilterScores:
    varying = kinds == FilterKind.ALIVE
    energy = np.square(patterns).sum(axis=(0, 1))
    centred = np.where(varying, patterns - patterns.mean(axis=(0, 1)), 0.0)
    variation = np.square(centred).sum(axis=(0, 1))
    orientation, angle, frequency = _spectral(centred)
    singular = np.square(np.linalg.svd(np.moveaxis(patterns, 2, 0), compute_uv=False))
    return FilterScores(
        kind=kinds,
        energy=energy,
        orientation=orientation,
        orientation_angle=angle,
        frequency=frequency,
        centre_surround=_share(_radial_energy(centred), variation),
        dc_share=_share(energy - np.square(patterns - patterns.mean(axis=(0, 1))).sum(axis=(0, 1)), energy),
        smoothness=_smoothness(centred),
        gabor_r2=fit_gabors(patterns).r2,
        dog_r2=fit_differences_of_gaussians(patterns).r2,
        rank_one=_share(singular[:, 0], singular.sum(axis=1)),
    )


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)


def _spectral(centred: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Orientation selectivity, preferred angle, mean frequency of (h, w, o)."""
    side = max(_PADDED, *centred.shape[:2])
    power = np.square(np.abs(np.fft.fft2(centred, s=(side, side), axes=(0, 1))))
    fy, fx = np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side), indexing="ij")
    total = power.sum(axis=(0, 1))
    resultant = (power * np.exp(2j * np.arctan2(fy, fx))[..., None]).sum(axis=(0, 1))
    frequency = (power * np.hypot(fx, fy)[..., None]).sum(axis=(0, 1))
    return _share(np.abs(resultant), total), np.angle(resultant) / 2 % np.pi, _share(frequency, total)


def _radial_energy(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    """Energy of the filters' means at each distance from the middle, (o,)."""
    h, w, o = centred.shape
    y, x = np.mgrid[:h, :w]
    distance = np.square(2 * y - h + 1) + np.square(2 * x - w + 1)  # whole numbers: equal ones are equal
    flat, energy = centred.reshape(-1, o), np.zeros(o)
    for radius in np.unique(distance):
        ring = flat[(distance == radius).ravel()]
        energy += len(ring) * np.square(ring.mean(axis=0))
    return energy


def _smoothness(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    pairs = ((centred[:-1], centred[1:]), (centred[:, :-1], centred[:, 1:]))
    product = sum((a * b).sum(axis=(0, 1)) for a, b in pairs)
    first = sum(np.square(a).sum(axis=(0, 1)) for a, _b in pairs)
    second = sum(np.square(b).sum(axis=(0, 1)) for _a, b in pairs)
    return _share(np.asarray(product), np.sqrt(np.asarray(first) * np.asarray(second)))


def orientation_along(kernel: ArrayLike, axis: complex) -> float:
    """How far the filters vary along an axis, rather than across it: their mean orientation, -1 to 1.

        Re(z · conj(axis)) / |axis|,    z = Σ_o Σ_f P_o(f) e^{2iφ} / Σ_o Σ_f P_o(f)

    1 if all variation is along the axis, -1 if all is at right angles to it; turning all filters by 90° changes
    its sign.

    Args:
        kernel: (h, w, c, o).
        axis: the axis' double-angle vector e^{2iφ} times any size, as `mean_orientation` gives it.
    """
    return float((mean_orientation(kernel) * np.conj(axis)).real / max(abs(axis), 1e-300))


def mean_orientation(kernel: ArrayLike) -> complex:
    """The filters' mean double-angle vector z of `orientation_along`; 0 where nothing varies."""
    weights = np.asarray(kernel, dtype=np.float64)
    patterns = weights.reshape(*weights.shape[:2], -1)
    centred = patterns - patterns.mean(axis=(0, 1))
    orientation, angle, _frequency = _spectral(centred)
    energy = np.square(centred).sum(axis=(0, 1))
    return complex((energy * orientation * np.exp(2j * angle)).sum() / max(energy.sum(), 1e-300))


def rotated_banks(kernel: ArrayLike, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Noise with the second-order statistics of a bank of filters: its filters mixed by random rotations.

        W̃ = W Q,    W (h·w·c, o) the filters as columns, Q (o, o) orthogonal, uniformly distributed

    W̃ W̃ᵀ = W Wᵀ: the same power spectrum, the same correlations between all weights, exactly; phases are random.
    If the filters were Gaussian noise, W̃ would be distributed as W is, so a score of W beyond the scores of many W̃
    tells of form that correlations do not explain.

    Args:
        kernel: (h, w, c, o).
        n: how many banks.
        rng: of the rotations.

    Returns:
        float64 (n, h, w, c, o).

    Source:
        Rotation tests: Langsrud (2005), Rotation tests, Statistics and Computing 15.
    """
    from scipy.stats import ortho_group

    weights = np.asarray(kernel, dtype=np.float64)
    o = weights.shape[-1]
    mixing = ortho_group.rvs(o, size=n, random_state=rng) if o > 1 else rng.choice([-1.0, 1.0], (n, 1, 1))
    return (weights.reshape(-1, o) @ mixing.reshape(n, o, o)).reshape(n, *weights.shape)
