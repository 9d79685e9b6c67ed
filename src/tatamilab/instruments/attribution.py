"""Where a network's answer comes from, beside the same maps of networks that learned nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis import symmetric_limit
from tatamilab.analysis.attribution import (
    class_activation_map,
    inked,
    integrated_gradients,
    map_similarity,
)
from tatamilab.analysis.occlusion import occlusion_map
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
    from matplotlib.axes import Axes

Weights = Sequence[NDArray[np.float32]]
"""A model's weights as `model.get_weights()` gives them."""


@dataclass(frozen=True, eq=False)
class AttributionMaps:
    """The maps of one network for one image and class; see `analysis.attribution`.

    Attributes:
        occlusion: float64 (h, w).
        gradient: float64 (h, w), summed over channels.
        integrated: float64 (h, w), likewise.
        completeness_error: of the integrated gradients.
        grad_cam: float64 (h, w), of the last convolution's output, stretched over the image.
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


class Attribution:
    """A network of which maps can be made, with its own weights and with others.

    The score is the number that the last softmax is applied to (or the output itself, without one): a probability
    near 1 hardly moves, whatever is done to the image.

    Args:
        model: a Keras model that the engine can compute, with a convolution.

    Raises:
        BadInput: no convolution.
        Unsupported: the engine cannot compute the model.
    """

    def __init__(self, model: "keras.Model") -> None:
        self._model, self._layer = model, conv_layer(model, -1).name
        self._graph = lower(model)
        self._program = Program(self._graph)
        output = self._graph.output
        name = output.name.rpartition("/")[0]
        self._logits = f"{name}/linear" if isinstance(output, Softmax) and name else None

    def maps(self, image: ArrayLike, label: int, weights: Weights | None = None) -> AttributionMaps:
        """Compute all maps of a class's score.

        Args:
            image: one image.
            label: the class, from 0.
            weights: of the network; None for the model's own.

        Raises:
            BadInput: an image that does not fit.
        """
        x = as_batch(self._model, image)[0]
        program, logits = self._program, self._logits
        program.set_weights(self._named(weights))
        direction = np.zeros(self._graph.output.shape, np.float32)
        direction[label] = 1

        def score(images: NDArray[np.float32]) -> NDArray[np.float32]:
            outputs = program.activation(images, logits) if logits else program.predict(images)
            return outputs[:, label]

        def gradient(images: NDArray[np.float32]) -> NDArray[np.float32]:
            return program.gradient(images, direction, of=logits)

        found = integrated_gradients(score, gradient, x)
        maps = program.activation(x[None], self._layer)
        slopes = program.gradient(maps, direction, of=logits, by=self._layer)
        return AttributionMaps(
            occlusion=occlusion_map(score, x),
            gradient=np.asarray(gradient(x[None])[0].sum(axis=-1), dtype=np.float64),
            integrated=found.map.sum(axis=-1),
            completeness_error=found.completeness_error,
            grad_cam=class_activation_map(maps[0], slopes[0], (x.shape[0], x.shape[1])),
        )

    def _named(self, weights: Weights | None) -> dict[str, NDArray[np.float32]]:
        if weights is None:
            return weights_of(self._model, self._graph)
        return {
            parameter.name: np.asarray(value, np.float32).reshape(parameter.shape)
            for parameter, value in zip(self._graph.parameters, weights, strict=True)
        }


def randomised(weights: Weights, seed: int = 0) -> list[NDArray[np.float32]]:
    """Weights shuffled within each array: the same sizes, nothing learned.

    Source:
        Adebayo et al. (2018), §3.1: randomisation of all layers.
    """
    rng = np.random.default_rng(seed)
    return [rng.permutation(np.ravel(weight)).reshape(np.shape(weight)) for weight in weights]


def plot_attribution(
    image: ArrayLike, maps: Mapping[str, AttributionMaps], *, fig: "style.FigureLike | None" = None
) -> "style.FigureLike":
    """Draw the maps of several networks, a row each, the one to believe first.

    Above each map of the other networks stands how alike it is to the first row's: the rank correlation of sizes over
    the inked pixels. A map that looks the same for a network that learned nothing shows the image, and nothing of
    what was learned.

    Args:
        image: the image, (h, w, c) or (h, w).
        maps: `Attribution.maps` by the networks' names.
        fig: where to draw; a new figure if None.
    """
    rows = list(maps.items())
    height = 2.1 * len(rows) + 0.3
    fig = fig or style.new_figure(10.5, height)
    grid = fig.add_gridspec(
        len(rows), 5, left=0.02, right=0.98, top=1 - 0.35 / height, bottom=0.08 / height, wspace=0.08, hspace=0.2
    )  # fmt: skip
    picture = np.asarray(image, dtype=np.float64)
    grey = picture[..., 0] if picture.ndim == 3 and picture.shape[-1] == 1 else picture
    for row, (name, one) in enumerate(rows):
        _show(fig.add_subplot(grid[row, 0]), grey, name, signed=False)
        alike = _similarities(picture, one, rows[0][1])
        for column, (title, values) in enumerate(one.by_name().items(), start=1):
            text = title
            if row > 0 and np.isfinite(alike[title]):  # a map of zeros is like nothing
                text = _("{title}: alike {alike:+z.2f}", title=title, alike=alike[title])
            _show(fig.add_subplot(grid[row, column]), values, text, signed=True)
    return fig


def describe_attribution(image: ArrayLike, maps: Mapping[str, AttributionMaps]) -> str:
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
        alike = _similarities(np.asarray(image), one, first)
        values = [
            f"{title} {value:+z.2f}" if np.isfinite(value) else _("{title} none, it is constant", title=title)
            for title, value in alike.items()
        ]
        parts.append(_("{name}, alike to that on the ink: {alike}.", name=name, alike=_(", ").join(values)))
    return sentences(parts)


def _similarities(
    image: NDArray[np.generic], one: AttributionMaps, first: AttributionMaps
) -> dict[str, float]:
    ink = inked(image if image.ndim == 3 else image[..., None])
    of_first = first.by_name()
    return {title: map_similarity(values, of_first[title], ink) for title, values in one.by_name().items()}


def _show(ax: "Axes", values: NDArray[np.float64], title: str, *, signed: bool) -> None:
    style.quiet(ax, frame=False)
    ax.set_xticks([])
    ax.set_yticks([])
    if signed:
        limit = symmetric_limit(values)
        ax.imshow(values, cmap=style.signed_colours(), vmin=-limit, vmax=limit, interpolation="nearest")
    else:
        ax.imshow(values, cmap="gray", interpolation="nearest")
    size = style.fitting_size(title, 2.0, 7.5)
    ax.set_title(title, loc="left", color=style.INK, fontproperties=style.font(size), pad=3)
