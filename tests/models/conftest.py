"""Keras, with the backend chosen before its first import."""

from types import ModuleType

import pytest

from tatamilab import backend


@pytest.fixture(scope="session")
def keras() -> ModuleType:
    """The keras module."""
    backend.choose()
    import keras

    return keras
