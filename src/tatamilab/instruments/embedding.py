"""A layer's values in the plane of its two principal axes, before and after training."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from tatamilab.analysis.embedding import PrincipalPlane, principal_plane
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.words import sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_LETTERS = 2
"""Class names of so many letters are drawn as they are; longer ones by their number."""


def plot_embedding(
    values: Mapping[str, ArrayLike],
    labels: ArrayLike,
    *,
    class_names: Sequence[str] | None = None,
    fig: "style.FigureLike | None" = None,
) -> "style.FigureLike":
    """Draw each image as its class's name in the plane of the layer's two principal axes, a panel for each network.

    Each panel has its own axes and its own scale; they are the directions in which that network's values vary most,
    and the axes say how much of the variance that is. The large letters stand at the classes' means.

    See `analysis.embedding.principal_plane` for the equations and for what it can't tell.

    Args:
        values: of the layer (n, …), by the network's name, such as "before" and "after".
        labels: the images' classes (n,), from 0.
        class_names: one for each class; the numbers if None.
        fig: where to draw; a new figure if None.

    Raises:
        BadInput: as `analysis.embedding.principal_plane`.
    """
    classes = np.asarray(labels)
    planes = {name: principal_plane(one, classes) for name, one in values.items()}
    fig = fig or style.new_figure(5.2 * len(planes), 4.9)
    grid = fig.add_gridspec(1, len(planes), left=0.055, right=0.985, bottom=0.1, top=0.88, wspace=0.16)
    for column, (name, plane) in enumerate(planes.items()):
        _draw(fig.add_subplot(grid[column]), name, plane, classes, class_names)
    return fig


def describe_embedding(values: Mapping[str, ArrayLike], labels: ArrayLike) -> str:
    """How much of the variance the planes show, and how much of that lies between the classes, in words.

    Raises:
        BadInput: as `plot_embedding`.
    """
    planes = {name: principal_plane(one, labels) for name, one in values.items()}
    return sentences(
        _(
            "{name}: the plane shows {share:.0%} of the variance, and {between:.0%} of what it shows lies between the "
            "classes' means.",
            name=name,
            share=float(plane.axis_shares.sum()),
            between=plane.between_classes,
        )
        for name, plane in planes.items()
    )


def _draw(
    ax: "Axes",
    name: str,
    plane: PrincipalPlane,
    classes: "np.typing.NDArray[np.generic]",
    names: Sequence[str] | None,
) -> None:
    style.quiet(ax)
    for number, label in enumerate(np.unique(classes)):
        places = plane.places[classes == label]
        text = str(label) if names is None or len(names[int(label)]) > _MOST_LETTERS else names[int(label)]
        colour = style.INDIGO if number % 2 else style.ACCENT
        for x, y in places:
            ax.text(
                x, y, text, ha="center", va="center", color=colour, alpha=0.55, clip_on=True,
                fontproperties=style.font(6.5),
            )  # fmt: skip
        x, y = places.mean(axis=0)
        ax.text(
            x, y, text, ha="center", va="center", color=style.INK, fontproperties=style.font(14), zorder=3,
            bbox={"boxstyle": "circle,pad=0.15", "facecolor": "white", "alpha": 0.75, "edgecolor": colour},
        )  # fmt: skip
    reach = 1.06 * np.abs(plane.places).max(axis=0)
    ax.set_xlim(-reach[0] or -1, reach[0] or 1)
    ax.set_ylim(-reach[1] or -1, reach[1] or 1)
    ax.set_xlabel(
        _("first axis: {share:.0%} of the variance", share=plane.axis_shares[0]), color=style.INK,
        fontproperties=style.font(9),
    )  # fmt: skip
    ax.set_ylabel(
        _("second axis: {share:.0%}", share=plane.axis_shares[1]),
        color=style.INK,
        fontproperties=style.font(9),
    )
    ax.set_title(name, loc="left", color=style.INK, fontproperties=style.font(11), pad=6)
