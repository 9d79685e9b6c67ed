from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tatamilab.instruments.activity import layer_values
from tatamilab.instruments.model_facts import conv_layer
from tatamilab.instruments.receptive_field import ReceptiveField, receptive_field

if TYPE_CHECKING:
    import keras

Models = dict[str, "keras.Model"]


@pytest.mark.parametrize(
    ("name", "layer"), [("cnn", 0), ("functional", "stem"), ("functional", "second"), ("deep", "wide")]
)
def test_a_field_holds_the_pixels_that_change_an_output_and_no_others(
    models: Models, name: str, layer: int | str
) -> None:
    """A line of NaN reaches exactly those outputs whose fields it crosses."""
    model = models[name]
    target = conv_layer(model, layer)
    field = receptive_field(model, target)
    h, w, c = model.input_shape[1:]
    images = np.zeros((h + w, h, w, c), np.float32)
    images[np.arange(h), np.arange(h)] = np.nan
    images[np.arange(h, h + w), :, np.arange(w)] = np.nan
    (made,) = layer_values(model, [target], images)
    for axis, part in enumerate((made[:h], made[h:])):
        seen = np.isnan(part).all(axis=(2 - axis, 3))  # (lines, outputs)
        for output in range(seen.shape[1]):
            start = field.start[axis] + output * field.step[axis]
            inside = range(max(start, 0), min(start + field.size[axis], seen.shape[0]))
            assert np.flatnonzero(seen[:, output]).tolist() == list(inside)


def test_a_patch_is_what_lies_there_and_zero_outside() -> None:
    image = np.arange(30.0).reshape(5, 6, 1)
    field = ReceptiveField((3, 4), (2, 2), (-1, -2))
    assert field.patch(image, 1, 2)[..., 0].tolist() == image[1:4, 2:6, 0].tolist()
    corner = field.patch(image, 0, 0)[..., 0]
    assert corner[1:, 2:].tolist() == image[:2, :2, 0].tolist()
    assert (corner[0] == 0).all()
    assert (corner[:, :2] == 0).all()
    assert field.patch(image, 2, 2).shape == (3, 4, 1)


def test_refuses_a_layer_behind_something_else(refused: Callable[..., None]) -> None:
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.UpSampling2D(2, name="larger"), layers.Conv2D(2, 3, name="late")]
    )
    refused(
        lambda: receptive_field(model, model.layers[-1]),
        en="Which pixels 'late' sees is known behind convolutions and pools only; 'larger' (UpSampling2D) lies before "
        "it.",
        ja="'late' がどの画素を見ているかが分かるのは、畳み込みとプーリングだけを通ったときです"
        "（手前に 'larger'（UpSampling2D）があります）。",
    )
