"""What tests of the engine share."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _fresh_keras() -> None:
    """Layer names and initial weights don't depend on the tests before."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
