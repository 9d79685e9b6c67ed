"""Figures and widgets in a notebook's cell, with a still picture and words for where they can't be seen."""

import base64
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase

    from tatamilab.widgets.part import Part

DOTS_AN_INCH = 110


def show(what: "FigureBase | Part | Any", says: str, *, still: "FigureBase | Any | None" = None) -> None:
    """Show a figure or a widget under the cell.

    Where widgets can't live (a PDF, GitHub, a page without JavaScript) the still picture is seen, and where
    pictures can't, the words.

    Args:
        what: a figure, axes, or a widget.
        says: what it shows, in words.
        still: a figure to see in a widget's place.
    """
    from IPython.display import display

    bundle: dict[str, Any] = {}
    if hasattr(what, "_repr_mimebundle_"):
        made = what._repr_mimebundle_()
        bundle.update(made[0] if isinstance(made, tuple) else made or {})
    picture = still if bundle else what
    if picture is not None:
        bundle["image/png"] = _png(getattr(picture, "figure", picture))
    bundle["text/plain"] = says
    display(bundle, metadata={"image/png": {"alt": says}}, raw=True)


def _png(figure: Any) -> str:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=DOTS_AN_INCH)
    return base64.b64encode(content.getvalue()).decode()
