"""`PixelArithmetic`: point at any number that a layer makes, and see the sum behind it."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis.pixel import PixelArithmetic as Arithmetic
from tatamilab.analysis.pixel import pixel_arithmetic
from tatamilab.engine.graph import Conv2D, Pool2D
from tatamilab.errors import BadInput
from tatamilab.i18n import _, using
from tatamilab.session.network import Layer
from tatamilab.session.sample import mnist, normalised_test
from tatamilab.widgets.part import Part, as_bytes, checked_images, front_end, network_of
from tatamilab.widgets.words import glossary

if TYPE_CHECKING:
    from tatamilab.widgets.part import Source

N_IMAGES = 10
"""Test images of MNIST that are offered where no images are given."""

PACE_S = 0.25
"""Seconds between two looks at a training that goes on: numbers that change more often can't be read."""


class PixelArithmetic(Part):
    """A layer's input and output side by side; each number of the output as the sum that it is.

    A convolution's: patch × kernel = products, their sum, plus the bias, the activation, the winner of the pool
    behind it. A pool's: its window and its winner. The numbers are the network's own.

    Args:
        source: a Keras model, a `Network`, or a `LiveRun`, whose training the numbers then follow.
        images: (n, h, w, c) from 0 to 1; the first test images of MNIST if None.

    Raises:
        BadInput: the network has no layer to show, or doesn't read such images.
        Unsupported: a layer has no native form.

    Example:
        >>> from tatamilab.models import worksheet_cnn
        >>> part = PixelArithmetic(worksheet_cnn())
        >>> [table["title"] for table in part.answer["tables"]][:2]
        ['patch', 'filter']
    """

    _esm = front_end("pixel_arithmetic", "js")
    _css = front_end("pixel_arithmetic", "css")
    asked = traitlets.Dict().tag(sync=True, goes="up")
    answer = traitlets.Dict().tag(sync=True, goes="down")

    def __init__(self, source: Source, images: ArrayLike | None = None) -> None:
        self._network = network_of(source)
        self._images = checked_images(
            normalised_test(mnist())[:N_IMAGES] if images is None else images, self._network
        )
        self._layers = [layer for layer in self._network.layers if _is_shown(layer)]
        if not self._layers:
            raise BadInput(
                _("The network has no convolution or pooling layer whose numbers can be taken apart.")
            )
        super().__init__(_texts(self._layers, len(self._images)))
        self._turn = Lock()
        self.answer = self._answer({})
        self.observe(self._reply, "asked")
        self.follow(source, self._reply, PACE_S)

    def in_words(self) -> str:
        """The sum that is shown."""
        return str(self.answer["says"])

    def _reply(self, _change: object = None) -> None:
        with self._turn, using(self.texts["lang"]):
            self.answer = self._answer(self.asked)

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        layer = next((one for one in self._layers if one.name == asked.get("layer")), self._layers[0])
        number = _within(asked.get("image"), len(self._images), 0)
        image = self._images[number : number + 1]
        reads, makes = (value[0] for value in self._network.values(image, layer.reads, layer.name))
        best = np.unravel_index(int(makes.argmax()), makes.shape)
        filter_ = _within(asked.get("filter"), makes.shape[2], int(best[2]))
        spot = np.unravel_index(int(makes[:, :, filter_].argmax()), makes.shape[:2])
        row, column = (
            _within(asked.get(name), makes.shape[axis], int(spot[axis]))
            for axis, name in enumerate(("row", "column"))
        )
        taken = self._convolved if isinstance(layer.node, Conv2D) else _pooled
        return {
            "sequence": asked.get("sequence"),
            "place": {"image": number, "layer": layer.name, "filter": filter_, "row": row, "column": column},
            "makes": {
                **_map(makes[:, :, filter_]),
                "title": _made(layer, filter_),
                "channels": makes.shape[2],
            },
            **taken(layer, image, reads, makes, filter_, (row, column)),
        }

    def _convolved(
        self,
        layer: Layer,
        image: NDArray[np.float32],
        reads: NDArray[np.float32],
        makes: NDArray[np.float32],
        filter_: int,
        place: tuple[int, int],
    ) -> dict[str, Any]:
        """The sum behind one number of a convolution."""
        node, weights = layer.node, self._network.weights()
        assert isinstance(node, Conv2D)
        kernel = weights[node.kernel]
        one = pixel_arithmetic(
            reads,
            kernel,
            np.zeros(kernel.shape[3]) if node.bias is None else weights[node.bias],
            place,
            filter_,
            strides=node.strides,
            padding="valid" if node.padding == ((0, 0), (0, 0)) else "same",
            dilation=node.dilation,
        )
        channel = int(np.abs(one.products).sum(axis=(0, 1)).argmax())
        extent = [(size - 1) * gap + 1 for size, gap in zip(kernel.shape[:2], node.dilation, strict=True)]
        output = float(makes[(*place, filter_)])
        return {
            "window": [*one.corner, *extent],
            "reads": {**_map(reads[:, :, channel]), "title": _read(layer, channel, reads.shape[2])},
            "tables": [*_tables(one, channel), *self._pool_behind(layer, makes[:, :, filter_], place)],
            "lines": _lines(one, layer.activation, output),
            "says": _(
                "Row {row}, column {column}: the products add up to {total:z.4f}, with the bias {linear:z.4f}, "
                "after {activation} {output:z.4f}.",
                row=place[0],
                column=place[1],
                total=one.linear - one.bias,
                linear=one.linear,
                activation=layer.activation,
                output=output,
            ),
        }

    def _pool_behind(
        self, layer: Layer, values: NDArray[np.float32], place: tuple[int, int]
    ) -> list[dict[str, Any]]:
        """The window of a max-pool that reads the layer, if there is one and the place lies in a window of it."""
        for pool in self._network.layers:
            node = pool.node
            if pool.reads == layer.name and isinstance(node, Pool2D) and _is_plain(node):
                corner = [place[axis] // node.window[axis] * node.window[axis] for axis in range(2)]
                if all(corner[axis] // node.window[axis] < pool.shape[axis] for axis in range(2)):
                    return [_pool_table(values, node, corner, place)]
        return []


def _pooled(
    layer: Layer,
    image: NDArray[np.float32],
    reads: NDArray[np.float32],
    makes: NDArray[np.float32],
    filter_: int,
    place: tuple[int, int],
) -> dict[str, Any]:
    """The window behind one number of a pool."""
    node = layer.node
    assert isinstance(node, Pool2D)
    corner = [node.strides[axis] * place[axis] - node.padding[axis][0] for axis in range(2)]
    output = float(makes[(*place, filter_)])
    text = _("the largest of the window") if node.kind == "max" else _("the mean of the window")
    return {
        "window": [*corner, *node.window],
        "reads": {**_map(reads[:, :, filter_]), "title": _read(layer, filter_, reads.shape[2])},
        "tables": [_pool_table(reads[:, :, filter_], node, corner, None)],
        "lines": [[_written(output), text, True]],
        "says": _(
            "Row {row}, column {column}: {text}, {output:z.4f}.",
            row=place[0],
            column=place[1],
            text=text,
            output=output,
        ),
    }


def _pool_table(
    values: NDArray[np.float32], node: Pool2D, corner: list[int], here: tuple[int, int] | None
) -> dict[str, Any]:
    rows, columns = (slice(max(corner[axis], 0), corner[axis] + node.window[axis]) for axis in range(2))
    window = values[rows, columns]
    won = [int(k) for k in np.unravel_index(int(window.argmax()), window.shape)]
    return {
        "title": _("window of the pool"),
        "sign": "→" if here else "",
        "signed": False,
        "values": _rounded(window),
        "won": won if node.kind == "max" else None,
        "here": None if here is None else [here[0] - rows.start, here[1] - columns.start],
    }


def _tables(one: Arithmetic, channel: int) -> list[dict[str, Any]]:
    return [
        {"title": _("patch"), "sign": "", "signed": False, "values": _rounded(one.patch[:, :, channel])},
        {"title": _("filter"), "sign": "×", "signed": True, "values": _rounded(one.kernel[:, :, channel])},
        {
            "title": _("products"),
            "sign": "=",
            "signed": True,
            "values": _rounded(one.products[:, :, channel]),
        },
    ]


def _lines(one: Arithmetic, activation: str, output: float) -> list[list[Any]]:
    """Each a number, what it is, and whether it is the end of the sum."""
    lines: list[list[Any]] = [
        [_written(one.linear - one.bias, "+"), _("sum of all {n} products", n=one.products.size), False],
        [_written(one.bias, "+"), _("the filter's bias"), False],
        [_written(one.linear, "+"), _("together"), False],
    ]
    if activation == "linear":
        return [*lines, [_written(output, "+"), _("what the network has there"), True]]
    text = _("after {activation}: what the network has there", activation=activation)
    return [*lines, [_written(output), text, True]]


def _written(value: float, sign: str = "-") -> str:
    """With four decimals; what rounds to zero has no minus. With `sign` "+", also what is not below 0 has a sign."""
    return f"{value:{sign}z.4f}".replace("-", "−")


def _rounded(values: NDArray[Any]) -> list[list[float]]:
    return [[round(float(value), 6) for value in row] for row in values]


def _map(values: NDArray[np.float32]) -> dict[str, Any]:
    """One channel as bytes: signed around grey if any value is negative, else from 0 on."""
    signed = bool(values.min() < 0)
    high = float(np.abs(values).max())
    return {
        "rows": values.shape[0],
        "columns": values.shape[1],
        "signed": signed,
        "values": as_bytes(values, low=-high if signed else 0.0, high=high),
    }


def _made(layer: Layer, filter_: int) -> str:
    return _("What {layer} makes: filter {filter}", layer=layer.name, filter=filter_)


def _read(layer: Layer, channel: int, channels: int) -> str:
    if channels == 1:
        return _("What it reads")
    return _("What it reads: channel {channel} of {n}", channel=channel, n=channels)


def _is_shown(layer: Layer) -> bool:
    return not isinstance(layer.node, Conv2D) or layer.node.groups == 1


def _is_plain(node: Pool2D) -> bool:
    return node.kind == "max" and node.strides == node.window and node.padding == ((0, 0), (0, 0))


def _within(value: object, n: int, default: int) -> int:
    """`value` as an index below `n`, also where it is True or False, by which NumPy would pick, not index."""
    return int(value) if isinstance(value, int) and 0 <= value < n else default


def _texts(layers: list[Layer], n_images: int) -> dict[str, Any]:
    return {
        "images": [_("number {k}", k=k) for k in range(n_images)],
        "layers": [
            {"name": one.name, "title": f"{one.name} ({'×'.join(map(str, one.shape))})"} for one in layers
        ],
        "image": _("Image"),
        "layer": _("Layer"),
        "filter": _("Filter"),
        "play": _("Slide the window"),
        "stop": _("Stop"),
        "map": _("What the layer makes: arrow keys choose a number"),
        "words": glossary("filter", "map", "bias", "activation", "pool"),
        "keys": _("Point at a number, or move with the arrow keys."),
    }
