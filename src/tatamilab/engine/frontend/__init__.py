"""Keras model → `Graph`, compiled model → `Training`, or `Unsupported(what, why)`: never a wrong answer.

networks      the way through Sequential and functional models
wiring        which layer of a functional model reads what
layers        one rule for each layer that is lowered
calls         what a rule gets: one use of one layer
activations   one row for each activation that Keras names
parameters    the model's weights
training      a compiled model's losses, metrics, optimizers

Models are read through Keras's public interface, so any of its backends will do. Importing this module does
not import Keras; whoever has a model to lower has done so already.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tatamilab.engine.graph import Graph, Shape, Training

if TYPE_CHECKING:
    import keras


def lower(model: "keras.Model") -> Graph:
    """The network that `model` computes, as data.

    Args:
        model: Sequential or functional, with one input and one output, built, float32, channels last.

    Returns:
        A verified graph. Its parameters are `model.weights`, in that order.

    Raises:
        Unsupported: the first layer that the engine cannot compute, and why.

    Example:
        >>> from tatamilab.models import worksheet_cnn
        >>> [type(node).__name__ for node in lower(worksheet_cnn()).nodes]
        ['Input', 'Conv2D', 'Activation', 'Pool2D', 'Reshape', 'Dense', 'Activation', 'Dense', 'Softmax']
    """
    from tatamilab.engine.frontend import networks

    return networks.lower(model)


def lower_training(model: "keras.Model", label_shape: Shape | None = None) -> Training:
    """The loss, metrics and optimizer that `model` was compiled with, as data.

    Args:
        model: compiled; `lower` accepts it.
        label_shape: shape of one image's label: `()` for a class number, `(10,)` for a one-hot row. Keras
            decides by it which accuracy "accuracy" means; without it, the loss decides.

    Raises:
        Unsupported: the first part of the training that the engine cannot compute, and why.

    Example:
        >>> from tatamilab.models import worksheet_cnn
        >>> model = worksheet_cnn()
        >>> model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        >>> lower_training(model).metrics
        (Metric(kind='sparse_accuracy', name='accuracy', k=1, threshold=0.5),)
    """
    from tatamilab.engine.frontend import training

    return training.lower(model, label_shape)


def weights_of(model: "keras.Model", graph: Graph) -> dict[str, np.ndarray]:
    """The model's weights now, float32, by parameter name and in the graph's shapes; copies."""
    return {
        parameter.name: np.array(value, dtype=np.float32).reshape(parameter.shape)
        for parameter, value in zip(graph.parameters, model.get_weights(), strict=True)
    }


def set_weights_of(model: "keras.Model", graph: Graph, weights: Mapping[str, np.ndarray]) -> None:
    """Give the model the weights that `weights_of` took, or that the engine trained since."""
    model.set_weights(
        [
            np.reshape(weights[parameter.name], variable.shape)
            for parameter, variable in zip(graph.parameters, model.weights, strict=True)
        ]
    )


def seed_states(model: "keras.Model") -> "list[keras.Variable]":
    """The states of the model's random generators, [seed, counter] as Keras keeps them.

    Keras adds 1 to a counter each time that its dropout layer draws a mask; assign to them to do the same.
    """
    known = {id(variable) for variable in model.weights}
    return [variable for variable in model.variables if id(variable) not in known]
