"""How our figures look: one font family, few colours, quiet axes. Nothing global is set, on import or later.

Colours carry no meaning alone: every figure also says it in words, position or lightness, so that it reads
in greyscale and to the colour-blind.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.font_manager import FontProperties

    FigureLike = Figure | SubFigure

INK = "#22303c"
"""Text and what matters."""
MUTED = "#66737f"
"""Secondary text and lines."""
FAINT = "#d5dbe0"
"""Rules, frames, grids."""
PAPER = "#f5f6f4"
"""Empty places and surfaces."""
ACCENT = "#b5501b"
"""The one accent (persimmon): what the reader should look at."""
INDIGO = "#1f5a7d"
"""The accent's calm partner, darker than it in greyscale."""

FAMILIES = ["DejaVu Sans", "IPAexGothic"]
"""Latin letters and digits from the first, Japanese from the second; both come with our dependencies."""

SIGNED_STOPS = ("#0a2240", "#1f5a7d", "#87898c", "#dcb670", "#fff4d8")
SEQUENTIAL_STOPS = ("#ffffff", "#f6dcc3", "#e39a62", "#b5501b", "#6b2709")


def font(size: float = 9) -> "FontProperties":
    """The figure font in points; renders Japanese on a machine without any Japanese font."""
    from matplotlib.font_manager import FontProperties

    _know_japanese_font()
    return FontProperties(family=FAMILIES, size=size)


@cache
def _know_japanese_font() -> None:
    """Tell matplotlib where the Japanese font file lies; which fonts others get does not change.

    The file is found without importing `matplotlib_fontja`, which sets rcParams for the whole process.
    """
    from matplotlib import font_manager

    spec = find_spec("matplotlib_fontja")
    if spec is not None and spec.origin is not None:
        font_manager.fontManager.addfont(str(Path(spec.origin).parent / "fonts" / "ipaexg.ttf"))


def text_width(text: str, size: float) -> float:
    """Roughly how wide `text` is in inches at `size` points; Japanese letters count as one em each."""
    ems = sum(1.0 if east_asian_width(letter) in "WF" else 0.61 for letter in text)
    return ems * size / 72


def fitting_size(text: str, width: float, size: float) -> float:
    """`size` in points, or less if `text` would be wider than `width` inches; at least 4.5."""
    return max(min(size, size * width / max(text_width(text, size), 1e-9)), 4.5)


def new_figure(width: float, height: float) -> "Figure":
    """A white figure of this size in inches that pyplot does not know of."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), facecolor="white")


def root(ax: "Axes") -> "Figure":
    """The figure that holds `ax`, through any subfigures."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def quiet(ax: "Axes", *, frame: bool = True) -> None:
    """Give `ax` thin left and bottom spines (none without `frame`), muted ticks and the figure font."""
    font()
    for side, spine in ax.spines.items():
        spine.set_visible(frame and side in ("left", "bottom"))
        spine.set_color(FAINT)
    ax.tick_params(
        colors=MUTED, labelcolor=INK, labelsize=9, length=3 if frame else 0, labelfontfamily=_families()
    )
    ax.set_facecolor("none")


def _families() -> Any:
    """`FAMILIES` for an argument that matplotlib annotates as one string and passes on as a list."""
    return FAMILIES


def signed_colours() -> "LinearSegmentedColormap":
    """Colours for signed values: dark indigo (negative) → grey (0) → light sand (positive).

    Lightness rises all the way, so the sign can be told in greyscale too; a usual diverging map is dark at
    both ends and loses it there. Blue against yellow is told apart with every common colour blindness.
    """
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("tatami_signed", SIGNED_STOPS)


def sequential_colours() -> "LinearSegmentedColormap":
    """Colours for amounts from 0 (white) up to dark persimmon; lightness falls all the way."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("tatami_sequential", SEQUENTIAL_STOPS)
