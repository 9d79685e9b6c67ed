"""A network in one line, and the built-in models by that line."""

from collections.abc import Sequence

from tatamilab.experiment.record import LayerRecord


def architecture(layers: Sequence[LayerRecord]) -> str:
    """Layers with output shape and number of parameters.

    Example:
        >>> architecture([LayerRecord("dense", "Dense", (10,), 330)])
        'Dense 10 (330)'
    """
    return " → ".join(
        f"{layer.type} {'×'.join(map(str, layer.output_shape))}"
        + (f" ({layer.n_parameters})" if layer.n_parameters else "")
        for layer in layers
        if layer.type != "InputLayer"
    )
