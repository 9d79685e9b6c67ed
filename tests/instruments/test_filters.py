from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib.figure import Figure

from tatamilab import i18n
from tatamilab.instruments import describe_filters, plot_filters
from tatamilab.instruments.model_facts import conv_layer, kernel_of

if TYPE_CHECKING:
    import keras

Models = dict[str, "keras.Model"]
CASES = [("cnn", 0), ("functional", "stem"), ("functional", 1), ("deep", "first"), ("deep", -1)]


def panels(fig: Figure) -> list[np.ma.MaskedArray]:
    """What the filter panels hold; the colour bar is left out."""
    return [ax.images[0] for ax in fig.axes if ax.images]


def texts(fig: Figure) -> str:
    titles = [ax.get_title(loc) for ax in fig.axes for loc in ("left", "right")]
    return "\n".join([*(text.get_text() for text in fig.texts), *titles])


@pytest.mark.parametrize(("name", "layer"), CASES)
@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_three_panels_on_one_symmetric_scale(models: Models, name: str, layer: int | str, lang: str) -> None:
    after = kernel_of(conv_layer(models[name], layer))
    before = np.random.default_rng(1).normal(0, 0.3, after.shape)
    with i18n.using(lang):
        fig = plot_filters(models[name], layer, before=before)
        fig.canvas.draw()
    images = panels(fig)
    assert len(images) == 3
    (limits,) = {image.get_clim() for image in images}
    assert limits[0] == -limits[1]
    shown = [image.get_array().compressed() for image in images]
    assert limits[1] == max(np.abs(values).max() for values in shown)
    assert len({image.cmap.name for image in images}) == 1
    assert np.allclose(np.sort(shown[1] - shown[0]), np.sort(shown[2]))


@pytest.mark.parametrize(("name", "layer"), CASES[:2] + CASES[3:4])
def test_every_weight_of_few_channels_is_drawn_once(models: Models, name: str, layer: int | str) -> None:
    kernel = kernel_of(conv_layer(models[name], layer))
    (image,) = panels(plot_filters(models[name], layer))
    assert np.array_equal(np.sort(image.get_array().compressed()), np.sort(kernel.astype(float).ravel()))


def test_first_filter_stands_upright_at_the_top_left(models: Models) -> None:
    (image,) = panels(plot_filters(models["cnn"]))
    kernel = kernel_of(conv_layer(models["cnn"], 0))
    assert np.array_equal(image.get_array()[:5, :5], kernel[:, :, 0, 0])
    assert np.array_equal(image.get_array()[:5, 6:11], kernel[:, :, 0, 1])


def test_of_many_channels_the_strongest_is_shown_and_said(models: Models) -> None:
    kernel = kernel_of(conv_layer(models["deep"], "wide")).astype(float)
    with i18n.using("en"):
        fig = plot_filters(models["deep"], "wide", before=np.zeros(kernel.shape))
    assert "Of 16 input channels each filter shows the one in which it is strongest" in texts(fig)
    strongest = np.square(kernel).sum(axis=(0, 1)).argmax(axis=0)
    first = panels(fig)[1].get_array()[:7, :7]
    assert np.array_equal(first, kernel[:, :, strongest[0], 0])


def test_channels_of_a_colour_image_are_shown_apart(models: Models) -> None:
    with i18n.using("en"):
        fig = plot_filters(models["deep"], "first")
    written = [text.get_text() for text in fig.axes[0].texts]
    assert written == ["channel 0", "channel 1", "channel 2"]


def test_before_may_be_a_model(models: Models) -> None:
    same = plot_filters(models["cnn"], before=models["cnn"])
    assert not panels(same)[2].get_array().compressed().any()


def test_weights_that_are_not_finite_are_told(models: Models) -> None:
    before = np.zeros((5, 5, 1, 32))
    before[0, 0, 0, 3] = np.nan
    with i18n.using("en"):
        fig = plot_filters(models["cnn"], before=before)
        fig.canvas.draw()
    assert "filters with NaN or infinity: 1" in texts(fig)
    assert np.isfinite(panels(fig)[0].get_clim()).all()


