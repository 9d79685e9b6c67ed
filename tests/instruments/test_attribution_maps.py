from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib.figure import Figure

from tatamilab import i18n
from tatamilab.instruments.activity import layer_values
from tatamilab.instruments.attribution import (
    Attribution,
    AttributionMaps,
    describe_attribution,
    plot_attribution,
    randomised,
)

if TYPE_CHECKING:
    import keras

SamePicture = Callable[[Figure, str], None]


def test_maps_of_a_network_and_of_one_that_learned_nothing(models: dict[str, "keras.Model"]) -> None:
    model = models["cnn"]
    image = np.random.default_rng(0).random((28, 28, 1), dtype=np.float32)
    network = Attribution(model)
    first = network.maps(image, 3)
    second = network.maps(image, 3, randomised(model.get_weights()))
    assert first.completeness_error < 1e-4
    assert first.grad_cam.shape == (28, 28)
    x = np.stack([image, image * 0])
    (hidden,) = layer_values(model, [model.layers[3]], x)
    logits = hidden @ np.asarray(model.layers[4].kernel) + np.asarray(model.layers[4].bias)
    assert first.integrated.sum() == pytest.approx(logits[0, 3] - logits[1, 3], abs=2e-4)
    assert not np.allclose(first.gradient, second.gradient)
    again = network.maps(image, 3, model.get_weights())
    assert np.array_equal(first.gradient, again.gradient)


def test_randomised_weights_are_the_same_numbers_elsewhere(models: dict[str, "keras.Model"]) -> None:
    own = models["cnn"].get_weights()
    for weight, shuffled in zip(own, randomised(own), strict=True):
        assert weight.shape == shuffled.shape
        assert np.array_equal(np.sort(weight, axis=None), np.sort(shuffled, axis=None))
    assert not np.array_equal(own[0], randomised(own)[0])


def planted(seed: int) -> AttributionMaps:
    rng = np.random.default_rng(seed)
    occlusion, gradient, integrated, grad_cam = rng.normal(size=(4, 12, 12))
    return AttributionMaps(occlusion, gradient, integrated, 3e-6, grad_cam)


def test_words_never_say_nan() -> None:
    image = np.zeros((12, 12, 1))
    image[3:9, 4:8] = 1
    nothing = replace(planted(1), grad_cam=np.zeros((12, 12)))
    for lang, missing in (("en", "Grad-CAM none, it is constant"), ("ja", "Grad-CAM なし（一様な図）")):
        with i18n.using(lang):
            words = describe_attribution(image, {"a": planted(0), "b": nothing})
            plot_attribution(image, {"a": planted(0), "b": nothing}).canvas.draw()
        assert missing in words
        assert "nan" not in words
        assert "3e-06" in words


def test_a_network_like_itself_is_as_alike_as_can_be() -> None:
    image = np.random.default_rng(0).random((12, 12, 1))
    with i18n.using("en"):
        words = describe_attribution(image, {"a": planted(0), "b": planted(0)})
    assert words.count("+1.00") == 4


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_picture_of_maps(lang: str, same_picture: SamePicture) -> None:
    image = np.zeros((12, 12, 1))
    image[3:9, 4:8] = np.linspace(0.1, 1, 24).reshape(6, 4, 1)
    names = {"en": ("this network", "labels by heart (95%)"), "ja": ("このネットワーク", "丸暗記（95%）")}
    with i18n.using(lang):
        same_picture(
            plot_attribution(image, dict(zip(names[lang], (planted(0), planted(1)), strict=True))),
            f"attribution-{lang}",
        )
