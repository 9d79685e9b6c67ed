import numpy as np
import pytest

from tatamilab.analysis import wilson_interval
from tatamilab.analysis.class_accuracy import class_accuracy, most_confused

MATRIX = [[97, 0, 3], [1, 49, 0], [3, 0, 7]]


def test_each_class_has_its_share_and_interval() -> None:
    found = class_accuracy(MATRIX)
    assert [one.value for one in found] == pytest.approx([0.97, 0.98, 0.7])
    assert found[2].interval == wilson_interval(7, 10)


def test_a_class_without_images_has_neither() -> None:
    one = class_accuracy(np.zeros((2, 2)))[0]
    assert one.interval is None
    assert np.isnan(one.value)


def test_most_confused_come_first_and_what_never_occurred_does_not_come() -> None:
    found = most_confused(MATRIX, most=9)
    assert [(one.true, one.predicted, one.share.count, one.share.n) for one in found] == [
        (0, 2, 3, 100),
        (2, 0, 3, 10),
        (1, 0, 1, 50),
    ]
    assert len(most_confused(MATRIX, most=1)) == 1
    assert most_confused(np.diag([3, 4])) == []
    assert MATRIX[0][0] == 97
