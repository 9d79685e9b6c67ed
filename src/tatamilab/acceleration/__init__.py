"""Keras's `fit`, `evaluate` and `predict`, run by the engine wherever it applies, by Keras everywhere else.

    import tatamilab
    tatamilab.accelerate()      # from here on; the code that follows stays as it is

seam        the one place where Keras is patched
internals   what is used of Keras that isn't public
scope       what can't be given to the engine, and why
looking     which callbacks look into an epoch
sampled     the mark of a callback that is content with some batches
programs    the compiled programs of each model
exchange    weights, optimizer and metrics, between Keras's variables and a program
fitting     `fit`, as Keras's JAX trainer does it
inference   `evaluate` and `predict`
outcome     who did the last call on a model, and why

The package is not called "accelerate", so that `tatamilab.accelerate` is the function and nothing else.
"""

from tatamilab.acceleration.outcome import plan_of, reason, status
from tatamilab.acceleration.sampled import Sampled
from tatamilab.acceleration.seam import accelerate, accelerated, restore, suspended

__all__ = [
    "Sampled",
    "accelerate",
    "accelerated",
    "plan_of",
    "reason",
    "restore",
    "status",
    "suspended",
]
