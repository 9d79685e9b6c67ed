"""Models: the worksheet's networks, and whatever else `--model` names; all of them plain Keras."""

from tatamilab.models.built_in import BUILT_IN, MNIST_SHAPE, Shape, bpnn, small_data_cnn, worksheet_cnn
from tatamilab.models.loading import check_name, load_model

__all__ = [
    "BUILT_IN",
    "MNIST_SHAPE",
    "Shape",
    "bpnn",
    "check_name",
    "load_model",
    "small_data_cnn",
    "worksheet_cnn",
]
