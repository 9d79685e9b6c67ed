"""What tests of acceleration share."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

from collections.abc import Iterator

import jax
import keras
import pytest

import tatamilab
from tatamilab.data import NormalisedArrays, load


@pytest.fixture(autouse=True)
def _fresh_keras() -> Iterator[None]:
    """Layer names and initial weights don't depend on the tests before; XLA compiles in half the time."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    tatamilab.restore()
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(scope="session")
def mnist() -> NormalisedArrays:
    """The worksheet's small data set: the first 600 training images."""
    return load("mnist", data_size=600).normalised()
