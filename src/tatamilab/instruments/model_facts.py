"""What the figures need to know of a Keras model: its layers, their shapes, where parameters come from."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tatamilab import backend
from tatamilab.errors import BadInput
from tatamilab.i18n import _

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Stage:
    """One layer of a chain, or its input.

    Attributes:
        kind: the Keras class, such as "Conv2D"; "Input" for the images themselves.
        call: the layer as one would write it, such as "Conv2D(32, 5×5, relu)".
        shape: of one output, without the batch axis.
        arithmetic: how its parameters come about, such as "5×5×1×32 + 32"; empty if it has none.
        n_parameters: how many parameters it has.
        window: rows and columns of the input that one output sees (convolution, pooling), else None.
        strides: steps of that window.
        same: whether the window is centred on padded edges (`padding="same"`).
    """

    kind: str
    call: str
    shape: tuple[int, ...]
    arithmetic: str = ""
    n_parameters: int = 0
    window: tuple[int, int] | None = None
    strides: tuple[int, int] = (1, 1)
    same: bool = False


def stages(model: "keras.Model") -> list[Stage]:
    """The input and every layer of a model that is one chain, in order; models inside it are opened.

    Raises:
        BadInput: the model is not built, is no chain, or leaves a size open.
    """
    layers = chain(model)
    first = Stage("Input", "Input", _fixed(model.inputs[0].shape, "Input"))
    return [first, *(_stage(layer) for layer in layers)]


def conv_layer(model: "keras.Model", layer: int | str) -> "keras.Layer":
    """The convolution layer of this index among the convolution layers, or of this name.

    Raises:
        BadInput: there is none, or no convolution layer at all; the message names those that exist.
    """
    found = _conv_layers(model)
    if not found:
        raise BadInput(
            _(
                "Filters can be drawn of convolution layers only; the model {model!r} has none.",
                model=model.name,
            )
        )
    if isinstance(layer, str):
        named = [one for one in found if one.name == layer]
        if named:
            return named[0]
    elif -len(found) <= layer < len(found):
        return found[layer]
    raise BadInput(
        _(
            "The model {model!r} has no convolution layer {layer!r}; choose one of {known}.",
            model=model.name,
            layer=layer,
            known=", ".join(f"{number} ({one.name!r})" for number, one in enumerate(found)),
        )
    )


def kernel_of(layer: "keras.Layer") -> NDArray[np.float32]:
    """The filters of a convolution layer as (rows, columns, channels, filters)."""
    weight = getattr(layer, "depthwise_kernel", None)
    weight = layer.kernel if weight is None else weight
    kernel = np.asarray(weight.numpy() if hasattr(weight, "numpy") else weight)
    match type(layer).__name__:
        case "DepthwiseConv2D" | "SeparableConv2D":  # rows, columns, channels, filters of each channel
            return kernel.reshape(*kernel.shape[:2], 1, -1)
        case "Conv2DTranspose":  # rows, columns, filters, channels
            return kernel.transpose(0, 1, 3, 2)
        case "Conv1D":  # steps, channels, filters
            return kernel[None]
    return kernel


def _conv_layers(model: "keras.Model") -> list["keras.Layer"]:
    backend.choose()
    from keras import layers

    kinds = (
        layers.Conv1D,
        layers.Conv2D,
        layers.Conv2DTranspose,
        layers.DepthwiseConv2D,
        layers.SeparableConv2D,
    )
    found = []
    for layer in model.layers:
        if hasattr(layer, "layers"):
            found += _conv_layers(layer)
        elif isinstance(layer, kinds):
            found.append(layer)
    return found


def chain(model: "keras.Model") -> list["keras.Layer"]:
    """The layers of a model that is one chain, in order, its input left out; models inside it are opened.

    Raises:
        BadInput: the model is not built, or is no chain.
    """
    inputs, outputs = _ends(model)
    if len(inputs) != 1 or len(outputs) != 1:
        raise _no_chain(model.name, model.name)
    repeated = _called_twice(model)
    layers: list[keras.Layer] = []
    for layer in model.layers:
        if type(layer).__name__ == "InputLayer":
            continue
        if hasattr(layer, "layers"):
            layers += chain(layer)
            continue
        if isinstance(layer.input, (list, tuple, dict)) or layer.name in repeated:
            raise _no_chain(model.name, layer.name)
        layers.append(layer)
    return layers


def _called_twice(model: "keras.Model") -> set[str]:
    """Names of the layers that a functional model passes through more than once."""
    if not hasattr(model, "operations"):  # a Sequential passes through each layer once
        return set()
    return {layer["name"] for layer in model.get_config()["layers"] if len(layer["inbound_nodes"]) > 1}


def _ends(model: "keras.Model") -> tuple[list[Any], list[Any]]:
    try:
        return list(model.inputs), list(model.outputs)
    except (AttributeError, TypeError, ValueError) as error:
        raise BadInput(
            _(
                "The shapes of the model {model!r} are not known yet; start it with keras.Input(shape).",
                model=model.name,
            )
        ) from error


def _no_chain(model: str, layer: str) -> BadInput:
    return BadInput(
        _(
            "Only a chain of layers can be drawn to scale; the model {model!r} branches at {layer!r}, so use "
            "keras.utils.plot_model.",
            model=model,
            layer=layer,
        )
    )


def _fixed(shape: tuple[int | None, ...], layer: str) -> tuple[int, ...]:
    sizes = shape[1:]
    if None in sizes:
        raise BadInput(
            _(
                "A network can be drawn to scale only if every size is fixed; {layer!r} has shape {shape}.",
                layer=layer,
                shape=shape,
            )
        )
    return tuple(int(size) for size in sizes if size is not None)


def _stage(layer: "keras.Layer") -> Stage:
    kind = type(layer).__name__
    shapes = [tuple(weight.shape) for weight in layer.weights]
    window, strides = window_of(layer)
    return Stage(
        kind,
        f"{kind}({', '.join(_arguments(layer, window, strides))})",
        _fixed(layer.output.shape, layer.name),
        " + ".join("×".join(map(str, shape)) for shape in shapes),
        sum(math.prod(shape) for shape in shapes),
        window,
        strides,
        getattr(layer, "padding", None) == "same",
    )


def window_of(layer: "keras.Layer") -> tuple[tuple[int, int] | None, tuple[int, int]]:
    """Rows and columns of the input that one output sees (None for a layer without a window), and their steps."""
    size = getattr(layer, "pool_size", None) or getattr(layer, "kernel_size", None)
    strides = getattr(layer, "strides", None)
    if size is None or len(tuple(size)) != 2:
        return None, (1, 1)
    return (size[0], size[1]), tuple(strides) if strides else (1, 1)


def _arguments(layer: "keras.Layer", window: tuple[int, int] | None, strides: tuple[int, int]) -> list[str]:
    found = [str(getattr(layer, name)) for name in ("filters", "units", "rate") if hasattr(layer, name)]
    if window:
        found.append(f"{window[0]}×{window[1]}")
        usual = window if hasattr(layer, "pool_size") else (1, 1)
        if strides != usual:
            found.append(f"strides {strides[0]}" if strides[0] == strides[1] else f"strides {strides}")
    if getattr(layer, "padding", "valid") == "same":
        found.append("same")
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    return [*found, *([] if activation == "linear" else [activation])]
