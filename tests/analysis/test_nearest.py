from collections.abc import Callable

import numpy as np
import pytest

from tatamilab.analysis.nearest import Nearest, near_duplicates, nearest_images

RNG = np.random.default_rng(0)


def test_a_planted_near_duplicate_is_found_among_many() -> None:
    others = RNG.integers(0, 256, (20_000, 6, 6, 1), dtype=np.uint8)
    images = others[[15_000, 3]].copy()
    images[0, 2, 2, 0] ^= 1
    found = nearest_images(images, others)
    assert found.indices[:, 0].tolist() == [15_000, 3]
    assert found.distances[:, 0] == pytest.approx([1 / 255, 0])
    assert (np.diff(found.distances, axis=1) >= 0).all()


def test_neighbours_are_those_of_every_distance_taken() -> None:
    others, images = RNG.random((300, 4, 3)), RNG.random((7, 4, 3))
    every = np.sqrt(((images[:, None] - others[None]) ** 2).sum(axis=(2, 3)))
    found = nearest_images(images, others, k=5)
    assert np.array_equal(found.indices, every.argsort(axis=1)[:, :5])
    assert found.distances == pytest.approx(np.sort(every, axis=1)[:, :5])


def test_no_image_has_no_neighbour() -> None:
    assert nearest_images(np.ones((0, 3)), np.ones((9, 3))).distances.shape == (0, 3)


def test_near_duplicates_are_counted_against_what_is_usual() -> None:
    labels = np.array([0, 1, 1, 2])
    mistaken = Nearest(np.array([[0], [1], [3], [2]]), np.array([[0.5], [9.0], [0.0], [4.0]]))
    recognised = Nearest(np.zeros((41, 1), int), np.arange(41.0)[:, None])
    found = near_duplicates(
        mistaken,
        recognised,
        labels,
        mistaken_true=[0, 2, 0, 2],
        mistaken_predicted=[1, 1, 1, 1],
        recognised_true=np.arange(41) % 2,
    )
    assert (found.n, found.of_predicted, found.of_true) == (4, 2, 1)
    assert (found.usual, found.closer) == (2, 2)
    assert (found.n_recognised, found.recognised_of_true) == (41, 21)


def test_refuses_images_that_cannot_be_compared(refused: Callable[..., None]) -> None:
    refused(
        lambda: nearest_images(np.ones((2, 28, 28)), np.ones((9, 27, 28))),
        en="Images can be compared if they have one shape; received (28, 28) and (27, 28).",
        ja="比べられるのは同じ形状の画像だけです（(28, 28) と (27, 28) が渡されました）。",
    )
    refused(
        lambda: nearest_images(np.ones((2, 3)), np.ones((9, 3)), k=10),
        en="Of 9 training images, from 1 to 9 nearest can be found; received k=10.",
        ja="学習画像は 9 枚なので、近い画像は1〜9枚まで探せます（k=10 が渡されました）。",
    )
