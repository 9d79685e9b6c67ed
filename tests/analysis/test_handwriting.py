"""Drawings become what MNIST's makers made of theirs."""

import numpy as np
import pytest
from scipy import ndimage

from tatamilab.analysis.handwriting import prepare
from tatamilab.data import load


@pytest.mark.parametrize("shift", [(0, 0), (5, 0), (0, 60), (40, 33)])
@pytest.mark.parametrize("scale", [1, 2, 3])
def test_where_and_how_large_it_was_drawn_does_not_matter(shift: tuple[int, int], scale: int) -> None:
    digit = load("mnist", data_size=600).x_train[7, :, :, 0].astype(np.float32) / 255
    large = digit.repeat(scale, 0).repeat(scale, 1)
    drawing = np.pad(large, ((shift[0], 70 - shift[0]), (shift[1], 70 - shift[1])))
    done = prepare(drawing)
    assert max(done.boxed.shape) == 20
    np.testing.assert_allclose(ndimage.center_of_mass(done.image), (14, 14), atol=0.51)
    assert np.corrcoef(done.image.ravel(), prepare(large).image.ravel())[0, 1] > 0.999


def test_mnists_own_digits_stay_as_they_are() -> None:
    digits = load("mnist", data_size=1000).x_train[:, :, :, 0].astype(np.float32) / 255
    unchanged = [np.array_equal(prepare(digit).image, digit) for digit in digits]
    assert np.mean(unchanged) > 0.99


def test_an_empty_drawing_is_an_empty_image() -> None:
    done = prepare(np.zeros((50, 60)))
    assert (done.crop, done.boxed.shape, float(done.image.max())) == ((0, 0, 0, 0), (0, 0), 0.0)


def test_a_dot_and_a_line_become_large() -> None:
    drawing = np.zeros((112, 112))
    drawing[50, 60] = 1
    assert prepare(drawing).boxed.shape == (20, 20)
    drawing[50, :] = 1
    done = prepare(drawing)
    assert done.boxed.shape == (1, 20)
    assert done.image.max() == 1
