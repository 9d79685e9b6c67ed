"""The network, drawn to scale, with the arithmetic of its parameters."""

from typing import TYPE_CHECKING

from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.model_facts import Stage, stages

if TYPE_CHECKING:
    import keras
    from matplotlib.axes import Axes


def plot_network(model: "keras.Model", *, ax: "Axes | None" = None) -> "Axes":
    """Draw a chain of layers with the shape and the parameter arithmetic of each.

    Args:
        model: a Keras model whose layers form one chain.
        ax: where to draw; the axes of a new figure if None.

    Returns:
        The axes.

    Raises:
        BadInput: the model is not built, is no chain, or leaves a size open.
    """
    chain = stages(model)
    if ax is None:
        ax = style.new_figure(1.7 * len(chain), 3.5).add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    ax.set_xlim(0, len(chain))
    for place, stage in enumerate(chain):
        text = "\n".join([stage.call, shape_words(stage), sum_words(stage)])
        ax.text(place + 0.5, 0.5, text, ha="center", color=style.INK, fontproperties=style.font(8))
    return ax


def describe_network(model: "keras.Model") -> str:
    """The layers, shapes and parameters of a network, in words.

    Raises:
        BadInput: as `plot_network`.
    """
    chain = stages(model)
    parts = [
        f"{stage.call} → {shape_words(stage)}" + (f" ({sum_words(stage)})" if stage.n_parameters else "")
        for stage in chain
    ]
    total = sum(stage.n_parameters for stage in chain)
    return _("Network: {layers}. {total:,} parameters in all.", layers=", ".join(parts), total=total)


def shape_words(stage: Stage) -> str:
    """The shape as the worksheet writes it, such as "24×24×32"."""
    return "×".join(map(str, stage.shape))


def sum_words(stage: Stage) -> str:
    """The parameter arithmetic, such as "5×5×1×32 + 32 = 832"; empty without parameters."""
    return f"{stage.arithmetic} = {stage.n_parameters:,}" if stage.n_parameters else ""
