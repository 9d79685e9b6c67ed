"""Keras's variables, read and set: the one difference between its backends that `exchange` would see."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

Values = list[tuple[Any, np.ndarray]]
"""Variables, each with a value for it."""


def version(variable: Any) -> object:
    """Something that is the same object as long as nobody has set the variable.

    A JAX array never changes, so it is that itself. A TensorFlow variable doesn't tell, and counts as set.
    """
    return variable.value if keras.backend.backend() == "jax" else object()


def number(variable: Any) -> float:
    """The value of a scalar."""
    return float(np.asarray(variable.value))


def assign(values: Iterable[tuple[Any, np.ndarray]]) -> None:
    """Set variables; on JAX all by one call of it, which takes as long for many as for one."""
    ready = [
        (variable, np.asarray(value, variable.dtype).reshape(variable.shape)) for variable, value in values
    ]
    if keras.backend.backend() != "jax":
        for variable, array in ready:
            variable.assign(array)
        return
    import jax

    arrays = jax.device_put([array for _variable, array in ready])
    for (variable, _array), array in zip(ready, arrays, strict=True):
        variable._direct_assign(array)
