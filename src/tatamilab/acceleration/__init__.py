"""Keras's `fit`, `evaluate` and `predict`, run by the engine wherever it applies, by Keras everywhere else.

    import tatamilab
    tatamilab.accelerate()      # from here on; the code that follows stays as it is

seam        the one place where Keras's trainer is patched
switch      whether that is wanted, and which model is left to Keras
internals   what is used of Keras that isn't public
scope       what can't be given to the engine, and why
looking     which callbacks look into an epoch
sampled     the mark of a callback that is content with some batches
programs    the compiled programs of each model
exchange    weights, optimizer and metrics, between Keras's variables and a program
fitting     `fit`, as Keras's JAX trainer does it
inference   `evaluate` and `predict`
stepping    single native steps, in the loop that Keras runs itself
single      `train_on_batch` and its kin
tensorflow_steps  the same on Keras's TensorFlow backend
variables   Keras's variables, read and set
comparing   a model trained both ways
outcome     who did the calls on a model, and why
announcing  the one line that says so
datasets    the second seam: `keras.datasets` looks on this machine first
tensorflow_alias  the third: `tensorflow` in the user's own code, where it isn't installed
scripts     `python -m tatamilab script.py`
notebooks   `tatami notebook run`
extension   `%load_ext tatamilab`

The package is not called "accelerate", so that `tatamilab.accelerate` is the function and nothing else.
"""

from importlib import import_module
from typing import Any

from tatamilab.acceleration.outcome import Stats, plan_of, reason, reset_stats, stats, status
from tatamilab.acceleration.sampled import Sampled
from tatamilab.acceleration.seam import accelerate, accelerated, restore, suspended

__all__ = [
    "Sampled",
    "Stats",
    "accelerate",
    "accelerated",
    "compare",
    "plan_of",
    "reason",
    "reset_stats",
    "restore",
    "stats",
    "status",
    "suspended",
]


def __getattr__(name: str) -> Any:
    """What imports Keras, when it is first asked for."""
    if name == "compare":
        return import_module("tatamilab.acceleration.comparing").compare
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
