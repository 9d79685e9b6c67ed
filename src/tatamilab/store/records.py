"""What a store hands out and takes in: runs and studies, without any SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class RunStatus(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    NON_FINITE = "non-finite"
    FAILED = "failed"


@dataclass(frozen=True)
class RunRow:
    """One run as it is listed.

    Attributes:
        key: SHA-256 of its specification.
        specification: all that decides its numbers.
        status: how it ended.
        error: what went wrong, of a failed run.
        attempts: how often it was tried.
        test_accuracy: share of the test images that were right after the last epoch; None if it failed, or if its
            numbers were not finite. The others likewise.
        validation_accuracy: of the validation images.
        best_epoch: the first epoch with the highest validation accuracy, from 1; None where it was not sought.
        best_epoch_accuracy: share of the test images right after that epoch.
        loss: of the last epoch of training.
        elapsed_s: seconds that it took.
    """

    key: str
    specification: Mapping[str, Any]
    status: RunStatus
    error: str | None = None
    attempts: int = 1
    test_accuracy: float | None = None
    validation_accuracy: float | None = None
    best_epoch: int | None = None
    best_epoch_accuracy: float | None = None
    loss: float | None = None
    elapsed_s: float | None = None


@dataclass(frozen=True)
class StoredStudy:
    """A study as it is listed.

    Attributes:
        id: hash of its specification.
        name: as its author called it.
        specification: as JSON has it.
        created: ISO 8601, UTC.
        n_runs: runs it consists of.
        n_done: those that are over, however they ended.
    """

    id: str
    name: str
    specification: Mapping[str, Any]
    created: str
    n_runs: int
    n_done: int


@dataclass(frozen=True)
class Member:
    """Where a run stands in a study.

    Attributes:
        key: of the run.
        arm: what is trained.
        size: images, validation included.
        draw: number of the sample; -1 for the first images.
        initialisation: number of the initial weights.
        ordering: number of the order of the images.
    """

    key: str
    arm: str
    size: int
    draw: int
    initialisation: int
    ordering: int
