"""Rows of a store become arrays: one number for each arm, size, draw, initialisation and order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tatamilab.store import RunRow, RunStatus, StudyStore
from tatamilab.study import streams
from tatamilab.study.contrast import Contrast
from tatamilab.study.design import Place, Placed
from tatamilab.study.specification import Study

Scores = NDArray[np.float64]
Key = tuple[int, int, int, int, int]


@dataclass(frozen=True, eq=False)
class Results:
    """The runs of a study that are there.

    Attributes:
        study: what was asked.
        arms: names, in order.
        scores: of the study's measure, 0-1: float64 (arms, sizes, 1 + draws, initialisations, orders); NaN where a
            run is missing, failed or not finite. Draw 0 is the first images, NaN if they were left out.
        validation: accuracy on the validation images, likewise.
        n_finished: runs with numbers.
        n_failed: runs that failed.
        n_non_finite: runs whose loss was not finite; they are counted and left out.
        n_missing: runs that were not done yet.
        elapsed_s: seconds of all runs together.
    """

    study: Study
    arms: tuple[str, ...]
    scores: Scores
    validation: Scores
    n_finished: int
    n_failed: int
    n_non_finite: int
    n_missing: int
    elapsed_s: float

    def arm(self, name: str) -> int:
        """The place of an arm on the first axis."""
        return self.arms.index(name)

    def of_draws(self, arm: str) -> Scores:
        """Mean score of each random draw, seeds averaged: (sizes, draws); NaN where a seed is missing."""
        return self.scores[self.arm(arm), :, 1:].mean(axis=(-2, -1))

    def of_first(self, arm: str) -> Scores:
        """Mean score on the first images (sizes,); NaN where they were left out."""
        return self.scores[self.arm(arm), :, 0].mean(axis=(-2, -1))

    def differences(self, contrast: Contrast, *, validation: bool = False) -> Scores:
        """A contrast of every random draw and seed: (sizes, draws, initialisations, orders)."""
        scores = self.validation if validation else self.scores
        return sum((sign * scores[self.arm(arm), :, 1:] for sign, arm in contrast.terms), np.zeros(()))


def collect(study: Study, runs: Sequence[Placed], rows: Mapping[str, RunRow]) -> Results:
    """Put the rows of a study's runs in their places.

    Args:
        study: what was asked.
        runs: all of its runs.
        rows: those that are there, by key.
    """
    arms = tuple(study.recipes())
    shape = (len(arms), len(study.sizes), 1 + study.draws, study.initialisations, study.orders)
    scores, validation = np.full(shape, np.nan), np.full(shape, np.nan)
    for run in runs:
        row = rows.get(run.key)
        if row is not None and row.status is RunStatus.FINISHED:
            at = _index(study, arms, run.place)
            scores[at] = getattr(row, study.measure)
            validation[at] = row.validation_accuracy
    found = [rows[key] for key in dict.fromkeys(run.key for run in runs) if key in rows]
    statuses = [row.status for row in found]
    return Results(
        study=study,
        arms=arms,
        scores=scores,
        validation=validation,
        n_finished=statuses.count(RunStatus.FINISHED),
        n_failed=statuses.count(RunStatus.FAILED),
        n_non_finite=statuses.count(RunStatus.NON_FINITE),
        n_missing=len({run.key for run in runs}) - len(found),
        elapsed_s=sum(row.elapsed_s or 0.0 for row in found),
    )


def by_image(
    signs: Mapping[str, int],
    size: int,
    runs: Sequence[Placed],
    store: StudyStore,
    truth: NDArray[np.integer],
) -> Scores | None:
    """The sum of arms with signs for every draw and test image, from 1 where an arm is right and 0 where it isn't.

    Args:
        signs: by arm: `{"cnn": 1, "bpnn": -1}` for a difference, `{"cnn": 1}` for an arm alone.
        size: of the samples.
        runs: of the study.
        store: that holds what they predicted.
        truth: labels of the test images (n,).

    Returns:
        float32 (whole draws, images), seeds averaged; None below two whole draws.
    """
    mine = [
        run
        for run in runs
        if run.place.arm in signs and run.place.size == size and run.place.draw != streams.FIRST
    ]
    labels = store.labels(list({run.key for run in mine}))
    by_draw: dict[int, list[Placed]] = {}
    for run in mine:
        by_draw.setdefault(run.place.draw, []).append(run)
    rows = []
    for of_draw in by_draw.values():
        if all(run.key in labels for run in of_draw):
            n_seeds = len(of_draw) // len(signs)
            total = np.zeros(len(truth), np.float32)
            for run in of_draw:
                total += signs[run.place.arm] * (labels[run.key][0] == truth)
            rows.append(total / n_seeds)
    return np.stack(rows) if len(rows) >= 2 else None


def _index(study: Study, arms: tuple[str, ...], place: Place) -> Key:
    return (
        arms.index(place.arm),
        study.sizes.index(place.size),
        place.draw - streams.FIRST,
        place.initialisation,
        place.order,
    )
