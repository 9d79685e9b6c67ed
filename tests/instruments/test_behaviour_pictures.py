"""Calibration, classes, confused pairs, sure mistakes, exciting patches, planes and removal: numbers and pictures."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib.figure import Figure

from tatamilab import i18n
from tatamilab.analysis import nearest_images, surest_mistakes
from tatamilab.analysis.contrasts import Mean
from tatamilab.analysis.nearest import NearDuplicates
from tatamilab.analysis.removal import RemovalCurves
from tatamilab.data import Dataset
from tatamilab.instruments import (
    describe_calibration,
    describe_class_accuracy,
    describe_embedding,
    describe_exciting_patches,
    describe_how_few,
    describe_near_duplicates,
    exciting_patches,
    plot_activation_maps,
    plot_calibration,
    plot_class_accuracy,
    plot_confused_pairs,
    plot_embedding,
    plot_exciting_patches,
    plot_how_few,
    plot_sure_mistakes,
    style,
)
from tatamilab.instruments.activity import hidden_values, layer_values

if TYPE_CHECKING:
    import keras

Models = dict[str, "keras.Model"]
SamePicture = Callable[[Figure, str], None]
Predicted = tuple[np.ndarray, np.ndarray]


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_picture_of_accuracy(
    digits: Dataset, predicted: Predicted, lang: str, same_picture: SamePicture
) -> None:
    labels, probabilities = predicted
    right = labels == digits.y_test
    fig = style.new_figure(13, 4.4)
    with i18n.using(lang):
        axes = fig.subplots(1, 3)
        plot_calibration(probabilities.max(axis=1), right, ax=axes[0])
        plot_class_accuracy(digits.y_test, labels, ax=axes[1])
        plot_confused_pairs(digits.y_test, labels, ax=axes[2])
        same_picture(fig, f"accuracy-{lang}")


def test_calibration_says_how_large_the_error_is_and_what_it_shows() -> None:
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.5, 1, 4000)
    said = {}
    for name, share in (("as sure", sure), ("surer", sure - 0.2), ("less sure", sure + 0.2)):
        with i18n.using("en"):
            said[name] = describe_calibration(sure, rng.random(4000) < share)
    assert "So it is not shown" in said["as sure"]
    assert "So this network is surer than" in said["surer"]
    assert "So this network is less sure than" in said["less sure"]


def test_words_name_the_least_recognised_class_and_the_most_confused_pair() -> None:
    truth = np.repeat([0, 1], 50)
    labels = truth.copy()
    labels[:10] = 1
    with i18n.using("en"):
        words = describe_class_accuracy(truth, labels, class_names=["cat", "dog"])
    assert words.startswith("Least recognised: cat, 80.0% of 50 images (95% interval 67.0% to 88.8%).")
    assert "cat → dog: 10" in words


def test_pictures_of_a_network_without_mistakes() -> None:
    with i18n.using("en"):
        ax = plot_confused_pairs([0, 1], [0, 1])
        plot_class_accuracy([0, 1], [0, 1])
        plot_calibration(np.ones(20), np.ones(20), 2).figure.canvas.draw()
    assert "none" in [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_picture_of_sure_mistakes(
    digits: Dataset, predicted: Predicted, lang: str, same_picture: SamePicture
) -> None:
    wrong = surest_mistakes(digits.y_test, predicted[1], 4)
    train = digits.x_train[:2000]
    nearest = nearest_images(digits.x_test[wrong], train, 2)
    names = [str(digits.y_train[n]) for n in nearest.indices.ravel()]
    captions = [f"{digits.y_test[n]} → {predicted[0][n]}" for n in wrong]
    with i18n.using(lang):
        same_picture(
            plot_sure_mistakes(digits.x_test[wrong], captions, nearest, train, names), f"sure-mistakes-{lang}"
        )


def test_words_on_near_duplicates() -> None:
    with i18n.using("en"):
        assert describe_near_duplicates(NearDuplicates(0, 0, 0, 0, 0.0, 0, 0)) == "There are no mistakes."
        words = describe_near_duplicates(NearDuplicates(140, 55, 63, 2, 3.25, 200, 199))
    assert (
        "label in 55 cases and the true one in 63; of 200 recognised images it has the true label in 199"
        in words
    )
    assert (
        "2 of the mistakes have a near-duplicate in the training set: a training image nearer than 3.2"
        in words
    )


def test_exciting_patches_excite_the_filter_as_told(models: Models, digits: Dataset) -> None:
    model = models["cnn"]
    images = digits.x_test[:60].astype(np.float32) / 255
    found = exciting_patches(model, images, k=3)
    (maps,) = layer_values(model, [model.layers[0]], images)
    assert found.answers[:, 0] == pytest.approx(maps.max(axis=(0, 1, 2)), abs=1e-5)
    bias = np.asarray(model.layers[0].bias)
    for filter_ in (0, 7, 31):
        for place in range(3):
            answer = (found.patches[filter_, place] * found.kernel[..., filter_]).sum() + bias[filter_]
            assert answer == pytest.approx(found.answers[filter_, place], abs=1e-5)


def test_exciting_patches_of_a_deeper_layer_and_of_colours(models: Models) -> None:
    images = np.random.default_rng(0).random((4, 32, 32, 3), dtype=np.float32)
    found = exciting_patches(models["deep"], images, "wide", k=2)
    assert found.patches.shape == (24, 2, 9, 9, 3)
    found.answers[:] = 1
    found.answers[5] = 0
    with i18n.using("en"):
        plot_exciting_patches(found).canvas.draw()
        assert "No image excites the filters 5." in describe_exciting_patches(found)


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_picture_of_exciting_patches(
    models: Models, digits: Dataset, lang: str, same_picture: SamePicture
) -> None:
    found = exciting_patches(models["cnn"], digits.x_test[:60], k=3)
    with i18n.using(lang):
        same_picture(plot_exciting_patches(found), f"exciting-patches-{lang}")


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_picture_of_planes(lang: str, same_picture: SamePicture) -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 15)
    apart = rng.normal(size=(4, 6))[labels] * 3 + rng.normal(size=(60, 6))
    name = {"en": ("Before", "After"), "ja": ("学習前", "学習後")}[lang]
    values = {name[0]: rng.normal(size=(60, 6)), name[1]: apart}
    with i18n.using(lang):
        same_picture(plot_embedding(values, labels), f"planes-{lang}")
        assert describe_embedding(values, labels).startswith(name[0])


def test_hidden_values_are_what_the_last_layer_reads(models: Models, refused: Callable[..., None]) -> None:
    model = models["cnn"]
    images = np.random.default_rng(0).random((3, 28, 28, 1), dtype=np.float32)
    (expected,) = layer_values(model, [model.layers[-1]], images, inputs=True)
    # sums of 4,608 products, whose sizes add up to hundreds: rounding comes to 1e-5
    assert hidden_values(model, images) == pytest.approx(expected, abs=1e-4)
    import keras

    flat = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)], name="flat")
    refused(
        lambda: hidden_values(flat, np.ones((3, 4), np.float32)),
        en="The model 'flat' has no hidden layer.",
        ja="モデル 'flat' には隠れ層がありません。",
    )


CURVES = RemovalCurves(
    kept=np.array([0, 1, 2, 4, 8]),
    by_score={"norm": np.array([0.1, 0.6, 0.8, 0.95, 0.955])},
    at_random=np.linspace([0.1, 0.2, 0.3, 0.6, 0.955], [0.1, 0.5, 0.7, 0.9, 0.955], 10),
)
RETRAINED = {1: Mean(0.8, 0.7, 0.85), 4: Mean(0.94, 0.93, 0.95), 16: Mean(0.96, 0.95, 0.97)}


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_picture_of_how_few(lang: str, same_picture: SamePicture) -> None:
    with i18n.using(lang):
        same_picture(style.root(plot_how_few(CURVES, RETRAINED)), f"how-few-{lang}")


def test_words_on_how_few() -> None:
    with i18n.using("en"):
        words = describe_how_few(CURVES, RETRAINED)
        plot_how_few(CURVES).figure.canvas.draw()
    assert (
        "With all 8 filters the test accuracy is 95.50%. norm: with 4 kept, no more than 1% is lost." in words
    )
    assert "4: 94.00% (93.00%–95.00%)" in words


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_picture_of_activation_maps(
    models: Models, digits: Dataset, lang: str, same_picture: SamePicture
) -> None:
    with i18n.using(lang):
        fig = plot_activation_maps(models["functional"], np.pad(digits.x_test[0, :, :, 0], ((2, 3), (2, 3))))
        for ax in fig.axes:  # automatic names of layers depend on what ran before
            title = re.sub(r"(average_pooling2d|dense)\w*", r"\1", ax.get_title(loc="left"))
            ax.set_title(title, loc="left", fontproperties=style.font(8.5))
        same_picture(fig, f"activation-maps-{lang}")
