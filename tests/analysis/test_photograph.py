"""Photographs become ink, and images are moved."""

from collections.abc import Callable

import numpy as np
import pytest

from tatamilab.analysis.moved import shifted, turned
from tatamilab.analysis.photograph import STROKE, otsu, read_photograph


def paper(*, dark_rim: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """A sheet in uneven light with one thin vertical stroke, and where the stroke is."""
    rng = np.random.default_rng(0)
    stroke = np.zeros((200, 160), bool)
    stroke[50:150, 78:82] = True
    light = np.linspace(0.5, 0.9, 160)[None] + rng.normal(0, 0.01, (200, 160))
    grey = light * np.where(stroke, 0.3, 1)
    if dark_rim:
        grey[:12] *= 0.3
    return np.clip(grey, 0, 1), stroke


@pytest.mark.parametrize("dark_rim", [False, True])
def test_ink_is_where_the_stroke_is_in_any_light(dark_rim: bool) -> None:
    grey, stroke = paper(dark_rim=dark_rim)
    ink = read_photograph(grey).ink
    assert (ink[stroke] > 0.5).all()
    rows, columns = (np.flatnonzero((ink > 0).any(axis=axis)) for axis in (1, 0))
    assert (rows[0] >= 44, rows[-1] <= 155) == (True, True)
    width = columns[-1] - columns[0] + 1
    assert width == pytest.approx(STROKE * 100, abs=3)


def test_chalk_on_a_board_is_turned_round() -> None:
    grey, stroke = paper()
    ink = read_photograph(1 - grey).ink
    assert (ink[stroke] > 0.5).all()


def test_paper_alone_and_too_little(refused: Callable[..., None]) -> None:
    refused(
        lambda: read_photograph(np.full((50, 50), 0.8)),
        en="No writing is seen on this picture: it needs dark strokes on light paper.",
        ja="この画像には文字が見つかりません。明るい紙に濃い線で書いてください。",
    )
    refused(
        lambda: read_photograph(np.zeros((1, 1))),
        en="A photograph must have at least 8×8 pixels; this one has 1×1.",
        ja="写真は 8×8 画素以上でなければなりません（この写真は 1×1 です）。",
    )


def test_otsu_parts_two_groups() -> None:
    values = np.concatenate([np.full(900, 0.2), np.full(100, 0.7)])
    assert 0.2 <= otsu(values) < 0.7


def test_every_shift_is_np_roll_without_the_wrap() -> None:
    image = np.random.default_rng(1).random((5, 6)).astype(np.float32)
    moved = shifted(image, 2)
    assert moved.shape == (5, 5, 5, 6)
    padded = np.pad(image, 2)
    for a in range(5):
        for b in range(5):
            expected = np.roll(padded, (a - 2, b - 2), (0, 1))[2:-2, 2:-2]
            np.testing.assert_array_equal(moved[a, b], expected)


def test_a_quarter_turn_is_exact() -> None:
    image = np.random.default_rng(2).random((7, 7)).astype(np.float32)
    none, quarter = turned(image, [0, 90])
    np.testing.assert_allclose(none, image, atol=1e-6)
    np.testing.assert_allclose(quarter, np.rot90(image), atol=1e-5)
