"""Many-dimensional values of a layer, laid out in a plane."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.errors import BadInput
from tatamilab.i18n import _


@dataclass(frozen=True, eq=False)
class PrincipalPlane:
    """The values of a layer along their two principal axes; see `principal_plane`.

    Attributes:
        places: float64 (n, 2), in the values' unit, with mean 0.
        axis_shares: float64 (2,), the share of all variance that lies along each axis.
        between_classes: share of the plane's variance that lies between the classes' means, 0-1.
    """

    places: NDArray[np.float64]
    axis_shares: NDArray[np.float64]
    between_classes: float


def principal_plane(values: ArrayLike, labels: ArrayLike) -> PrincipalPlane:
    """Project values of a layer on the two directions in which they vary most.

        X - x̄ = U S Vᵀ,    places = (X - x̄) [v₁ v₂],    axis_shares = s_k² / Σ s²
        between_classes = Σ_c n_c ‖m_c‖² / Σ_n ‖place_n‖²,    m_c the mean place of class c

    The signs are chosen so that the entry of v_k of largest size is positive.

    What it can't tell: that two classes overlap. They may lie apart along another axis; how much is not shown is
    1 - Σ axis_shares. Distances in the plane are true projections, unlike those of t-SNE or UMAP.

    Args:
        values: (n, d), or (n, …) to be laid out as such; n ≥ 3.
        labels: the classes (n,).

    Raises:
        BadInput: fewer than three images, one label short, or fewer than two values an image.

    Source:
        Pearson (1901), On lines and planes of closest fit; the share between classes is Fisher's (1925) η².
    """
    x = np.asarray(values, dtype=np.float64)
    x = x.reshape(len(x), -1)
    classes = np.asarray(labels)
    if len(x) < 3 or x.shape[1] < 2 or classes.shape != (len(x),):
        raise BadInput(
            _(
                "A plane needs at least 3 images with at least 2 values and a label each; received shapes {values} and "
                "{labels}.",
                values=np.shape(values),
                labels=classes.shape,
            )
        )
    centred = x - x.mean(axis=0)
    _left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    axes = right[:2].T
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)
    places = centred @ axes
    variances = np.square(sizes)
    total, shown = max(float(variances.sum()), 1e-300), max(float(np.square(places).sum()), 1e-300)
    groups = [places[classes == one] for one in np.unique(classes)]
    between = sum(len(group) * float(np.square(group.mean(axis=0)).sum()) for group in groups) / shown
    return PrincipalPlane(places, variances[:2] / total, between)
