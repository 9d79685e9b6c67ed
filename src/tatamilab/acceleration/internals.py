"""What is used of Keras that isn't public: all of it, in one list.

Beside these imports, of a model: `_assert_compile_called`, `_symbolic_build`, `_should_eval`,
`_flatten_metrics_in_order`, `_flatten_layers`, `_initial_epoch`, `_loss_tracker`, `_compile_metrics`; of an optimizer:
`_learning_rate`, `_trainable_variables`, `_u_product` and the lists of slots named in `exchange`; of a variable:
`_value`, `_direct_assign`; of an adapter: `_inputs`.

Read in Keras 3.15.1: `backend/jax/trainer.py` (`fit`, `evaluate`, `predict`), `trainers/trainer.py`.
"""

from typing import Any

from keras.src.backend.config import is_nnx_enabled, keras_home
from keras.src.backend.jax.trainer import JAXEpochIterator, JAXTrainer
from keras.src.trainers.data_adapters.array_slicing import train_validation_split
from keras.src.trainers.data_adapters.data_adapter_utils import unpack_x_y_sample_weight
from keras.src.utils.python_utils import is_default

__all__ = [
    "JAXEpochIterator",
    "JAXTrainer",
    "is_built",
    "is_default",
    "is_nnx_enabled",
    "keras_home",
    "train_validation_split",
    "unpack_x_y_sample_weight",
]


def is_built(model: Any) -> bool:
    """Whether every layer has its weights, as Keras's trainer asks it."""
    return all(layer.built for layer in model._flatten_layers())
