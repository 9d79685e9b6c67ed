from collections.abc import Callable

import numpy as np

from tatamilab.analysis.exciting import NONE, strongest_places


def test_planted_answers_are_found_across_batches_one_an_image() -> None:
    maps = np.zeros((5, 4, 6, 3), np.float32)
    maps[1, 2, 3, 0] = 9
    maps[1, 0, 0, 0] = 8  # of the same image, so not counted
    maps[4, 3, 5, 0] = 7
    maps[2, 1, 1, 2] = 1
    found = strongest_places((maps[start : start + 2] for start in range(0, 5, 2)), k=2)
    assert found.images.tolist() == [[1, 4], [NONE, NONE], [2, NONE]]
    assert found.rows[0].tolist() == [2, 3]
    assert found.columns[0].tolist() == [3, 5]
    assert found.answers.tolist() == [[9, 7], [0, 0], [1, 0]]


def test_batches_do_not_matter() -> None:
    maps = np.random.default_rng(0).random((30, 5, 5, 4))
    whole, parts = strongest_places([maps], k=4), strongest_places(np.array_split(maps, 7), k=4)
    for name, values in vars(whole).items():
        assert np.array_equal(values, getattr(parts, name))


def test_refuses_no_images(refused: Callable[..., None]) -> None:
    refused(
        lambda: strongest_places([np.zeros((0, 3, 3, 2))]),
        en="The strongest answers need at least one image and one place; received 0 images and k=6.",
        ja="最も強い反応を探すには、1枚以上の画像と1か所以上の指定が必要です（画像 0 枚、k=6 が渡されました）。",
    )
