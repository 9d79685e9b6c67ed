from collections.abc import Callable

import numpy as np
import pytest

from tatamilab.analysis.occlusion import occlusion_map


def test_covers_find_the_one_pixel_that_counts() -> None:
    image = np.ones((6, 7, 1), np.float32)
    found = occlusion_map(lambda x: 3 * x[:, 2, 4, 0], image, side=3)
    expected = np.zeros((6, 7))
    expected[1:4, 3:6] = 3
    assert np.array_equal(found, expected)
    assert image.min() == 1


def test_what_speaks_against_the_answer_is_negative() -> None:
    assert occlusion_map(lambda x: 1 - x[:, 0, 0, 0], np.ones((5, 5, 1))).min() == -1


def test_places_lie_a_stride_apart_and_many_are_scored_in_parts() -> None:
    sizes: list[int] = []

    def score(images: np.ndarray) -> np.ndarray:
        sizes.append(len(images))
        return images.sum(axis=(1, 2, 3))

    image = np.random.default_rng(0).random((41, 39, 2), dtype=np.float32)
    whole = occlusion_map(score, image, side=1)
    assert whole == pytest.approx(image.sum(axis=2), abs=1e-3)
    assert sizes == [1, 1024, 41 * 39 - 1024]
    some = occlusion_map(score, image, side=1, stride=2)
    assert np.array_equal(some, whole[::2, ::2])


def test_refuses_squares_without_a_middle(refused: Callable[..., None]) -> None:
    def call(**options: int) -> Callable[[], object]:
        return lambda: occlusion_map(lambda x: x.sum(axis=(1, 2, 3)), np.ones((5, 5, 1)), **options)

    refused(
        call(side=4),
        en="The side of the covering square must be odd and at least 1; received 4.",
        ja="覆う正方形の一辺は1以上の奇数にしてください（4 が渡されました）。",
    )
    refused(
        call(stride=0),
        en="The step from one covering square to the next must be at least 1; received 0.",
        ja="覆う正方形をずらす幅は1以上にしてください（0 が渡されました）。",
    )
