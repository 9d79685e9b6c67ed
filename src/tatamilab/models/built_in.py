"""The worksheet's networks, as plain `keras.Sequential`: nothing of ours is inside them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tatamilab import backend

if TYPE_CHECKING:
    import keras

Shape = tuple[int, int, int]
MNIST_SHAPE: Shape = (28, 28, 1)


def worksheet_cnn(
    input_shape: Shape = MNIST_SHAPE,
    n_classes: int = 10,
    *,
    filters: int = 32,
    kernel_size: int = 5,
    units: int = 20,
    name: str = "worksheet_cnn",
) -> "keras.Sequential":
    """The worksheet's CNN: Conv2D(32, 5×5, relu) → MaxPooling2D(2) → Flatten → Dense(20, relu) → Dense(10).

    On MNIST: 28×28×1 → 24×24×32 → 12×12×32 → 4608 → 20 → 10, with 832 + 92,180 + 210 = 93,222 parameters.

    Args:
        input_shape: rows, columns, channels of one image.
        n_classes: width of the softmax layer at the end.
        filters: number of filters of the convolution.
        kernel_size: rows and columns of each filter.
        units: width of the hidden dense layer.
        name: name of the model.

    Example:
        >>> worksheet_cnn().count_params()
        93222
    """
    backend.choose()
    import keras

    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Conv2D(filters, kernel_size, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(n_classes, activation="softmax"),
        ],
        name=name,
    )


def small_data_cnn(
    input_shape: Shape = MNIST_SHAPE,
    n_classes: int = 10,
    *,
    filters: int = 32,
    kernel_size: int = 5,
    units: int = 128,
) -> "keras.Sequential":
    """The CNN of task B2-1-2, for 600 samples: the worksheet's, with Dense(128) in place of Dense(20).

    Example:
        >>> small_data_cnn().count_params()
        592074
    """
    return worksheet_cnn(
        input_shape, n_classes, filters=filters, kernel_size=kernel_size, units=units, name="small_data_cnn"
    )


def bpnn(input_shape: Shape = MNIST_SHAPE, n_classes: int = 10, *, units: int = 32) -> "keras.Sequential":
    """The plain three-layer network of the lesson before (B1-2): 784–32–10, ReLU then softmax.

    Example:
        >>> bpnn().count_params()
        25450
    """
    backend.choose()
    import keras

    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(n_classes, activation="softmax"),
        ],
        name="bpnn",
    )


BUILT_IN: dict[str, Callable[..., "keras.Sequential"]] = {
    "cnn": worksheet_cnn,
    "bpnn": bpnn,
    "cnn-small-data": small_data_cnn,
}
"""What `--model` knows by name; each is called with the input shape and the number of classes."""
