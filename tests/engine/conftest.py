"""What tests of the engine share."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

from collections.abc import Iterator

import jax
import keras
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _fresh_keras() -> Iterator[None]:
    """Layer names and initial weights don't depend on the tests before; XLA compiles in half the time."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
