"""The arithmetic of one pixel: patch, filter, products, sum, bias, activation, and who won the pool."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis.filters import symmetric_limit
from tatamilab.analysis.pixel import PixelArithmetic, pixel_arithmetic
from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.activity import as_batch, layer_values
from tatamilab.instruments.model_facts import conv_layer, kernel_of
from tatamilab.instruments.words import sentences

if TYPE_CHECKING:
    import keras
    from matplotlib.axes import Axes

_MOST_NUMBERS = 7  # rows or columns of a patch up to which every number is written


@dataclass(frozen=True, eq=False)
class PixelFacts:
    """One output of a convolution, from the patch to the pool.

    Attributes:
        layer: the layer's name.
        arithmetic: the numbers that lead to it, float64.
        input: float32 (rows, columns, c), what the layer read.
        activation: name of the activation.
        output: what the network has there.
        pool: float32 (rows, columns), the window of the max-pool in which the output lies; None without such a pool.
        winner: row and column of the largest value of the window.
        position: row and column of the output within the window.
    """

    layer: str
    arithmetic: PixelArithmetic
    input: NDArray[np.float32]
    activation: str
    output: float
    pool: NDArray[np.float32] | None
    winner: tuple[int, int]
    position: tuple[int, int]

    @property
    def channel(self) -> int:
        """The input channel whose products are largest: the one that is drawn."""
        return int(np.abs(self.arithmetic.products).sum(axis=(0, 1)).argmax())


def pixel_facts(
    model: "keras.Model",
    image: ArrayLike,
    layer: int | str = 0,
    *,
    filter: int | None = None,
    place: tuple[int, int] | None = None,
) -> PixelFacts:
    """Take one output of a convolution layer apart.

    Args:
        model: a Keras model.
        image: one image, as `activity.as_batch` takes it.
        layer: index among the model's convolution layers, or a layer's name.
        filter: which of its filters; the one with the largest output if None.
        place: row and column of the output; where the filter's output is largest if None.

    Raises:
        BadInput: no such layer, filter or place; an image that does not fit; a layer other than Conv2D.
    """
    target = conv_layer(model, layer)
    if type(target).__name__ != "Conv2D" or target.groups != 1:
        raise BadInput(
            _(
                "The arithmetic of a pixel is shown for Conv2D layers without groups; {layer!r} is a {kind}.",
                layer=target.name,
                kind=type(target).__name__,
            )
        )
    batch = as_batch(model, image)[:1]
    (read,) = layer_values(model, [target], batch, inputs=True)
    (made,) = layer_values(model, [target], batch)
    o = int(made[0].max(axis=(0, 1)).argmax()) if filter is None else filter
    if place is None and 0 <= o < made.shape[-1]:
        i, j = np.unravel_index(made[0, :, :, o].argmax(), made.shape[1:3])
        place = int(i), int(j)
    kernel = kernel_of(target)
    arithmetic = pixel_arithmetic(
        read[0],
        kernel,
        np.asarray(target.bias) if target.use_bias else np.zeros(kernel.shape[-1]),
        place or (0, 0),
        o,
        strides=target.strides,
        padding=target.padding,
        dilation=target.dilation_rate,
    )
    pool, winner, position = _pooled(model, target, made[0, :, :, o], arithmetic.place)
    return PixelFacts(
        target.name,
        arithmetic,
        read[0],
        getattr(target.activation, "__name__", "linear"),
        float(made[0, arithmetic.place[0], arithmetic.place[1], o]),
        pool,
        winner,
        position,
    )


def _pooled(
    model: "keras.Model", layer: "keras.Layer", outputs: NDArray[np.float32], place: tuple[int, int]
) -> tuple[NDArray[np.float32] | None, tuple[int, int], tuple[int, int]]:
    """The window of a max-pool right behind the layer in which `place` lies, its winner, the place within it."""
    nothing = None, (0, 0), (0, 0)
    position = next((k for k, one in enumerate(model.layers) if one is layer), len(model.layers))
    after = model.layers[position + 1 : position + 2]
    if not after or type(after[0]).__name__ != "MaxPooling2D" or after[0].padding != "valid":
        return nothing
    size, strides = after[0].pool_size, after[0].strides
    if tuple(size) != tuple(strides):
        return nothing
    corner = [place[axis] // size[axis] * size[axis] for axis in range(2)]
    window = outputs[corner[0] : corner[0] + size[0], corner[1] : corner[1] + size[1]]
    if window.shape != tuple(size):
        return nothing  # the pool drops what does not fill a window
    row, column = np.unravel_index(window.argmax(), window.shape)
    return window, (int(row), int(column)), (place[0] - corner[0], place[1] - corner[1])


def plot_pixel(
    model: "keras.Model",
    image: ArrayLike,
    layer: int | str = 0,
    *,
    filter: int | None = None,
    place: tuple[int, int] | None = None,
    fig: "style.FigureLike | None" = None,
) -> "style.FigureLike":
    """Draw how one output comes about: image | patch × filter = products | sum, bias, activation, pool.

    The filter lies on the patch as it is drawn: the layer is a correlation, nothing is turned. Of several input
    channels the one with the largest products is drawn; the sum is over all.

    Args:
        model: a Keras model.
        image: one image.
        layer: index among the convolution layers, or a name.
        filter: which filter; the one that answers most if None.
        place: row and column of the output; where it answers most if None.
        fig: where to draw; a new figure if None.

    Raises:
        BadInput: as `pixel_facts`.
    """
    facts = pixel_facts(model, image, layer, filter=filter, place=place)
    fig = fig or style.new_figure(12, 2.9)
    grid = fig.add_gridspec(
        1, 5, left=0.02, right=0.98, top=0.82, bottom=0.04, wspace=0.14, width_ratios=(1, 1, 1, 1, 1.75)
    )
    one, channel = facts.arithmetic, facts.channel
    _draw_input(fig.add_subplot(grid[0]), facts)
    panels = (
        (_("what it sees: the patch"), one.patch, style.sequential_colours(), None),
        (_("× the filter's weights"), one.kernel, style.signed_colours(), symmetric_limit(one.kernel)),
        (_("= the products"), one.products, style.signed_colours(), symmetric_limit(one.products)),
    )
    for column, (title, values, colours, limit) in enumerate(panels, start=1):
        _draw_numbers(fig.add_subplot(grid[column]), title, values[:, :, channel], colours, limit)
    _write_sum(fig.add_subplot(grid[4]), facts)
    fig.text(
        0.02, 0.97, _heading(facts), va="top", color=style.INK, fontproperties=style.font(12.5)
    )  # fmt: skip
    return fig


def describe_pixel(
    model: "keras.Model",
    image: ArrayLike,
    layer: int | str = 0,
    *,
    filter: int | None = None,
    place: tuple[int, int] | None = None,
) -> str:
    """The arithmetic of one pixel in words and numbers.

    Raises:
        BadInput: as `pixel_facts`.
    """
    facts = pixel_facts(model, image, layer, filter=filter, place=place)
    return sentences(
        [_("{heading}.", heading=_heading(facts)), *(_("{heading}.", heading=x) for x in _lines(facts))]
    )


def _heading(facts: PixelFacts) -> str:
    return _(
        "One number of {layer!r}: filter {filter}, row {row}, column {column}",
        layer=facts.layer,
        filter=facts.arithmetic.filter,
        row=facts.arithmetic.place[0],
        column=facts.arithmetic.place[1],
    )


def _lines(facts: PixelFacts) -> list[str]:
    one = facts.arithmetic
    lines = [
        _("sum of the {n} products {total:+z.4f}", n=one.products.size, total=one.linear - one.bias),
        _("plus the bias {bias:+z.4f} is {linear:+z.4f}", bias=one.bias, linear=one.linear),
        _("after {activation}: {output:z.4f}", activation=facts.activation, output=facts.output),
    ]
    if facts.activation in ("relu", "linear"):
        own = max(one.linear, 0.0) if facts.activation == "relu" else one.linear
        lines.append(_("the network itself differs by {difference:.0e}", difference=abs(own - facts.output)))
    if facts.pool is not None:
        if facts.winner == facts.position:
            lines.append(_("the largest of the {n} in its pool: it goes on", n=facts.pool.size))
        else:
            lines.append(
                _(
                    "in its pool {value:.4f} is larger: it goes no further",
                    value=float(facts.pool.max()),
                )
            )
    return lines


def _draw_input(ax: "Axes", facts: PixelFacts) -> None:
    from matplotlib.patches import Rectangle

    one = facts.arithmetic
    ax.imshow(facts.input[:, :, facts.channel], cmap="gray", interpolation="nearest")
    h, w = one.patch.shape[:2]
    ax.add_patch(
        Rectangle(
            (one.corner[1] - 0.5, one.corner[0] - 0.5), w, h, fill=False, edgecolor=style.ACCENT, linewidth=2
        )
    )
    _bare(ax)
    channels = facts.input.shape[-1]
    title = _("what the layer reads")
    if channels > 1:
        title = _("what the layer reads: channel {channel} of {n}", channel=facts.channel, n=channels)
    ax.set_title(title, loc="left", color=style.INK, fontproperties=style.font(9))


def _draw_numbers(
    ax: "Axes", title: str, values: NDArray[np.float64], colours: object, limit: float | None
) -> None:
    low, high = (
        (float(min(values.min(), 0)), float(max(values.max(), 1e-9))) if limit is None else (-limit, limit)
    )
    ax.imshow(values, cmap=colours, vmin=low, vmax=high, interpolation="nearest")  # type: ignore[arg-type]
    _bare(ax)
    ax.set_title(title, loc="left", color=style.INK, fontproperties=style.font(9))
    if max(values.shape) > _MOST_NUMBERS:
        return
    for (u, v), value in np.ndenumerate(values):
        share = (value - low) / (high - low)
        dark = share > 0.62 if limit is None else share < 0.45
        text = "0" if value == 0 else f"{value:.2f}".replace("0.", ".").replace("-", "−")
        ax.text(
            v,
            u,
            text,
            ha="center",
            va="center",
            color="white" if dark else style.INK,
            fontproperties=style.font(7.5),
        )


def _write_sum(ax: "Axes", facts: PixelFacts) -> None:
    _bare(ax)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    lines = [*_lines(facts), _("nothing is turned: the layer is a correlation")]
    width = ax.bbox.width / style.root(ax).dpi
    size = min(style.fitting_size(text, width, 9) for text in lines)
    for number, text in enumerate(lines):
        ax.text(0, 0.97 - 0.115 * number, text, va="center", color=style.INK, fontproperties=style.font(size))
    if facts.pool is not None:
        _draw_pool(ax.inset_axes((0.02, 0.0, 0.3, 0.3)), facts.pool, facts)


def _draw_pool(ax: "Axes", pool: NDArray[np.float32], facts: PixelFacts) -> None:
    """The window of the pool: the winner tinted, this output framed."""
    from matplotlib.patches import Rectangle

    _bare(ax)
    rows, columns = pool.shape
    ax.set_xlim(0, columns)
    ax.set_ylim(rows, 0)
    for (r, c), value in np.ndenumerate(pool):
        won, mine = (r, c) == facts.winner, (r, c) == facts.position
        ax.add_patch(
            Rectangle(
                (c + 0.04, r + 0.06), 0.92, 0.88, facecolor="#f6dcc3" if won else "white",
                edgecolor=style.ACCENT if mine else style.FAINT, linewidth=1.8 if mine else 0.8,
            )
        )  # fmt: skip
        ax.text(
            c + 0.5, r + 0.5, f"{value:.2f}", ha="center", va="center", color=style.INK,
            fontproperties=style.font(7.5),
        )  # fmt: skip


def _bare(ax: "Axes") -> None:
    style.quiet(ax, frame=False)
    ax.set_xticks([])
    ax.set_yticks([])
