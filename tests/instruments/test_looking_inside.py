"""The arithmetic of a pixel, maps, where the change lies, scores and controls: their numbers and their pictures."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib.figure import Figure

from tatamilab import i18n
from tatamilab.analysis import paired_difference, patch_components
from tatamilab.analysis.contrasts import Contrast, Mean
from tatamilab.data import Dataset
from tatamilab.instruments import (
    describe_activation_maps,
    describe_controls,
    describe_filter_scores,
    describe_pixel,
    describe_where_change_lies,
    plot_activation_maps,
    plot_controls,
    plot_filter_scores,
    plot_pixel,
    plot_where_change_lies,
)
from tatamilab.instruments.activity import as_batch, layer_values, outputs_for_many
from tatamilab.instruments.model_facts import conv_layer
from tatamilab.instruments.pixel import pixel_facts

if TYPE_CHECKING:
    import keras

Models = dict[str, "keras.Model"]
SamePicture = Callable[[Figure, str], None]
RNG = np.random.default_rng(0)


def image_for(model: "keras.Model") -> np.ndarray:
    return np.random.default_rng(1).random(model.input_shape[1:], dtype=np.float32)


@pytest.mark.parametrize(
    ("name", "layer"),
    [("cnn", 0), ("functional", "stem"), ("functional", 1), ("deep", "first"), ("deep", "wide")],
)
def test_pixel_adds_up_to_the_network_s_number(models: Models, name: str, layer: int | str) -> None:
    model = models[name]
    facts = pixel_facts(model, image_for(model), layer)
    (made,) = layer_values(model, [conv_layer(model, layer)], image_for(model)[None])
    i, j = facts.arithmetic.place
    assert facts.output == made[0, i, j, facts.arithmetic.filter] == made.max()
    own = {"relu": max(facts.arithmetic.linear, 0), "linear": facts.arithmetic.linear}
    own["tanh"] = float(np.tanh(facts.arithmetic.linear))
    assert own[facts.activation] == pytest.approx(facts.output, abs=1e-5)


def test_the_pool_s_winner_is_the_largest_of_its_window(models: Models) -> None:
    model = models["cnn"]
    image = image_for(model)
    conv, pool = model.layers[0], model.layers[1]
    before, after = (value[0] for value in layer_values(model, [conv, pool], image[None]))
    for place in ((0, 0), (7, 12), (23, 22)):
        facts = pixel_facts(model, image, filter=5, place=place)
        assert facts.pool.max() == after[place[0] // 2, place[1] // 2, 5]
        assert facts.pool[facts.position] == before[(*place, 5)]
        assert facts.pool[facts.winner] == facts.pool.max()


def test_pixel_says_that_nothing_is_turned(models: Models) -> None:
    with i18n.using("en"):
        fig = plot_pixel(models["cnn"], image_for(models["cnn"]))
        fig.canvas.draw()
    written = [text.get_text() for ax in fig.axes for text in ax.texts]
    assert "nothing is turned: the layer is a correlation" in written


def test_refuses_what_has_no_arithmetic(models: Models, refused: Callable[..., None]) -> None:
    refused(
        lambda: plot_pixel(models["cnn"], np.zeros((27, 28, 1))),
        en=f"The model {models['cnn'].name!r} takes images of shape (28, 28, 1); received shape (27, 28, 1).",
        ja=f"モデル {models['cnn'].name!r} に入力できるのは形状 (28, 28, 1) の画像です"
        "（形状 (27, 28, 1) が渡されました）。",
    )
    refused(
        lambda: as_batch(models["cnn"], np.full((28, 28), 255.0)),
        en="Images must hold finite numbers, as the network was trained on (usually 0 to 1); received values from 255 "
        "to 255.",
        ja="画像の値は有限で、学習時と同じ範囲（ふつうは0〜1）でなければなりません"
        "（255 から 255 の値が渡されました）。",
    )


def test_bytes_are_scaled_and_a_channel_may_be_left_out(models: Models) -> None:
    image = RNG.integers(0, 256, (28, 28), dtype=np.uint8)
    batch = as_batch(models["cnn"], image)
    assert (batch.shape, batch.dtype) == ((1, 28, 28, 1), np.float32)
    assert np.array_equal(batch[0, :, :, 0], image.astype(np.float32) / np.float32(255))


@pytest.mark.parametrize("name", ["cnn", "functional", "deep", "bpnn"])
def test_maps_hold_the_layers_values(models: Models, name: str) -> None:
    model = models[name]
    image = image_for(model)
    with i18n.using("en"):
        fig = plot_activation_maps(model, image)
        fig.canvas.draw()
        words = describe_activation_maps(model, image)
    silent = ("Flatten", "Dropout", "InputLayer")
    shown = [layer for layer in model.layers if type(layer).__name__ not in silent]
    assert len(fig.axes) == 1 + len(shown)
    (last,) = layer_values(model, [shown[-1]], image[None])
    assert f"{int(last.argmax())} has {last.max():.1%}" in words
    drawn = fig.axes[1].images[0].get_array().compressed()
    (first,) = layer_values(model, [shown[0]], image[None])
    if first.ndim == 4 and first.shape[-1] <= 32:
        assert np.array_equal(np.sort(drawn), np.sort(first.ravel()))


@pytest.mark.parametrize("name", ["cnn", "deep"])
def test_engine_and_keras_give_the_same_for_many(models: Models, name: str) -> None:
    model = models[name]
    images = np.random.default_rng(2).random((5, *model.input_shape[1:]), dtype=np.float32)
    for layer in (None, conv_layer(model, 0)):
        expected = layer_values(model, [layer or model.layers[-1]], images)[0]
        assert outputs_for_many(model, images, layer) == pytest.approx(expected, abs=1e-5)


@pytest.fixture(scope="module")
def kernels(digits: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """A random start, and the same moved along the first two components of the digits' patches."""
    patches = patch_components(digits.x_train[:2000] / np.float32(255), (5, 5))
    start = np.random.default_rng(3).normal(0, 0.1, (5, 5, 1, 32))
    moves = np.random.default_rng(4).normal(0, 0.2, (2, 32))
    return start, start + np.tensordot(patches.components[:2], moves, (0, 0))


