from typing import TYPE_CHECKING

import numpy as np
import pytest

from tatamilab import i18n
from tatamilab.instruments.activity import layer_values
from tatamilab.instruments.attribution import (
    attribution_maps,
    describe_attribution,
    plot_attribution,
    randomised,
)

if TYPE_CHECKING:
    import keras


def test_maps_of_a_network_and_of_one_that_learned_nothing(models: dict[str, "keras.Model"]) -> None:
    model = models["cnn"]
    image = np.random.default_rng(0).random((28, 28, 1), dtype=np.float32)
    first, second = (attribution_maps(one, image, 3) for one in (model, randomised(model)))
    assert first.completeness_error < 1e-4
    assert first.grad_cam.shape == (24, 24)
    x = np.stack([image, image * 0])
    (hidden,) = layer_values(model, [model.layers[3]], x)
    logits = hidden @ np.asarray(model.layers[4].kernel) + np.asarray(model.layers[4].bias)
    assert first.integrated.sum() == pytest.approx(logits[0, 3] - logits[1, 3], abs=2e-4)
    maps = {"a": first, "b": second}
    with i18n.using("en"):
        fig = plot_attribution(image, maps)
        fig.canvas.draw()
        assert "b, alike to that: Occlusion" in describe_attribution(maps)
    assert len(fig.axes) == 10
