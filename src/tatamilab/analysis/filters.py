"""Numbers about convolution filters: how large they are, how far they moved."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.errors import BadInput
from tatamilab.i18n import _


@dataclass(frozen=True)
class FilterChange:
    """What training did to the filters of one layer. Norms are √Σ w² over rows, columns and channels.

    Attributes:
        norm_before: float64 (o,).
        norm_after: float64 (o,).
        norm_change: float64 (o,), the norm of after - before.
        similarity: float64 (o,), the cosine between before and after; NaN for a filter that is all zero.
    """

    norm_before: NDArray[np.float64]
    norm_after: NDArray[np.float64]
    norm_change: NDArray[np.float64]
    similarity: NDArray[np.float64]


def filter_norms(kernel: ArrayLike) -> NDArray[np.float64]:
    """The norm of each filter of a kernel (h, w, c, o): float64 (o,).

    Example:
        >>> filter_norms(np.ones((2, 2, 1, 3)))
        array([2., 2., 2.])
    """
    weights = _kernel("kernel", kernel)
    return np.sqrt(np.square(weights).sum(axis=(0, 1, 2)))


def filter_change(before: ArrayLike, after: ArrayLike) -> FilterChange:
    """Compare the filters of one layer before and after training.

    Args:
        before: kernel (h, w, c, o).
        after: kernel of the same shape.

    Raises:
        BadInput: a kernel has not four axes, or the shapes differ.
    """
    old, new = kernel_pair(before, after)
    norm_before, norm_after = filter_norms(old), filter_norms(new)
    product = norm_before * norm_after
    dot = (old * new).sum(axis=(0, 1, 2))
    similarity = np.divide(dot, product, out=np.full_like(product, np.nan), where=product > 0)
    return FilterChange(norm_before, norm_after, filter_norms(new - old), similarity)


def symmetric_limit(*arrays: ArrayLike) -> float:
    """The largest |value| in all `arrays`, so that ±limit is one scale for all; 1 if there is none but 0.

    NaN and infinity are passed over.

    Example:
        >>> symmetric_limit([0.2, -0.5], [0.4, float("nan")])
        0.5
    """
    sizes = np.concatenate([np.abs(np.asarray(values, dtype=np.float64)).ravel() for values in arrays])
    finite = sizes[np.isfinite(sizes)]
    return float(finite.max(initial=0.0)) or 1.0


def strongest_channels(kernel: ArrayLike) -> NDArray[np.int64]:
    """For each filter of a kernel (h, w, c, o) the input channel in which its norm is largest: int64 (o,).

    The first such channel on a tie; NaN counts as 0.
    """
    weights = np.nan_to_num(_kernel("kernel", kernel))
    return np.square(weights).sum(axis=(0, 1)).argmax(axis=0)


def kernel_pair(before: ArrayLike, after: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both kernels as float64 (h, w, c, o), checked to be of one shape.

    Raises:
        BadInput: a kernel has not four axes, or the shapes differ.
    """
    old, new = _kernel("before", before), _kernel("after", after)
    if old.shape != new.shape:
        raise BadInput(
            _(
                "Filters before and after must have the same shape; received {before} before and {after} "
                "after, so give the initial weights of the same layer.",
                before=old.shape,
                after=new.shape,
            )
        )
    return old, new


def _kernel(name: str, values: ArrayLike) -> NDArray[np.float64]:
    weights = np.asarray(values, dtype=np.float64)
    if weights.ndim != 4:
        raise BadInput(
            _(
                "Filters must have four axes (rows, columns, channels, filters); {name} has shape {shape}.",
                name=name,
                shape=weights.shape,
            )
        )
    return weights
