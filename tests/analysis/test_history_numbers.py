import math
from collections.abc import Callable

import pytest

from tatamilab.analysis import best_epoch, best_validation_epoch, n_epochs

Refused = Callable[..., None]


@pytest.mark.parametrize(
    ("values", "largest", "epoch"),
    [
        ([0.9, 0.97, 0.97], True, 2),
        ([0.5, 0.2, 0.3], False, 2),
        ([math.nan, 0.2, 0.3], True, 3),
        ([math.inf, 0.4, math.nan], False, 2),
        ([math.nan, math.nan], True, None),
        ([], True, None),
        ([0.1], False, 1),
    ],
)
def test_best_epoch(values: list[float], largest: bool, epoch: int | None) -> None:
    assert best_epoch(values, largest=largest) == epoch


def test_best_validation_epoch_goes_by_accuracy_then_loss_then_says_none() -> None:
    history = {"loss": [3, 2, 1], "val_loss": [3, 1, 2], "val_accuracy": [0.1, 0.2, 0.3]}
    assert best_validation_epoch(history) == 3
    assert best_validation_epoch({"val_loss": [3, 1, 2]}) == 2
    assert best_validation_epoch({"loss": [3, 1, 2]}) is None


@pytest.mark.parametrize("history", [{}, {"loss": []}, {"loss": [1, 2], "accuracy": [1]}])
def test_refuses_uneven_or_empty_histories(history: dict[str, list[float]], refused: Refused) -> None:
    lengths = {name: len(values) for name, values in history.items()}
    refused(
        lambda: n_epochs(history),
        en="A history must hold the same number of epochs, at least one, in every series; "
        f"received {lengths}.",
        ja=f"学習履歴の各系列は、同じ数（1以上）のエポックを含む必要があります（渡された長さ: {lengths}）。",
    )
