from collections.abc import Callable

import numpy as np

from tatamilab.analysis.removal import removal_curves

WORTH = np.array([0.0, 5.0, 1.0, 0.0, 3.0, 0.0, 0.0, 1.0])


def accuracy(mask: np.ndarray) -> float:
    return float(WORTH[mask].sum() / WORTH.sum())


def test_a_score_that_knows_is_above_the_band_and_one_that_lies_below() -> None:
    found = removal_curves(accuracy, {"worth": WORTH, "lies": -WORTH})
    assert found.kept.tolist() == [0, 1, 2, 4, 6, 8]
    assert found.by_score["worth"].tolist() == [0, 0.5, 0.8, 1, 1, 1]
    low, high = found.band
    assert (found.by_score["worth"][1:4] >= high[1:4]).all()
    assert (found.by_score["lies"] <= low).all()
    assert found.at_random.shape == (20, 6)
    assert (found.at_random[:, -1] == 1).all()


def test_fewest_is_from_where_on_nothing_more_is_missing() -> None:
    found = removal_curves(accuracy, {"worth": WORTH})
    assert [found.fewest("worth", loss) for loss in (0.0, 0.25, 1.0)] == [4, 2, 0]


def test_the_order_of_equal_and_missing_scores_is_settled() -> None:
    masks: list[list[int]] = []

    def kept(mask: np.ndarray) -> float:
        masks.append(np.flatnonzero(mask).tolist())
        return 0.0

    removal_curves(kept, {"flat": [1.0, np.nan, 1.0, 2.0]}, n_random=2)
    assert [3] in masks
    assert [0, 2, 3] in masks


def test_refuses_scores_that_do_not_fit(refused: Callable[..., None]) -> None:
    refused(
        lambda: removal_curves(accuracy, {"a": [1.0, 2.0], "b": [1.0]}),
        en="Removing filters needs one number a filter for each score, and at least 2 random orders; received shapes "
        "[(1,), (2,)] and n_random=20.",
        ja="フィルタを取り除くには、指標ごとにフィルタと同じ数の値と、2通り以上のランダムな順序が必要です"
        "（形状 [(1,), (2,)]、n_random=20 が渡されました）。",
    )
