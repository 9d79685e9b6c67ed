"""A small study."""

import pytest
from small_study import SMALL

from tatamilab.study.places import Local
from tatamilab.study.specification import Study, make_study


@pytest.fixture
def small() -> Study:
    return make_study("small", SMALL)


@pytest.fixture
def weights_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Initial weights are drawn in a process of their own: other tests here tell JAX not to optimise what it compiles,
    and what it compiled then would draw weights that differ in the last bit from those of another process."""
    monkeypatch.setattr(Local, "draws_random_numbers", True)