def test_a_change_along_the_components_is_seen(
    digits: Dataset, kernels: tuple[np.ndarray, np.ndarray]
) -> None:
    patches = patch_components(digits.x_train[:2000] / np.float32(255), (5, 5))
    with i18n.using("en"):
        words = describe_where_change_lies(*kernels, patches)
        fig = plot_where_change_lies(*kernels, patches)
    assert "The change: 100% of the energy lies there." in words
    lines = {line.get_label(): line.get_ydata() for line in fig.axes[-1].lines}
    assert lines["The change"][2:] == pytest.approx(np.ones(24))
    assert lines["The change"][0] == 0
    assert lines["k/d"] == pytest.approx(np.arange(26) / 25)


@pytest.mark.parametrize(
    ("lang", "said", "drawn"),
    [
        (
            "en",
            "The filters are exactly as they were before training, so there is no change",
            "The change: none",
        ),
        ("ja", "フィルタは学習前とまったく同じで、場所を調べるような変化はありません。", "変化：なし"),
    ],
)
def test_where_nothing_has_changed_that_is_said(
    digits: Dataset, kernels: tuple[np.ndarray, np.ndarray], lang: str, said: str, drawn: str
) -> None:
    patches, start = patch_components(digits.x_train[:2000] / np.float32(255), (5, 5)), kernels[0]
    with i18n.using(lang):
        words = describe_where_change_lies(start, start, patches)
        fig = plot_where_change_lies(start, start, patches)
    texts = [text.get_text() for text in fig.axes[-1].texts]
    assert said in words
    assert drawn in texts
    assert "nan" not in "".join([words, *texts])


def test_filters_of_one_weight_have_no_neighbours_to_speak_of(digits: Dataset) -> None:
    patches = patch_components(digits.x_train[:200] / np.float32(255), (1, 1))
    before = np.random.default_rng(0).normal(size=(1, 1, 1, 4))
    with i18n.using("en"):
        words = describe_where_change_lies(before, 2 * before, patches)
    assert words.endswith("The change: 100% of the energy lies there.")


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_picture_of_where_the_change_lies(
    digits: Dataset, kernels: tuple[np.ndarray, np.ndarray], lang: str, same_picture: SamePicture
) -> None:
    patches = patch_components(digits.x_train[:2000] / np.float32(255), (5, 5))
    steps = np.array([1, 4, 16, 64, 256])
    shares = 0.9 - 0.02 * np.arange(5) + 0.01 * np.arange(3)[:, None]
    with i18n.using(lang):
        fig = plot_where_change_lies(
            *kernels, patches, courses={"A": (steps, shares), "B": (steps, shares - 0.3)}
        )
        same_picture(fig, f"where-change-lies-{lang}")


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_picture_of_scores(
    kernels: tuple[np.ndarray, np.ndarray], lang: str, same_picture: SamePicture
) -> None:
    with i18n.using(lang):
        fig = plot_filter_scores(kernels[1], kernels[0])
        same_picture(fig, f"filter-scores-{lang}")


def test_dead_filters_are_told(kernels: tuple[np.ndarray, np.ndarray]) -> None:
    after = kernels[1].copy()
    after[..., :3] = 0
    with i18n.using("en"):
        assert describe_filter_scores(after).endswith(
            "Filters that are zero, constant or not finite, and not counted: 3."
        )
        plot_filter_scores(np.zeros((5, 5, 1, 4)) + after[..., :4]).canvas.draw()


def contrast(arm: str, difference: float | None) -> Contrast:
    paired = None
    if difference is not None:
        paired = paired_difference(difference + 0.001 * np.arange(10), np.zeros(10))
    mean = Mean(0.98, 0.979, 0.981)
    return Contrast(arm, mean, paired, None if paired is None else paired.p, None, 0.1, {})


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_picture_of_controls(lang: str, same_picture: SamePicture) -> None:
    rows = [contrast("a", None), contrast("b", -0.012), contrast("c", -0.5), contrast("d", 0.0)]
    filters = {row.arm: np.random.default_rng(5).normal(size=(5, 5, 1, 16)) for row in rows}
    titles = (
        {"a": "基準", "b": "B", "c": "C", "d": "D"} if lang == "ja" else {row.arm: row.arm for row in rows}
    )
    with i18n.using(lang):
        fig = plot_controls(rows, titles, filters)
        same_picture(fig, f"controls-{lang}")
        assert "-0.75" in describe_controls(rows, titles)
    assert "◀ -49.5" in [text.get_text() for text in fig.axes[1].texts]


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_picture_of_a_pixel(models: Models, digits: Dataset, lang: str, same_picture: SamePicture) -> None:
    with i18n.using(lang):
        fig = plot_pixel(models["cnn"], digits.x_test[0], filter=3, place=(10, 12))
        assert describe_pixel(models["cnn"], digits.x_test[0], filter=3, place=(10, 12))
    fig.texts[0].set_text("pixel")  # the layer's automatic name depends on what ran before
    for text in fig.axes[-2].texts:
        if "e-" in text.get_text():
            text.set_text("")  # how far rounding goes depends on the machine
    same_picture(fig, f"pixel-{lang}")
