"""How many of a layer's filters a network needs: take them away, the least first, and see what is left."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.errors import BadInput
from tatamilab.i18n import _

Accuracy = Callable[[NDArray[np.bool_]], float]
"""The accuracy, 0-1, of the network with only the filters of a mask (o,) kept."""


@dataclass(frozen=True, eq=False)
class RemovalCurves:
    """The accuracy with so many filters kept.

    Attributes:
        kept: int64 (k,), numbers of filters that are kept, rising.
        by_score: the accuracies float64 (k,) by the score's name; kept are the filters with the largest scores.
        at_random: float64 (r, k), of r random orders.
    """

    kept: NDArray[np.int64]
    by_score: dict[str, NDArray[np.float64]]
    at_random: NDArray[np.float64]

    @property
    def band(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Between which two accuracies 90% of the random orders lie, (k,) each."""
        low, high = np.quantile(self.at_random, [0.05, 0.95], axis=0)
        return low, high

    def named(self, names: Mapping[str, str]) -> "RemovalCurves":
        """The same, with each score called as `names` says."""
        return RemovalCurves(
            self.kept, {names[score]: values for score, values in self.by_score.items()}, self.at_random
        )

    def fewest(self, name: str, loss: float = 0.01) -> int:
        """The fewest filters from which on no more than `loss` of the whole network's accuracy is missing."""
        missing = np.flatnonzero(self.by_score[name][-1] - self.by_score[name] > loss)
        return int(self.kept[missing[-1] + 1]) if len(missing) else 0


def removal_curves(
    accuracy: Accuracy, scores: Mapping[str, ArrayLike], *, n_random: int = 20, seed: int = 0
) -> RemovalCurves:
    """Take a layer's filters away, those with the smallest score first, and in random orders.

    Nothing is trained anew, so it shows what *this* network relies on: one trained with fewer filters from the start
    can do far better. A score is worth something if its curve lies above the band of random orders.

    What it can't tell: what a filter is for. Two alike filters can each be missed, and not both.

    Args:
        accuracy: of a mask of the filters that are kept.
        scores: one number for each filter (o,), by the score's name; the filters with the largest are kept longest.
            Equal scores go by number, those that are no number first.
        n_random: random orders, at least 2.
        seed: of those.

    Raises:
        BadInput: no score, scores of different lengths, or fewer than two random orders.

    Source:
        Removal by the size of the filter: Li et al. (2017), Pruning filters for efficient convnets; the random orders
        as null: Mittal et al. (2018), Recovering from random pruning.
    """
    values = {name: np.asarray(score, dtype=np.float64) for name, score in scores.items()}
    sizes = {score.shape for score in values.values()}
    if len(sizes) != 1 or len(next(iter(sizes))) != 1 or n_random < 2:
        raise BadInput(
            _(
                "Removing filters needs one number a filter for each score, and at least 2 random orders; received "
                "shapes {shapes} and n_random={n}.",
                shapes=sorted(sizes),
                n=n_random,
            )
        )
    (n_filters,) = next(iter(sizes))
    kept = counts(n_filters)
    rng = np.random.default_rng(seed)
    orders = {
        name: np.argsort(-np.nan_to_num(score, nan=-np.inf), kind="stable") for name, score in values.items()
    }
    ends = {n: accuracy(_mask(range(n), n_filters)) for n in (0, n_filters)}  # the same in every order

    def course(order: Sequence[int] | NDArray[np.int64]) -> list[float]:
        return [ends[n] if n in ends else accuracy(_mask(order[:n], n_filters)) for n in kept.tolist()]

    return RemovalCurves(
        kept=kept,
        by_score={name: np.array(course(order)) for name, order in orders.items()},
        at_random=np.array([course(rng.permutation(n_filters)) for _order in range(n_random)]),
    )


def counts(n_filters: int) -> NDArray[np.int64]:
    """The numbers of kept filters that are tried: 0, the powers of two, three quarters, and all.

    Example:
        >>> counts(32).tolist()
        [0, 1, 2, 4, 8, 16, 24, 32]
    """
    powers = [2**k for k in range(n_filters.bit_length()) if 2**k < n_filters]
    return np.array(sorted({0, *powers, 3 * n_filters // 4, n_filters}), dtype=np.int64)


def _mask(order: Sequence[int] | NDArray[np.int64], n_filters: int) -> NDArray[np.bool_]:
    mask = np.zeros(n_filters, dtype=bool)
    mask[list(order)] = True
    return mask
