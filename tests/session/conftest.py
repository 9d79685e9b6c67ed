"""Small live runs."""

from collections.abc import Callable, Iterator

import pytest

from tatamilab.data import load
from tatamilab.models import worksheet_cnn
from tatamilab.session import LiveRun, Sample


@pytest.fixture(scope="session")
def sample() -> Sample:
    return Sample.of(load("mnist", data_size=600))


@pytest.fixture
def live(sample: Sample) -> Iterator[Callable[..., LiveRun]]:
    """Makes runs of a small network on 600 images, and closes them."""
    runs: list[LiveRun] = []

    def make(**options: object) -> LiveRun:
        run = LiveRun(lambda: worksheet_cnn(filters=4), sample, **{"epochs": 3, **options})  # type: ignore[arg-type]
        runs.append(run)
        return run

    yield make
    for run in runs:
        run.close()
