"""Where a network's answer comes from, beside the same maps of networks that learned nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis import symmetric_limit
from tatamilab.analysis.attribution import (
    class_activation_map,
    integrated_gradients,
    map_similarity,
    occlusion_map,
)
from tatamilab.engine.frontend import lower, weights_of
from tatamilab.engine.graph import Softmax
from tatamilab.engine.program import Program
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.activity import as_batch
from tatamilab.instruments.model_facts import conv_layer
from tatamilab.instruments.words import sentences

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, eq=False)
class AttributionMaps:
    """The maps of one network for one image and class; see `analysis.attribution`.

    Attributes:
        occlusion: float64 (h, w).
        gradient: float64 (h, w), summed over channels.
        integrated: float64 (h, w), likewise.
        completeness_error: of the integrated gradients.
        grad_cam: float64 (rows, columns) of the last convolution's output.
    """

    occlusion: NDArray[np.float64]
    gradient: NDArray[np.float64]
    integrated: NDArray[np.float64]
    completeness_error: float
    grad_cam: NDArray[np.float64]

    def by_name(self) -> dict[str, NDArray[np.float64]]:
        """The maps by what they are called, in the language in force."""
        return {
            _("Occlusion"): self.occlusion,
            _("Gradient"): self.gradient,
            _("Integrated gradients"): self.integrated,
            "Grad-CAM": self.grad_cam,
        }


def attribution_maps(model: "keras.Model", image: ArrayLike, label: int) -> AttributionMaps:
    """Compute all maps of a class's logit, by the engine.

    The score is the number that the last softmax is applied to (or the output itself, without one): a probability
    near 1 hardly moves, whatever is done to the image.

    Args:
        model: a Keras model that the engine can compute, with a convolution.
        image: one image.
        label: the class, from 0.

    Raises:
        BadInput: an image that does not fit, or no convolution.
        Unsupported: the engine cannot compute the model.
    """
    x = as_batch(model, image)[0]
    layer = conv_layer(model, -1).name
    graph = lower(model)
    program = Program(graph)
    program.set_weights(weights_of(model, graph))
    name = graph.output.name.rpartition("/")[0]
    logits = f"{name}/linear" if isinstance(graph.output, Softmax) and name else None
    direction = np.zeros(graph.output.shape, np.float32)
    direction[label] = 1

    def score(images: NDArray[np.float32]) -> NDArray[np.float32]:
        outputs = program.activation(images, logits) if logits else program.predict(images)
        return outputs[:, label]

    def gradient(images: NDArray[np.float32]) -> NDArray[np.float32]:
        return program.gradient(images, direction, of=logits)

    found = integrated_gradients(score, gradient, x)
    maps = program.activation(x[None], layer)
    slopes = program.gradient(maps, direction, of=logits, by=layer)
    return AttributionMaps(
        occlusion=occlusion_map(score, x),
        gradient=np.asarray(gradient(x[None])[0].sum(axis=-1), dtype=np.float64),
        integrated=found.map.sum(axis=-1),
        completeness_error=found.completeness_error,
        grad_cam=class_activation_map(maps[0], slopes[0]),
    )


def randomised(model: "keras.Model", seed: int = 0) -> "keras.Model":
    """A copy of a model whose weights are shuffled within each array: the same sizes, nothing learned.

    Source:
        Adebayo et al. (2018), §3.1: randomisation of all layers.
    """
    import keras

    copy = keras.models.clone_model(model)
    rng = np.random.default_rng(seed)
    copy.set_weights(
        [rng.permutation(weight.ravel()).reshape(weight.shape) for weight in model.get_weights()]
    )
    return copy


def plot_attribution(
    image: ArrayLike, maps: Mapping[str, AttributionMaps], *, fig: "style.FigureLike | None" = None
) -> "style.FigureLike":
    """Draw the maps of several networks, a row each, the one to believe first.

    Above each map of the other networks stands how alike it is to the first row's (rank correlation of sizes).
    A map that looks the same for a network that learned nothing shows the image, and nothing of what was learned.

    Args:
        image: the image, (h, w, c) or (h, w).
        maps: `attribution_maps` by the networks' names.
        fig: where to draw; a new figure if None.
    """
    rows = list(maps.items())
    fig = fig or style.new_figure(10.5, 2.1 * len(rows) + 0.4)
    grid = fig.add_gridspec(
        len(rows), 5, left=0.02, right=0.98, top=0.9, bottom=0.02, wspace=0.08, hspace=0.28
    )
    picture = np.asarray(image, dtype=np.float64)
    for row, (name, one) in enumerate(rows):
        ax = fig.add_subplot(grid[row, 0])
        _show(ax, picture[..., 0] if picture.ndim == 3 else picture, name, signed=False)
        first = rows[0][1].by_name()
        for column, (title, values) in enumerate(one.by_name().items(), start=1):
            alike = map_similarity(values, first[title])
            comparable = row > 0 and np.isfinite(alike)  # a map of zeros is like nothing
            text = title if not comparable else _("{title}: alike {alike:+.2f}", title=title, alike=alike)
            _show(fig.add_subplot(grid[row, column]), values, text, signed=True)
    return fig


def describe_attribution(maps: Mapping[str, AttributionMaps]) -> str:
    """How alike the maps of the other networks are to the first one's, and the completeness error, in words."""
    (first_name, first), *others = maps.items()
    parts = [
        _(
            "{name}: the integrated gradients add up to the score's difference within {error:.0e}.",
            name=first_name,
            error=first.completeness_error,
        )
    ]
    for name, one in others:
        alike = ", ".join(
            f"{title} {map_similarity(values, first.by_name()[title]):+.2f}"
            for title, values in one.by_name().items()
        )
        parts.append(_("{name}, alike to that: {alike}.", name=name, alike=alike))
    return sentences(parts)


def _show(ax: "object", values: NDArray[np.float64], title: str, *, signed: bool) -> None:
    from matplotlib.axes import Axes

    assert isinstance(ax, Axes)
    style.quiet(ax, frame=False)
    ax.set_xticks([])
    ax.set_yticks([])
    if signed:
        limit = symmetric_limit(values)
        ax.imshow(values, cmap=style.signed_colours(), vmin=-limit, vmax=limit, interpolation="nearest")
    else:
        ax.imshow(values, cmap="gray", interpolation="nearest")
    ax.set_title(title, loc="left", color=style.INK, fontproperties=style.font(7.5), pad=3)
