"""Whether a network is as sure as it should be."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis.intervals import wilson_interval
from tatamilab.errors import BadInput
from tatamilab.i18n import _

FEWEST_A_BIN = 10
"""With fewer images a bin its share of right answers says nothing."""

_N_DRAWS = 400
"""Simulated sets of answers that show what chance alone does to the calibration error."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """How often answers of a given confidence are right; see `calibration`.

    Attributes:
        n: int64 (bins,), images of each bin, by rising confidence.
        confidence: float64 (bins,), their mean confidence.
        accuracy: float64 (bins,), the share of them that are right.
        low: float64 (bins,), lower end of Wilson's 95% interval of that share.
        high: its upper end.
        error: the expected calibration error, 0-1.
        error_by_chance: what it would be on average if every confidence were right.
        error_by_chance_high: and what it would exceed in 5 of 100 cases.
    """

    n: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    error: float
    error_by_chance: float
    error_by_chance_high: float


def calibration(confidence: ArrayLike, right: ArrayLike, n_bins: int = 10, *, seed: int = 0) -> Calibration:
    """Compare how sure answers are with how often they are right, in bins of equally many images.

        error = Σ_b n_b/n · |a_b - c̄_b|

    with a_b the share of right answers in bin b and c̄_b their mean confidence. The error is biased upwards: |a_b - c̄_b|
    is above 0 by chance even if every confidence is right. By how much is simulated: answers are drawn that are right
    with exactly the stated confidences (`error_by_chance`). Below `error_by_chance_high` nothing is shown.

    Bins hold equally many images rather than equally wide ranges, because nearly all confidences of a trained network
    lie near 1, and wide bins below would hold a handful each. Equal confidences may fall into two bins.

    What it can't tell: whether the other classes' probabilities are right, and how sure the network is of images that
    are unlike its test images. A network can be calibrated and often wrong.

    Args:
        confidence: probability of the predicted class (n,), 0-1.
        right: whether the prediction was right (n,).
        n_bins: at least 1.
        seed: of the simulation.

    Raises:
        BadInput: shapes that differ, a confidence outside 0-1, or fewer than `FEWEST_A_BIN` images a bin.

    Source:
        Guo, Pleiss, Sun & Weinberger (2017), On calibration of modern neural networks, eq. 3; equal-mass bins: Nixon
        et al. (2019), Measuring calibration in deep learning; the simulation: Bröcker & Smith (2007), Increasing the
        reliability of reliability diagrams.
    """
    sure, hit = _checked(confidence, right, n_bins)
    order = np.argsort(sure, kind="stable")
    parts = np.array_split(order, n_bins)
    n = np.array([len(part) for part in parts], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(n)[:-1]])
    mean = np.add.reduceat(sure[order], starts) / n
    counts = np.add.reduceat(hit[order].astype(np.int64), starts)
    intervals = [wilson_interval(int(count), int(size)) for count, size in zip(counts, n, strict=True)]
    drawn = np.random.default_rng(seed).random((_N_DRAWS, len(sure)), dtype=np.float32) < sure[order]
    chance = np.abs(np.add.reduceat(drawn, starts, axis=1, dtype=np.int64) / n - mean) @ n / n.sum()
    return Calibration(
        n=n,
        confidence=mean,
        accuracy=counts / n,
        low=np.array([one.low for one in intervals]),
        high=np.array([one.high for one in intervals]),
        error=float(np.abs(counts / n - mean) @ n / n.sum()),
        error_by_chance=float(chance.mean()),
        error_by_chance_high=float(np.quantile(chance, 0.95)),
    )


def _checked(
    confidence: ArrayLike, right: ArrayLike, n_bins: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    sure, hit = np.asarray(confidence, dtype=np.float64), np.asarray(right, dtype=bool)
    if sure.ndim != 1 or sure.shape != hit.shape:
        raise BadInput(
            _(
                "Calibration needs one confidence and one answer for each image; received shapes {confidence} "
                "and {right}.",
                confidence=sure.shape,
                right=hit.shape,
            )
        )
    if n_bins < 1 or len(sure) < FEWEST_A_BIN * n_bins:
        raise BadInput(
            _(
                "Calibration needs at least 1 bin, and at least {least} images a bin; received {n} images for {bins} "
                "bins.",
                least=FEWEST_A_BIN,
                n=len(sure),
                bins=n_bins,
            )
        )
    if not ((sure >= 0) & (sure <= 1 + 1e-6)).all():
        raise BadInput(
            _(
                "Confidences are probabilities from 0 to 1; received values from {low:g} to {high:g}.",
                low=float(sure.min()),
                high=float(sure.max()),
            )
        )
    return np.minimum(sure, 1.0), hit
