"""The worksheet's networks, number by number."""

import pytest

from tatamilab.models import bpnn, small_data_cnn, worksheet_cnn


def shapes(model):
    return [layer.output.shape[1:] for layer in model.layers]


def test_worksheet_cnn(keras):
    model = worksheet_cnn()
    assert type(model) is keras.Sequential
    assert shapes(model) == [(24, 24, 32), (12, 12, 32), (4608,), (20,), (10,)]
    assert [layer.count_params() for layer in model.layers] == [832, 0, 0, 92_180, 210]
    assert model.count_params() == 93_222
    assert [getattr(layer, "activation", None) for layer in model.layers] == [
        keras.activations.relu,
        None,
        None,
        keras.activations.relu,
        keras.activations.softmax,
    ]


def test_bpnn():
    assert shapes(bpnn()) == [(784,), (32,), (10,)]
    assert bpnn().count_params() == 25_450


def test_small_data_cnn():
    assert shapes(small_data_cnn())[-2:] == [(128,), (10,)]
    assert small_data_cnn().count_params() == 832 + (4608 + 1) * 128 + 129 * 10


@pytest.mark.parametrize("build", [worksheet_cnn, bpnn])
def test_other_images_and_classes(build):
    model = build((32, 32, 3), 7)
    assert model.input_shape == (None, 32, 32, 3)
    assert model.output_shape == (None, 7)