def test_draws_into_a_given_figure(models: Models) -> None:
    fig = Figure(figsize=(5, 2))
    assert plot_filters(models["cnn"], fig=fig) is fig
    assert fig.get_size_inches().tolist() == [5, 2]
    half = Figure(figsize=(9, 6)).subfigures(2, 1)[0]
    assert plot_filters(models["cnn"], fig=half) is half


def test_description_gives_the_norms(models: Models) -> None:
    kernel = kernel_of(conv_layer(models["cnn"], 0))
    norm = np.sqrt((kernel.astype(float) ** 2).sum(axis=(0, 1, 2))).mean()
    layer = conv_layer(models["cnn"], 0)
    low, high = np.min(layer.bias), np.max(layer.bias)
    with i18n.using("en"):
        assert describe_filters(models["cnn"]) == (
            f"32 filters of {layer.name!r}, 5×5×1. Filters: mean norm {norm:.2f}. "
            f"The biases lie between {low:+.2f} and {high:+.2f}."
        )
    with i18n.using("ja"):
        assert describe_filters(models["cnn"]) == (
            f"{layer.name!r} のフィルタ 32 個、5×5×1。フィルタ: ノルムの平均 {norm:.2f}。"
            f"バイアスは {low:+.2f} から {high:+.2f} まで。"
        )


def test_filters_are_ordered_by_what_is_asked(models: Models) -> None:
    after = kernel_of(conv_layer(models["cnn"], 0)).astype(float)
    before = np.random.default_rng(1).normal(0, 0.1, after.shape)
    size = np.sqrt((after**2).sum(axis=(0, 1, 2)))
    change = np.sqrt(((after - before) ** 2).sum(axis=(0, 1, 2)))
    alike = (after * before).sum(axis=(0, 1, 2)) / size / np.sqrt((before**2).sum(axis=(0, 1, 2)))
    for order, first in (
        ("norm", size.argmax()),
        ("change", change.argmax()),
        ("similarity", alike.argmin()),
    ):
        shown = panels(plot_filters(models["cnn"], before=before, order=order))[1].get_array()[:5, :5]
        assert np.array_equal(shown, after[:, :, 0, first])


def test_refuses_an_order_that_it_cannot_make(models: Models, refused: Callable[..., None]) -> None:
    refused(
        lambda: plot_filters(models["cnn"], order="change"),
        en="Filters can be ordered by number, norm, change, similarity, and by change or similarity only with their "
        "start; received 'change'.",
        ja="フィルタの並べ方は number, norm, change, similarity で、change と similarity は初期値があるときだけ使えます"
        "（'change' が渡されました）。",
    )


def test_refuses_a_layer_that_is_not_there(models: Models, refused: Callable[..., None]) -> None:
    for layer in (2, "dense"):
        refused(
            lambda layer=layer: plot_filters(models["functional"], layer),
            en=f"The model 'chain' has no convolution layer {layer!r}; "
            "choose one of 0 ('stem'), 1 ('second').",
            ja=f"モデル 'chain' に畳み込み層 {layer!r} はないため、次から選んでください："
            "0 ('stem'), 1 ('second')。",
        )


def test_refuses_a_model_without_convolution(models: Models, refused: Callable[..., None]) -> None:
    refused(
        lambda: plot_filters(models["bpnn"]),
        en="Filters can be drawn of convolution layers only; the model 'bpnn' has none.",
        ja="フィルタを描けるのは畳み込み層だけですが、モデル 'bpnn' には畳み込み層がありません。",
    )


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_picture(models: Models, lang: str, same_picture: Callable[..., None]) -> None:
    change = np.random.default_rng(2).normal(0, 0.1, (5, 5, 1, 32))
    with i18n.using(lang):
        fig = plot_filters(
            models["cnn"], before=kernel_of(conv_layer(models["cnn"], 0)) - change * (np.arange(32) < 16)
        )
    fig.texts[0].set_text("32")  # the layer's automatic name depends on what ran before
    same_picture(fig, f"filters-{lang}")
