"""A small study."""

import pytest
from small_study import SMALL

from tatamilab.study.specification import Study, make_study


@pytest.fixture
def small() -> Study:
    return make_study("small", SMALL)
