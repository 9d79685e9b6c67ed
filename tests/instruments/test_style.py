import subprocess
import sys

import numpy as np
import pytest

from tatamilab.instruments import style

SILENT = """
import sys
import tatamilab.instruments
assert not {"matplotlib", "keras", "scipy"} & sys.modules.keys(), "imported too early"
from tatamilab.instruments import plot_learning_curves
fig = plot_learning_curves({"loss": [2, 1]})
assert not {"matplotlib.pyplot", "matplotlib_fontja", "keras"} & sys.modules.keys(), "imported too much"
import matplotlib.pyplot as plt
before = dict(plt.rcParams)
given = plot_learning_curves({"loss": [2, 1]}, fig=plt.figure())
assert dict(plt.rcParams) == before and plt.get_fignums() == [given.number]
"""


def test_nothing_global_is_set_and_nothing_imported_before_it_is_needed() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SILENT],
        env={"MPLBACKEND": "agg", "LANG": "ja_JP.UTF-8", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", ["学習前の正解率、誤差", "−0.39 × 5 → 3 – ≈ ∞", "くずし字 ねこ"])
def test_both_languages_render_without_an_installed_font(text: str) -> None:
    fig = style.new_figure(3, 1)
    drawn = fig.text(0.1, 0.5, text, fontproperties=style.font(12))
    fig.canvas.draw()  # a missing glyph would warn, and warnings are errors
    assert drawn.get_window_extent().width > 20


@pytest.mark.parametrize(("colours", "rises"), [("signed_colours", True), ("sequential_colours", False)])
def test_lightness_is_monotone_so_that_greyscale_keeps_the_order(colours: str, rises: bool) -> None:
    rgb = getattr(style, colours)()(np.linspace(0, 1, 101))[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    steps = np.diff(linear @ [0.2126, 0.7152, 0.0722])
    assert (steps > 0).all() if rises else (steps < 0).all()


def test_zero_is_a_neutral_grey() -> None:
    red, green, blue, _alpha = style.signed_colours()(0.5)
    assert max(red, green, blue) - min(red, green, blue) < 0.03


def test_fitting_size_shrinks_only_what_is_too_wide() -> None:
    assert style.fitting_size("short", 2.0, 9) == 9
    small = style.fitting_size("a rather long line of text", 1.0, 9)
    assert style.text_width("a rather long line of text", small) == pytest.approx(1.0)
    assert style.fitting_size("x" * 1000, 1.0, 9) == 4.5
