from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from tatamilab import i18n
from tatamilab.analysis import confusion_matrix
from tatamilab.data import Dataset
from tatamilab.instruments import describe_confusion_matrix, plot_confusion_matrix

Predicted = tuple[np.ndarray, np.ndarray]
TRUTH = np.array([0] * 8 + [1] * 4 + [2] * 2)
PREDICTION = np.array([0] * 7 + [1] + [1] * 4 + [0, 2])


def test_cells_show_counts_and_row_percent(digits: Dataset, predicted: Predicted) -> None:
    ax = plot_confusion_matrix(digits.y_test, predicted[0])
    counts = confusion_matrix(digits.y_test, predicted[0], 10)
    written = {}
    for text in ax.texts:
        written.setdefault(text.xy, []).append(text.get_text())
    for (true, pred), count in np.ndenumerate(counts):
        if count:
            assert written[pred, true] == [f"{count:,}", f"{100 * count / counts[true].sum():.1f}%"]
        else:
            assert (pred, true) not in written


def test_errors_are_coloured_and_the_diagonal_is_white(digits: Dataset, predicted: Predicted) -> None:
    ax = plot_confusion_matrix(digits.y_test, predicted[0])
    (image,) = ax.images
    shares = image.get_array()
    assert np.isnan(np.ma.filled(shares, np.nan).diagonal()).all()
    assert image.get_clim() == (0, np.nanmax(np.ma.filled(shares, np.nan)))
    assert len(ax.patches) == 10  # the frames of the diagonal


def test_no_error_at_all_still_has_a_scale() -> None:
    ax = plot_confusion_matrix(TRUTH, TRUTH)
    ax.figure.canvas.draw()
    assert ax.images[0].get_clim() == (0, 1)


@pytest.mark.parametrize(("n_classes", "numbers"), [(1, 2), (12, 2), (13, 1), (30, 1), (31, 0), (100, 0)])
def test_many_classes_show_fewer_numbers(n_classes: int, numbers: int) -> None:
    labels = np.arange(n_classes)
    ax = plot_confusion_matrix(labels, labels)
    ax.figure.canvas.draw()
    assert len(ax.texts) == numbers * n_classes
    assert len(ax.get_xticks()) <= 30


def test_a_class_without_images_has_no_percent() -> None:
    ax = plot_confusion_matrix([0, 0], [0, 1], ["a", "b"])
    assert sorted(text.get_text() for text in ax.texts) == ["0", "1", "1", "50.0%", "50.0%"]


def test_japanese_class_names_render_in_english_too() -> None:
    with i18n.using("en"):
        ax = plot_confusion_matrix(TRUTH, PREDICTION, ["ねこ", "いぬ", "とり"])
        ax.figure.canvas.draw()  # a missing glyph would warn, and warnings are errors
    assert [label.get_text() for label in ax.get_xticklabels()] == ["ねこ", "いぬ", "とり"]


def test_draws_into_given_axes() -> None:
    ax = Figure().add_subplot()
    assert plot_confusion_matrix(TRUTH, PREDICTION, ax=ax) is ax


def test_description() -> None:
    names = ["cat", "dog", "bird"]
    with i18n.using("en"):
        assert describe_confusion_matrix(TRUTH, PREDICTION, names) == (
            "12 of 14 right: 85.7% (95% interval 60.1%–96.0%). cat taken for dog: 1 (12.5% of its images). "
            "bird taken for cat: 1 (50.0% of its images)."
        )
    with i18n.using("ja"):
        assert describe_confusion_matrix(TRUTH, PREDICTION, names) == (
            "14 枚中 12 枚正解: 85.7%（95%信頼区間 60.1%–96.0%）。「cat」を「dog」と誤ったのは 1 枚"
            "（このクラスの 12.5%）。「bird」を「cat」と誤ったのは 1 枚（このクラスの 50.0%）。"
        )


def test_refuses_to_draw_nothing(refused: Callable[..., None]) -> None:
    refused(
        lambda: plot_confusion_matrix([], []),
        en="There is nothing to draw: no image was given.",
        ja="画像が1枚も渡されていないため、描くものがありません。",
    )


def test_refuses_labels_beyond_the_names(refused: Callable[..., None]) -> None:
    refused(
        lambda: plot_confusion_matrix(TRUTH, PREDICTION, ["a", "b"]),
        en="Labels must be whole numbers from 0 to 1; y_true holds 2 at position 12.",
        ja="ラベルは0から 1 までの整数にしてください（y_true の 12 番目が 2 です）。",
    )


def test_picture(digits: Dataset, same_picture: Callable[..., None]) -> None:
    truth = digits.y_test.astype(int)
    prediction = np.where(np.arange(len(truth)) % 17 == 0, (truth * 7 + 3) % 10, truth)
    with i18n.using("ja"):
        same_picture(plot_confusion_matrix(truth, prediction).figure, "confusion-ja")
