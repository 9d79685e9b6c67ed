"""The first n, a draw, a balanced draw."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tatamilab.data import load
from tatamilab.data.subset import choose_images

LABELS = np.random.default_rng(1).integers(0, 5, 400)


def test_data_size_takes_the_first(mnist):
    part = load("mnist", data_size=600)
    np.testing.assert_array_equal(part.x_train, mnist.x_train[:600])
    np.testing.assert_array_equal(part.y_train, mnist.y_train[:600])
    np.testing.assert_array_equal(part.x_test, mnist.x_test)
    assert part.provenance.data_size == 600
    assert part.provenance.draw is None


def test_draw_keeps_images_and_labels_together(mnist):
    part = load("mnist", data_size=50, draw=3)
    chosen = choose_images(mnist.y_train, 50, draw=3)
    np.testing.assert_array_equal(part.x_train, mnist.x_train[chosen])
    np.testing.assert_array_equal(part.y_train, mnist.y_train[chosen])
    assert (part.provenance.data_size, part.provenance.draw) == (50, 3)


def test_balanced_draw_of_mnist():
    part = load("mnist", data_size=600, draw=0, balanced=True)
    assert np.bincount(part.y_train).tolist() == [60] * 10
    assert part.provenance.balanced


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 2**40))
def test_draws_are_nested_and_without_replacement(n, m, seed):
    small, large = sorted((n, m))
    drawn = choose_images(LABELS, large, draw=seed)
    assert len(set(drawn.tolist())) == large
    np.testing.assert_array_equal(choose_images(LABELS, small, draw=seed), drawn[:small])


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 1000))
def test_balanced_draws_are_nested_and_balanced(n, m, seed):
    small, large = sorted((n, m))
    drawn = choose_images(LABELS, large, draw=seed, balanced=True)
    assert len(set(drawn.tolist())) == large
    assert np.ptp(np.bincount(LABELS[drawn], minlength=5)) <= 1
    np.testing.assert_array_equal(choose_images(LABELS, small, draw=seed, balanced=True), drawn[:small])


def test_seeds_differ_and_ignore_numpys_global_state():
    np.random.seed(1)
    first = choose_images(LABELS, 100, draw=0)
    state = np.random.get_state()[1].copy()
    np.random.seed(2)
    np.testing.assert_array_equal(choose_images(LABELS, 100, draw=0), first)
    np.random.seed(1)
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    assert choose_images(LABELS, 100, draw=1).tolist() != first.tolist()


def test_draws_stay_the_same_from_release_to_release():
    drawn = choose_images(np.zeros(60_000, np.uint8), 600, draw=0)
    assert hashlib.sha256(drawn.astype("<i8")).hexdigest() == (
        "cc03bad482c677bfe4e38b2995fad86767ab71402a4a2c013b17cb54fa6fa031"
    )


def test_a_draw_without_a_size_is_a_shuffle_of_all():
    assert sorted(choose_images(LABELS, None, draw=5).tolist()) == list(range(400))
    assert choose_images(LABELS, None).tolist() == list(range(400))


@pytest.mark.parametrize(("size", "shown"), [(0, "0"), (-1, "-1"), (60_001, "60,001")])
def test_size_out_of_range(refused, size, shown):
    refused(
        lambda: choose_images(np.zeros(60_000, np.uint8), size),
        en=f"The data size must be from 1 to 60,000, the number of training images; received {shown}.",
        ja=f"データ数は 1 から 60,000（学習用の画像の枚数）まででなければなりませんが、"
        f"{shown} が指定されました。",
    )


def test_balance_needs_a_seed(refused):
    refused(
        lambda: choose_images(LABELS, 10, balanced=True),
        en="A class-balanced subset is drawn at random: give a seed, such as --draw 0.",
        ja="クラスの数をそろえた部分集合は無作為に選ぶため、シードが必要です。"
        "--draw 0 のように指定してください。",
    )


def test_negative_seed(refused):
    refused(
        lambda: choose_images(LABELS, 10, draw=-1),
        en="The seed of a draw must be 0 or more; received -1.",
        ja="抽出のシードは 0 以上でなければなりませんが、-1 が指定されました。",
    )


def test_balance_beyond_the_smallest_class(refused):
    refused(
        lambda: choose_images(np.array([0, 0, 0, 1, 1]), 5, draw=0, balanced=True),
        en="A class-balanced subset can have at most 4 images, as the smallest class has 2; received 5: "
        "use fewer, or draw without balance.",
        ja="最も少ないクラスは 2 枚なので、クラスの数をそろえられるのは 4 枚までですが、"
        "5 枚が指定されました。"
        "枚数を減らすか、数をそろえずに抽出してください。",
    )
