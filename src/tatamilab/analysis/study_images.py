"""What would change with other test images: intervals over runs and images at once.

All runs are scored on the same images, so more runs make the mean of these images surer, and say nothing more about
the next ones.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class TwoWay:
    """A mean over runs and images, both taken as random.

    Attributes:
        mean: in the unit of the scores.
        low: lower end of the interval for new runs on new images.
        high: its upper end.
        confidence: of the interval.
        variance_of_runs: σ²_r, between runs.
        variance_of_images: σ²_i, between images, the same for all runs.
        variance_of_rest: σ²_e, of a run on an image.
        share_of_images: of the variance of the mean, 0-1: what no number of runs takes away.
    """

    mean: float
    low: float
    high: float
    confidence: float
    variance_of_runs: float
    variance_of_images: float
    variance_of_rest: float
    share_of_images: float


def two_way_interval(scores: ArrayLike, confidence: float = 0.95) -> TwoWay:
    """The mean of a table of scores, runs × images, with an interval for new runs on new images.

        x[r,i] = μ + R_r + I_i + e[r,i],    Var(mean) = σ²_r/R + σ²_i/N + σ²_e/(R·N)

    estimated from the mean squares of rows, columns and the rest: (MS_r + MS_i − MS_e)/(R·N), with Satterthwaite's
    degrees of freedom; an estimate below that of the images alone is raised to it. Never narrower than Student's t
    interval over runs on these images, from which few runs with Satterthwaite's degrees of freedom would depart.

    Args:
        scores: (runs, images), for example 1 where right, or the difference of two models.
        confidence: between 0 and 1.

    Source:
        Satterthwaite (1946), An approximate distribution of estimates of variance components; Owen (2007), The
        pigeonhole bootstrap, for why both ways count.

    Example:
        >>> two_way_interval([[1, 0, 1, 1], [1, 0, 0, 1]]).mean
        0.625
    """
    from scipy import stats

    x = np.asarray(scores, dtype=np.float32)
    n_runs, n_images = x.shape
    of_runs = x.mean(axis=1, dtype=np.float64)
    of_images = x.mean(axis=0, dtype=np.float64)
    mean = float(of_runs.mean())
    ms_runs, ms_images, ms_rest = _mean_squares(x, of_runs, of_images, mean)
    cells = n_runs * n_images
    floor = ms_images / cells
    variance = max(ms_runs + ms_images - ms_rest, ms_images) / cells
    parts = ((ms_runs, n_runs - 1), (ms_images, n_images - 1), (ms_rest, (n_runs - 1) * (n_images - 1)))
    spread = sum(ms**2 / df for ms, df in parts if df)
    df = (variance * cells) ** 2 / spread if spread else 1.0
    upper = (1 + confidence) / 2
    on_these = stats.t.ppf(upper, max(n_runs - 1, 1)) * np.sqrt(ms_runs / cells)
    half = float(max(stats.t.ppf(upper, max(df, 1.0)) * np.sqrt(variance), on_these))
    of_image = max(ms_images - ms_rest, 0.0) / n_runs
    return TwoWay(
        mean=mean,
        low=mean - half,
        high=mean + half,
        confidence=confidence,
        variance_of_runs=max(ms_runs - ms_rest, 0.0) / n_images,
        variance_of_images=of_image,
        variance_of_rest=ms_rest,
        share_of_images=min(1.0, of_image / n_images / variance) if floor else 0.0,
    )


def _mean_squares(
    x: NDArray[np.float32], of_runs: NDArray[np.float64], of_images: NDArray[np.float64], mean: float
) -> tuple[float, float, float]:
    n_runs, n_images = x.shape
    total = float(np.square(x, dtype=np.float64).sum()) - n_runs * n_images * mean**2
    ss_runs = n_images * float(np.square(of_runs - mean).sum())
    ss_images = n_runs * float(np.square(of_images - mean).sum())
    rest = max(total - ss_runs - ss_images, 0.0)
    return (
        ss_runs / max(n_runs - 1, 1),
        ss_images / max(n_images - 1, 1),
        rest / max((n_runs - 1) * (n_images - 1), 1),
    )
