from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tatamilab import i18n
from tatamilab.instruments import describe_learning_curves, plot_learning_curves
from tatamilab.instruments.learning_curves import epoch_ticks

EPOCHS = np.arange(12)
HISTORY = {
    "accuracy": list(1 - 0.5 * np.exp(-EPOCHS / 3)),
    "loss": list(2 * np.exp(-EPOCHS / 4)),
    "val_accuracy": list(0.96 - 0.4 * np.exp(-EPOCHS / 2) - 0.002 * EPOCHS),
    "val_loss": list(2 * np.exp(-EPOCHS / 2) + 0.05 * EPOCHS),
}
BEST = int(np.argmax(HISTORY["val_accuracy"])) + 1
LOWEST = int(np.argmin(HISTORY["val_loss"])) + 1


def line(ax: Axes, label: str) -> np.ndarray:
    (found,) = [line for line in ax.lines if line.get_label() == label]
    return found.get_xydata()


def written(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_accuracy_is_left_and_loss_right() -> None:
    with i18n.using("en"):
        fig = plot_learning_curves(HISTORY)
    left, right = fig.axes
    assert (left.get_title("left"), right.get_title("left")) == ("Accuracy", "Loss")
    assert left.get_position().x1 < right.get_position().x0
    assert np.array_equal(line(left, "training")[:, 1], HISTORY["accuracy"])
    assert np.array_equal(line(right, "validation")[:, 1], HISTORY["val_loss"])


def test_epochs_are_whole_and_start_at_1() -> None:
    fig = plot_learning_curves(HISTORY)
    for ax in fig.axes:
        ticks = ax.get_xticks()
        assert ticks[0] == 1
        assert all(tick == int(tick) for tick in ticks)
        assert line(ax, ax.lines[0].get_label())[:, 0].tolist() == list(range(1, 13))


@pytest.mark.parametrize("last", [1, 2, 9, 10, 11, 37, 100, 12_345])
def test_ticks_are_few_and_reach_from_1_to_the_end(last: int) -> None:
    ticks = epoch_ticks(last)
    assert ticks[0] == 1
    assert ticks[-1] <= last
    assert len(ticks) <= 11


def test_best_validation_epoch_of_each_panel_is_ringed_and_written() -> None:
    with i18n.using("en"):
        left, right = plot_learning_curves(HISTORY).axes
    assert 1 < LOWEST < BEST < 12
    assert line(left, "_best")[0].tolist() == [BEST, HISTORY["val_accuracy"][BEST - 1]]
    assert line(right, "_best")[0].tolist() == [LOWEST, HISTORY["val_loss"][LOWEST - 1]]
    assert written(left)[0] == f"best validation: epoch {BEST}, {HISTORY['val_accuracy'][BEST - 1]:.1%}"
    assert written(right)[0] == f"best validation: epoch {LOWEST}, {HISTORY['val_loss'][LOWEST - 1]:.3f}"


@pytest.mark.parametrize("gap", [0.0, 1e-9, 0.01, 0.3])
@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_labels_at_line_ends_never_touch_and_stay_inside(gap: float, lang: str) -> None:
    history = {name: [0.2, 0.5, 0.5 + gap * name.startswith("val")] for name in HISTORY}
    with i18n.using(lang):
        fig = plot_learning_curves(history)
    fig.canvas.draw()
    for ax in fig.axes:
        low, high = (text.get_window_extent() for text in ax.texts[-2:])
        assert not low.overlaps(high)
        for box in (low, high):
            assert fig.bbox.x0 <= box.x0 < box.x1 <= fig.bbox.x1


def test_one_epoch() -> None:
    fig = plot_learning_curves({name: [0.5] for name in HISTORY})
    fig.canvas.draw()
    assert [ax.get_xticks().tolist() for ax in fig.axes] == [[1], [1]]


def test_without_validation_nothing_is_ringed() -> None:
    with i18n.using("en"):
        fig = plot_learning_curves({"loss": [2, 1], "accuracy": [0.5, 0.8]})
    assert [written(ax) for ax in fig.axes] == [["training 80.0%"], ["training 1.000"]]


def test_without_accuracy_the_left_panel_says_so() -> None:
    with i18n.using("en"):
        fig = plot_learning_curves({"loss": [2, 1]})
    assert written(fig.axes[0]) == ["not recorded"]


def test_values_that_are_not_finite_are_told() -> None:
    with i18n.using("en"):
        left, right = plot_learning_curves(
            {"loss": [2, 1, np.nan, np.nan], "accuracy": [0.5, 0.6, 0.1, 0.1]}
        ).axes
    assert written(right) == ["training NaN", "not finite for the first time: epoch 3"]
    assert written(left) == ["training 10.0%"]


def test_description() -> None:
    history = {"loss": [2, 1, 0.5], "accuracy": [0.5, 0.6, 0.7], "val_accuracy": [0.4, 0.6, 0.5]}
    with i18n.using("en"):
        assert describe_learning_curves(history) == (
            "Learning curves of epochs 1 to 3. "
            "Accuracy, training: 50.0% in the first epoch, 70.0% in the last. "
            "Accuracy, validation: 40.0% in the first epoch, 50.0% in the last. "
            "Best validation epoch: 2 (60.0%). Loss, training: 2.000 in the first epoch, 0.500 in the last."
        )
    with i18n.using("ja"):
        assert describe_learning_curves(history) == (
            "3 エポックの学習曲線。正解率（学習）は最初のエポックで 50.0%、最後のエポックで 70.0%。"
            "正解率（検証）は最初のエポックで 40.0%、最後のエポックで 50.0%。"
            "検証が最良のエポックは 2（60.0%）。"
            "誤差（学習）は最初のエポックで 2.000、最後のエポックで 0.500。"
        )


def test_draws_into_a_given_figure() -> None:
    fig = Figure(figsize=(8, 3))
    assert plot_learning_curves(HISTORY, fig=fig) is fig


def test_refuses_a_history_without_loss(refused: Callable[..., None]) -> None:
    refused(
        lambda: plot_learning_curves({"accuracy": [0.5], "lr": [0.1]}),
        en="Learning curves need a history with 'loss'; received the names accuracy, lr.",
        ja="学習曲線を描くには 'loss' を含む学習履歴が必要です（渡された項目：accuracy, lr）。",
    )


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_picture(lang: str, same_picture: Callable[..., None]) -> None:
    with i18n.using(lang):
        same_picture(plot_learning_curves(HISTORY), f"learning-curves-{lang}")
