from collections.abc import Callable

import numpy as np

from tatamilab.analysis import NONE, select_mistakes

Refused = Callable[..., None]

TRUTH = np.repeat(np.arange(4), 50)
PREDICTED = TRUTH.copy()
PREDICTED[:2] = 1  # class 0: two mistakes
PREDICTED[50:90] = 0  # class 1: forty
PREDICTED[199] = 2  # class 3: one; class 2: none


def test_fills_each_column_with_what_exists() -> None:
    chosen = select_mistakes(TRUTH, PREDICTED, 4, rows=5)
    assert chosen.indices.shape == (5, 4)
    assert ((chosen.indices != NONE).sum(axis=0) == [2, 5, 0, 1]).all()
    assert chosen.n_mistakes.tolist() == [2, 40, 0, 1]
    assert chosen.n_images.tolist() == [50, 50, 50, 50]
    for label in range(4):
        drawn = chosen.indices[:, label][chosen.indices[:, label] != NONE]
        assert (TRUTH[drawn] == label).all()
        assert (PREDICTED[drawn] != label).all()
        assert len(set(drawn)) == len(drawn)


def test_seed_decides_and_nothing_else_does() -> None:
    first = select_mistakes(TRUTH, PREDICTED, 4, seed=3).indices
    assert np.array_equal(first, select_mistakes(TRUTH, PREDICTED, 4, seed=3).indices)
    assert not np.array_equal(first[:, 1], select_mistakes(TRUTH, PREDICTED, 4, seed=4).indices[:, 1])
    fewer = PREDICTED.copy()
    fewer[:2] = 0  # class 0 is now right; the draw of class 1 must not move
    assert np.array_equal(first[:, 1], select_mistakes(TRUTH, fewer, 4, seed=3).indices[:, 1])


def test_no_mistake_at_all() -> None:
    assert (select_mistakes(TRUTH, TRUTH, 4).indices == NONE).all()


def test_refuses_no_rows(refused: Refused) -> None:
    refused(
        lambda: select_mistakes(TRUTH, PREDICTED, 4, rows=0),
        en="A gallery needs at least one row; received rows=0.",
        ja="ギャラリーには1行以上が必要です（rows=0 が渡されました）。",
    )
