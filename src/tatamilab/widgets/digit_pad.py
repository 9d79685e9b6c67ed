"""`DigitPad`: draw a digit, and see what a network makes of it while the pen moves."""

from __future__ import annotations

from base64 import b64decode
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from tatamilab.analysis.handwriting import SIDE, Prepared, prepare
from tatamilab.analysis.occlusion import occlusion_map
from tatamilab.errors import BadInput
from tatamilab.i18n import _, using
from tatamilab.widgets.part import Part, as_bytes, front_end, network_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tatamilab.widgets.part import Source

DRAWN = 112
"""Rows and columns of the drawing as it comes from the browser; four for each pixel of the network's."""

MOST_MAPS = 64
"""Channels of a layer that are shown."""


class DigitPad(Part):
    """A pad to draw on, with the network's probabilities and maps, and what its answer rests on.

    Drawn with a mouse, a finger, or the keyboard: arrows move, the space bar lowers and lifts the pen, Delete clears.

    Args:
        source: a Keras model, a `Network`, or a `LiveRun`, whose training the pad then follows.
        class_names: what each output means; numbers from 0 if None.

    Raises:
        BadInput: the network doesn't read 28×28 grey images.
        Unsupported: a layer has no native form.

    Example:
        >>> from tatamilab.models import worksheet_cnn
        >>> pad = DigitPad(worksheet_cnn())
    """

    _esm = front_end("digit_pad", "js")
    _css = front_end("digit_pad", "css")
    drawing = traitlets.Dict().tag(sync=True, goes="up")
    reading = traitlets.Dict().tag(sync=True, goes="down")

    def __init__(self, source: Source, class_names: Sequence[str] | None = None) -> None:
        self._network = network_of(source)
        if self._network.input_shape != (SIDE, SIDE, 1):
            raise BadInput(
                _(
                    "The digit pad draws images of 28×28×1; the network reads {shape}.",
                    shape="×".join(map(str, self._network.input_shape)),
                )
            )
        names = class_names or [str(k) for k in range(self._network.n_classes)]
        super().__init__(_texts(names))
        self._turn = Lock()
        self.observe(self._read, "drawing")
        self.follow(source, self._read)

    def _read(self, _change: object = None) -> None:
        with self._turn, using(self.texts["lang"]):
            if drawing := self.drawing:
                self.reading = self._reading(drawing)

    def _reading(self, drawing: dict[str, Any]) -> dict[str, Any]:
        ink = _ink(drawing.get("pixels"))
        prepared = prepare(ink) if drawing.get("prepare") else _merely_shrunk(ink)
        image = prepared.image[..., None]
        empty = not prepared.image.any()
        shown = {
            "sequence": drawing.get("sequence"),
            "empty": empty,
            "crop": list(prepared.crop),
            "image": as_bytes(image, high=1),
            "maps": self._maps(image),
        }
        if empty:
            return {**shown, "says": _("Nothing is drawn.") if drawing.get("settled") else ""}
        probabilities = self._network.predict(image[None])[0]
        most = int(probabilities.argmax())
        shown |= {"probabilities": [round(float(p), 5) for p in probabilities], "most": most}
        if drawing.get("settled"):
            rests = occlusion_map(lambda images: self._network.predict(images)[:, most], image, stride=2)
            shown["rests"] = {"rows": rests.shape[0], "columns": rests.shape[1], "values": as_bytes(rests)}
            shown["says"] = _(
                "Read as {name}, with {share:.0%}.",
                name=self.texts["class_names"][most],
                share=float(probabilities[most]),
            )
        return shown

    def _maps(self, image: NDArray[np.float32]) -> list[dict[str, Any]]:
        """What each layer with maps makes of the image, each layer from 0 to its own largest value."""
        layers = self._network.layers
        values = self._network.values(image[None], *(layer.name for layer in layers))
        return [
            {
                "title": _(
                    "{layer}: {rows}×{columns} × {channels}",
                    layer=layer.name,
                    rows=layer.shape[0],
                    columns=layer.shape[1],
                    channels=layer.shape[2],
                ),
                "rows": layer.shape[0],
                "columns": layer.shape[1],
                "channels": min(layer.shape[2], MOST_MAPS),
                "values": as_bytes(np.moveaxis(value[0, :, :, :MOST_MAPS], -1, 0)),
            }
            for layer, value in zip(layers, values, strict=True)
        ]


def _ink(pixels: object) -> NDArray[np.float32]:
    """The drawing, 0–1; a message that isn't one is an empty drawing."""
    try:
        content = b64decode(str(pixels), validate=True)
        return np.frombuffer(content, np.uint8).reshape(DRAWN, DRAWN).astype(np.float32) / np.float32(255)
    except ValueError:
        return np.zeros((DRAWN, DRAWN), np.float32)


def _merely_shrunk(ink: NDArray[np.float32]) -> Prepared:
    """The whole pad made 28×28, as a network that was given MNIST's digits has never seen it."""
    image = ink.reshape(SIDE, DRAWN // SIDE, SIDE, DRAWN // SIDE).mean(axis=(1, 3))
    return Prepared((0, 0, DRAWN, DRAWN) if ink.any() else (0, 0, 0, 0), image, image)


def _texts(class_names: Sequence[str]) -> dict[str, Any]:
    return {
        "class_names": list(class_names),
        "draw": _("Draw a digit"),
        "pad": _("Drawing pad: arrow keys move, space lowers or lifts the pen, Delete clears"),
        "keys": _("Keyboard: arrows move, space lowers and lifts the pen, Delete clears."),
        "clear": _("Clear"),
        "as_mnist": _("prepared as MNIST's digits"),
        "answer": _("What the network reads"),
        "way": _("From your drawing to its input"),
        "cropped": _("1. cropped to the ink"),
        "seen": _("2. at most 20×20, its centre of mass in the middle of 28×28: the input"),
        "rests": _("3. what the answer rests on: covered, it loses probability there"),
    }
