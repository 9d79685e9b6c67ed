from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from tatamilab import i18n
from tatamilab.analysis import select_mistakes
from tatamilab.data import Dataset
from tatamilab.instruments import describe_mistakes, plot_mistakes

Predicted = tuple[np.ndarray, np.ndarray]
TRUTH = np.array([0, 0, 0, 1, 1, 2])
PREDICTION = np.array([1, 2, 0, 1, 0, 2])  # two mistakes of 0, one of 1, none of 2
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 1), dtype=np.uint8)


def written(fig: Figure) -> list[str]:
    return [text.get_text() for text in fig.axes[0].texts]


def test_ten_columns_of_five_real_mistakes(digits: Dataset, predicted: Predicted) -> None:
    prediction, probabilities = predicted
    fig = plot_mistakes(digits.x_test, digits.y_test, prediction, probabilities, seed=7)
    chosen = select_mistakes(digits.y_test, prediction, 10, seed=7).indices
    images = fig.axes[0].images
    assert len(images) == 50
    lefts = sorted({image.get_extent()[0] for image in images})
    assert len(lefts) == 10
    for image in images:
        left, _right, bottom, _top = image.get_extent()
        index = chosen[round(bottom / 1.34 - 0.7), lefts.index(left)]
        assert np.array_equal(image.get_array(), digits.x_test[index, :, :, 0])
        text = f"{digits.y_test[index]} → {prediction[index]}  {probabilities[index].max():.0%}"
        assert text in written(fig)


@pytest.mark.parametrize(("lang", "none"), [("en", "none"), ("ja", "なし")])
def test_empty_places_say_so(lang: str, none: str) -> None:
    with i18n.using(lang):
        fig = plot_mistakes(IMAGES, TRUTH, PREDICTION, rows=2)
        fig.canvas.draw()
    assert len(fig.axes[0].images) == 3
    assert written(fig).count(none) == 3
    assert len(fig.axes[0].patches) == 3


def test_no_mistake_at_all() -> None:
    with i18n.using("en"):
        fig = plot_mistakes(IMAGES, TRUTH, TRUTH)
        fig.canvas.draw()
    assert not fig.axes[0].images
    assert written(fig).count("none") == 15


def test_seed_decides(digits: Dataset, predicted: Predicted) -> None:
    def first(seed: int) -> np.ndarray:
        fig = plot_mistakes(digits.x_test, digits.y_test, predicted[0], rows=1, seed=seed)
        return np.stack([image.get_array() for image in fig.axes[0].images])

    assert np.array_equal(first(1), first(1))
    assert not np.array_equal(first(1), first(2))


@pytest.mark.parametrize("shape", [(6, 8, 8), (6, 8, 8, 1), (6, 8, 8, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_grey_and_colour_of_both_ranges(shape: tuple[int, ...], dtype: type) -> None:
    images = np.random.default_rng(0).random(shape) * (255 if dtype is np.uint8 else 1)
    fig = plot_mistakes(images.astype(dtype), TRUTH, PREDICTION)
    fig.canvas.draw()
    assert len(fig.axes[0].images) == 3
    if shape[-1] != 3:
        assert fig.axes[0].images[0].get_clim() == (0, 255 if dtype is np.uint8 else 1)


def test_probability_of_the_predicted_class_alone() -> None:
    fig = plot_mistakes(IMAGES, TRUTH, PREDICTION, [0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert "0 → 1  50%" in written(fig)
    assert "1 → 0  90%" in written(fig)


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_long_names_stay_within_their_column(lang: str) -> None:
    names = ["ankle boot with laces", "くつひも付きの短いブーツ", "x"]
    with i18n.using(lang):
        fig = plot_mistakes(IMAGES, TRUTH, PREDICTION, class_names=names)
    fig.canvas.draw()
    ax = fig.axes[0]
    captions = [text for text in ax.texts if "→" in text.get_text()][1:]
    assert len(captions) == 3
    for text in captions:
        box = text.get_window_extent().transformed(ax.transData.inverted())
        assert box.width < 1.14


def test_of_many_classes_the_ten_with_most_mistakes_are_shown() -> None:
    truth = np.repeat(np.arange(30), 3)
    prediction = np.where(truth >= 20, 0, truth)
    fig = plot_mistakes(np.zeros((90, 4, 4), np.uint8), truth, prediction)
    assert len(fig.axes[0].images) == 30
    assert [name for name in written(fig) if name.isdigit()] == [str(label) for label in range(20, 30)]


def test_description() -> None:
    with i18n.using("en"):
        assert describe_mistakes(TRUTH, PREDICTION, class_names=["a", "b", "c"]) == (
            "A gallery of wrong predictions: 3 of 6 images. Mistakes by true class: a: 2, b: 1, c: 0."
        )
    with i18n.using("ja"):
        assert describe_mistakes(TRUTH, PREDICTION, class_names=["a", "b", "c"]) == (
            "予測を間違えた画像のギャラリー: 6 枚中 3 枚。正解クラスごとの誤り: a: 2, b: 1, c: 0。"
        )


def test_refuses_images_that_do_not_fit(refused: Callable[..., None]) -> None:
    for images, shape in ((IMAGES[:5], (5, 8, 8, 1)), (np.zeros((6, 8, 8, 2)), (6, 8, 8, 2))):
        refused(
            lambda images=images: plot_mistakes(images, TRUTH, PREDICTION),
            en="The gallery needs one grey or colour image for each label, shape (n, rows, columns, 1 or 3), "
            f"but received shape {shape} for 6 labels.",
            ja="ギャラリーには、ラベル1つにつき1枚のグレースケールまたはカラー画像、"
            "形状 (n, 行, 列, 1 または 3) が必要です"
            f"（ラベル 6 個に対して形状 {shape} が渡されました）。",
        )


def test_refuses_probabilities_that_do_not_fit(refused: Callable[..., None]) -> None:
    refused(
        lambda: plot_mistakes(IMAGES, TRUTH, PREDICTION, np.ones((6, 2))),
        en="Probabilities must have shape (6,) or (6, classes); received (6, 2).",
        ja="確率の形状は (6,) または (6, クラス数) にしてください（(6, 2) が渡されました）。",
    )


def test_picture(digits: Dataset, same_picture: Callable[..., None]) -> None:
    truth = digits.y_test[:60].astype(int)
    prediction = np.where(np.arange(60) % 3 == 0, (truth + 5) % 10, truth)
    sure = np.linspace(0.3, 1, 60)
    with i18n.using("en"):
        fig = plot_mistakes(digits.x_test[:60], truth, prediction, sure, rows=3)
    same_picture(fig, "mistakes-en")
