"""Where a layer's filters answer most strongly."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.errors import BadInput
from tatamilab.i18n import _

NONE = -1
"""Marks a place for which no image answers above 0."""


@dataclass(frozen=True, eq=False)
class StrongestPlaces:
    """For each filter the places of its strongest answers, at most one an image, the strongest first.

    Attributes:
        images: int64 (filters, k), positions of the images; `NONE` where a filter answers to no more.
        rows: int64 (filters, k), row in the layer's map.
        columns: int64 (filters, k), its column.
        answers: float64 (filters, k), the values there; 0 where there is none.
    """

    images: NDArray[np.int64]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    answers: NDArray[np.float64]


def strongest_places(maps: Iterable[ArrayLike], k: int = 6) -> StrongestPlaces:
    """Find where each filter answers most strongly over many images.

    One place an image, so that k places are k images and not the same stroke k times.

    What it can't tell: what the filter is *for*, or what it answers to in general. The strongest answers are the
    rarest, and patches with much ink excite most filters: look at what differs between filters, not at what they share.

    Args:
        maps: the layer's output in batches (n, rows, columns, filters), one after the other; only one is held at
            a time.
        k: places a filter, at least 1.

    Raises:
        BadInput: no maps, or k below 1.

    Source:
        Zeiler & Fergus (2014), §4, who show the top nine patches of a filter.
    """
    best: StrongestPlaces | None = None
    first = 0
    for part in maps:
        values = np.asarray(part)
        if len(values) == 0:
            continue
        found = _strongest(values, first, k)
        best = found if best is None else _merged(best, found, k)
        first += len(values)
    if best is None or first == 0 or k < 1:
        raise BadInput(
            _(
                "The strongest answers need at least one image and one place; received {n} images and k={k}.",
                n=first,
                k=k,
            )
        )
    alive = best.answers > 0
    return StrongestPlaces(
        images=np.where(alive, best.images, NONE),
        rows=np.where(alive, best.rows, NONE),
        columns=np.where(alive, best.columns, NONE),
        answers=np.where(alive, best.answers, 0.0),
    )


def _strongest(values: NDArray[np.floating], first: int, k: int) -> StrongestPlaces:
    n, _rows, columns, filters = values.shape
    flat = values.reshape(n, -1, filters)
    place = flat.argmax(axis=1).T
    answer = flat.max(axis=1).T.astype(np.float64)
    images = np.broadcast_to(np.arange(first, first + n), (filters, n))
    return _first(StrongestPlaces(images, place // columns, place % columns, answer), k)


def _merged(a: StrongestPlaces, b: StrongestPlaces, k: int) -> StrongestPlaces:
    pairs = zip(vars(a).values(), vars(b).values(), strict=True)
    return _first(StrongestPlaces(*(np.concatenate(pair, axis=1) for pair in pairs)), k)


def _first(places: StrongestPlaces, k: int) -> StrongestPlaces:
    order = np.argsort(-places.answers, axis=1, kind="stable")[:, :k]
    return StrongestPlaces(*(np.take_along_axis(one, order, 1) for one in vars(places).values()))
