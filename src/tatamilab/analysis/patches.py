"""The patches that a convolution sees, and where filters and their change lie among them."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis.filters import kernel_pair
from tatamilab.errors import BadInput
from tatamilab.i18n import _

N_PATCHES = 50_000
"""Patches from which components are computed unless told otherwise."""


@dataclass(frozen=True)
class PatchComponents:
    """The principal components of patches, by falling variance.

    Attributes:
        components: float64 (d, h, w, c), orthonormal, with d = h·w·c.
        variances: float64 (d,), in squared units of the images.
        n_patches: how many patches they come from.
    """

    components: NDArray[np.float64]
    variances: NDArray[np.float64]
    n_patches: int

    @property
    def size(self) -> tuple[int, int, int]:
        """Rows, columns and channels of a patch."""
        _d, h, w, c = self.components.shape
        return h, w, c


def patch_components(
    images: ArrayLike, size: tuple[int, int], *, n_patches: int = N_PATCHES, seed: int = 0
) -> PatchComponents:
    """The principal components of patches drawn at random from images.

        C = 1/(m-1) Σ_p (x_p - x̄)(x_p - x̄)ᵀ = Σ_k λ_k v_k v_kᵀ,    λ_1 ≥ λ_2 ≥ …

    where x_p is one patch (h·w·c values). All places of all images are equally likely.

    Args:
        images: (n, rows, columns, channels): what the layer reads, images or activations.
        size: rows and columns of a patch.
        n_patches: how many to draw, more than h·w·c.
        seed: of the draw.

    Raises:
        BadInput: images that have not four axes or are smaller than a patch, or too few patches.

    Source:
        Pearson (1901), On lines and planes of closest fit to systems of points in space.
    """
    pictures = np.asarray(images)
    h, w = size
    if pictures.ndim != 4 or 0 in pictures.shape or pictures.shape[1] < h or pictures.shape[2] < w:
        raise BadInput(
            _(
                "Patches of {h}×{w} need images of shape (n, rows, columns, channels) that are at least as "
                "large; received shape {shape}.",
                h=h,
                w=w,
                shape=pictures.shape,
            )
        )
    d = h * w * pictures.shape[3]
    if n_patches <= d:
        raise BadInput(
            _(
                "Principal components of {d} values need more patches than that; received n_patches={n}.",
                d=d,
                n=n_patches,
            )
        )
    drawn = _draw_patches(pictures, h, w, n_patches, np.random.default_rng(seed))
    covariance = np.atleast_2d(np.cov(drawn, rowvar=False))  # of one value, NumPy gives 0-d
    variances, vectors = np.linalg.eigh(covariance)
    components = vectors.T[::-1].reshape(d, h, w, pictures.shape[3])
    return PatchComponents(components, np.maximum(variances[::-1], 0), n_patches)


def _draw_patches(
    pictures: NDArray[np.generic], h: int, w: int, n: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    windows = sliding_window_view(pictures, (h, w), axis=(1, 2))  # n, i, j, c, h, w
    places = [rng.integers(0, length, n) for length in windows.shape[:3]]
    return windows[places[0], places[1], places[2]].transpose(0, 2, 3, 1).reshape(n, -1).astype(np.float64)


def energy_in_components(kernel: ArrayLike, patches: PatchComponents) -> NDArray[np.float64]:
    """The share of the filters' energy that lies in the first k principal components of the patches.

        E_k = Σ_{j≤k} Σ_o ⟨v_j, w_o⟩² / Σ_o ‖w_o‖²

    A gradient step adds a weighted sum of input patches to every filter, so the change of the filters must lie
    where the patches vary. Weights without any preference give E_k = k/d. (How many dimensions the filters *span*
    says nothing: 32 filters span all 25.)

    What it can't tell: why a filter has the form it has within the components; and the energy of a large filter
    counts for more than that of a small one.

    Args:
        kernel: (h, w, c, o), filters or a change of filters.
        patches: components of patches (h, w, c).

    Returns:
        float64 (d + 1,): E_0 = 0 to E_d = 1; NaN throughout for filters that are all 0.

    Raises:
        BadInput: the kernel does not have the patches' size.
    """
    weights = np.asarray(kernel, dtype=np.float64)
    if weights.ndim != 4 or weights.shape[:3] != patches.size:
        raise BadInput(
            _(
                "Filters must have the size of the patches, {size}, to be compared with them; received shape "
                "{shape}.",
                size="×".join(str(n) for n in patches.size),
                shape=weights.shape,
            )
        )
    d = len(patches.components)
    parts = patches.components.reshape(d, d) @ weights.reshape(d, -1)
    energy = np.concatenate([[0.0], np.square(parts).sum(axis=1).cumsum()])
    total = energy[-1]
    return energy / total if total > 0 else np.full(d + 1, np.nan)


def change_energy(before: ArrayLike, after: ArrayLike, patches: PatchComponents) -> NDArray[np.float64]:
    """`energy_in_components` of after - before.

    Raises:
        BadInput: the kernels differ in shape, or do not have the patches' size.
    """
    old, new = kernel_pair(before, after)
    return energy_in_components(new - old, patches)


def neighbour_correlation(kernel: ArrayLike) -> float:
    """How much neighbouring weights of the filters agree: their correlation, pooled over all filters.

        r = Pearson's correlation of all pairs (w[u,v,c,o], w[u+1,v,c,o]) and (w[u,v,c,o], w[u,v+1,c,o])

    Independent weights give about 0, smooth filters up to 1. NaN where the weights do not vary, or filters of
    one weight have no neighbours.

    Example:
        >>> round(neighbour_correlation(np.random.default_rng(0).normal(size=(5, 5, 1, 400))), 1)
        0.0
    """
    weights = np.asarray(kernel, dtype=np.float64)
    first = np.concatenate([weights[:-1].ravel(), weights[:, :-1].ravel()])
    second = np.concatenate([weights[1:].ravel(), weights[:, 1:].ravel()])
    if first.size < 2 or not np.ptp(first) or not np.ptp(second):
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])
