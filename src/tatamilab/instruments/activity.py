"""What the layers of a Keras model make of images."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab import backend
from tatamilab.errors import BadInput, TatamiError
from tatamilab.i18n import _

if TYPE_CHECKING:
    import keras


def as_batch(model: "keras.Model", images: ArrayLike) -> NDArray[np.float32]:
    """Images as the model takes them, float32 (n, rows, columns, channels).

    Args:
        model: a built Keras model.
        images: (n, h, w, c), (h, w, c) or, of one channel, (h, w); uint8 is divided by 255.

    Raises:
        BadInput: another shape than the model's, numbers that are not finite, or floats far outside 0-1.
    """
    given = np.asarray(images)
    expected = tuple(model.input_shape[1:])
    batch = given
    if batch.ndim == len(expected) - 1 and expected[-1] == 1:
        batch = batch[..., None]
    if batch.ndim == len(expected):
        batch = batch[None]
    if batch.shape[1:] != expected or len(batch) == 0:
        raise BadInput(
            _(
                "The model {model!r} takes images of shape {expected}; received shape {shape}.",
                model=model.name,
                expected=expected,
                shape=given.shape,
            )
        )
    numbers = batch.astype(np.float32) / np.float32(255 if batch.dtype == np.uint8 else 1)
    if not np.isfinite(numbers).all() or np.abs(numbers).max() > 100:
        raise BadInput(
            _(
                "Images must hold finite numbers, as the network was trained on (usually 0 to 1); received "
                "values from {low:g} to {high:g}.",
                low=float(numbers.min()),
                high=float(numbers.max()),
            )
        )
    return numbers


def layer_values(
    model: "keras.Model", layers: "list[keras.Layer]", images: NDArray[np.float32], *, inputs: bool = False
) -> list[NDArray[np.float32]]:
    """The outputs of some layers for a few images, or with `inputs` what they read; as Keras computes them.

    Raises:
        BadInput: a layer lies within a model that is itself a layer.
    """
    backend.choose()
    import keras

    try:
        tensors = [layer.input if inputs else layer.output for layer in layers]
        inside = keras.Function(model.inputs, tensors)
    except (ValueError, AttributeError) as problem:
        raise BadInput(
            _(
                "The model {model!r} does not lead from its input to {layer!r}; layers inside a model that is "
                "itself a layer cannot be looked at: look at that model instead.",
                model=model.name,
                layer=layers[-1].name,
            )
        ) from problem
    return [np.asarray(value, dtype=np.float32) for value in inside([images])]


def outputs_for_many(
    model: "keras.Model", images: NDArray[np.float32], layer: "keras.Layer | None" = None
) -> NDArray[np.float32]:
    """The model's output, or a layer's, for many images: by the engine where it applies, else by Keras."""
    backend.choose()
    import keras

    from tatamilab.engine.frontend import lower, weights_of
    from tatamilab.engine.program import Program

    try:
        graph = lower(model)
        program = Program(graph)
        program.set_weights(weights_of(model, graph))
        if layer is None:
            return program.predict(images)
        return program.activation(images, layer.name)
    except TatamiError:
        whole = model if layer is None else keras.Model(model.inputs, layer.output)
        return np.asarray(whole.predict(images, verbose=0), dtype=np.float32)


def hidden_values(model: "keras.Model", images: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the last layer with weights reads, float32 (n, …): the network's last account of each image.

    Args:
        model: a built Keras model, its layers in the order of computation.
        images: (n, h, w, c).

    Raises:
        BadInput: the model has no layer before that one.
    """
    weighted = [number for number, layer in enumerate(model.layers) if layer.weights]
    before = model.layers[weighted[-1] - 1] if weighted and weighted[-1] > 0 else None
    if before is None or type(before).__name__ == "InputLayer":
        raise BadInput(_("The model {model!r} has no hidden layer.", model=model.name))
    return outputs_for_many(model, images, before)
