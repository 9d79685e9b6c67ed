"""What tests of acceleration share."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

from collections.abc import Iterator
from typing import Any

import jax
import keras
import pytest

import tatamilab
from tatamilab.data import NormalisedArrays, load

collect_ignore = ["on_tensorflow.py"]
"""A program of its own, for an environment with TensorFlow; to import it is to choose that backend."""


@pytest.fixture(autouse=True)
def _fresh_keras(compiled_once: dict[str, Any]) -> Iterator[None]:
    """Layer names and initial weights don't depend on the tests before; XLA compiles in half the time."""
    keras.utils.clear_session(free_memory=False)  # a collection takes longer than a test
    keras.utils.set_random_seed(0)
    before = {name: jax.config.values[name] for name in compiled_once}
    for name, value in compiled_once.items():
        jax.config.update(name, value)
    yield
    tatamilab.restore()
    for name, value in before.items():
        jax.config.update(name, value)


@pytest.fixture(scope="session")
def compiled_once(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings of JAX under which the steps of one network are compiled in one test only, and in one run only."""
    cache = getattr(pytestconfig, "cache", None)  # none where pytest was told to leave nothing behind
    folder = cache.mkdir("jax") if cache else tmp_path_factory.mktemp("jax")
    return {
        "jax_disable_most_optimizations": True,
        "jax_compilation_cache_dir": str(folder),
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }


@pytest.fixture(scope="session")
def mnist() -> NormalisedArrays:
    """The worksheet's small data set: the first 600 training images."""
    return load("mnist", data_size=600).normalised()
