"""`DigitPad`: draw a digit, and see what a network makes of it while the pen moves."""

from __future__ import annotations

import math
import time
from base64 import b64decode
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from tatamilab.analysis.handwriting import SIDE, Prepared, prepare, shrunk
from tatamilab.analysis.moved import shifted, turned
from tatamilab.analysis.nearest import nearest_images
from tatamilab.analysis.occlusion import occlusion_map
from tatamilab.analysis.photograph import read_photograph
from tatamilab.errors import BadInput
from tatamilab.i18n import _, using
from tatamilab.session import LiveRun, Phase
from tatamilab.widgets.part import Part, as_bytes, front_end, maps_of, network_of
from tatamilab.widgets.words import glossary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tatamilab.widgets.part import Source

DRAWN = 112
"""Rows and columns of the drawing as it comes from the browser; four for each pixel of the network's."""

MOST_MAPS = 64
"""Channels of a layer that are shown."""

REACH = 6
"""Pixels by which a drawing is moved to see whether it is still read so."""

PACE_S = 0.1
"""Seconds between two readings of the same drawing while a training changes the answer; a moving pen needs none."""

REST_S = 0.5
"""Seconds between two looks at what the answer rests on, while a training changes it."""

ANGLES = np.arange(-30, 31, 5)
"""Degrees by which it is turned."""

N_NEAREST = 6
"""Training images that are shown beside a drawing."""

LARGEST_PHOTO = 640
"""Rows or columns of a photograph; the browser makes larger ones smaller."""


class DigitPad(Part):
    """A pad to draw on, with the network's probabilities and maps, and what its answer rests on.

    Drawn with a mouse, a finger, or the keyboard: arrows move, the space bar lowers and lifts the pen, Delete clears.
    A photograph of a digit on paper can be opened instead. When the pen rests: what the answer rests on, how it changes
    when the drawing is moved and turned, and the nearest training images.

    Args:
        source: a Keras model, a `Network`, or a `LiveRun`, whose training the pad then follows.
        class_names: what each output means; numbers from 0 if None.
        training: images (n, 28, 28, 1) from 0 to 1 and labels (n,) to look for the nearest in; a live run's own if
            None.

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
    photo = traitlets.Dict().tag(sync=True, goes="up")
    developed = traitlets.Dict().tag(sync=True, goes="down")

    def __init__(
        self,
        source: Source,
        class_names: Sequence[str] | None = None,
        training: tuple[NDArray[np.float32], NDArray[np.integer]] | None = None,
    ) -> None:
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
        self._training = training
        if training is None and isinstance(source, LiveRun):
            self._training = (source.sample.x, source.sample.y)
        self._source = source
        self._turn = Lock()
        self._read_at = self._rested_at = -math.inf
        self._rested_on = b""
        self._rest: dict[str, Any] = {}
        self.observe(lambda _change: self._read(), "drawing")
        self.observe(self._develop, "photo")
        self.follow(source, self._read_along)

    def in_words(self) -> str:
        """What is read, or what the pad is for."""
        return self.reading.get("says") or str(self.texts["about"])

    def _read_along(self) -> None:
        """Read again with the weights of the moment."""
        assert isinstance(self._source, LiveRun)
        along = self._source.moment().phase is Phase.RUNNING
        if not (along and time.monotonic() - self._read_at < PACE_S):
            self._read(along=along)

    def _read(self, *, along: bool = False) -> None:
        """Read the drawing; `along` with a training, of which not every step is said aloud."""
        with self._turn, using(self.texts["lang"]):
            if drawing := self.drawing:
                self.reading = self._reading(drawing, along=along)
                self._read_at = time.monotonic()

    def _reading(self, drawing: dict[str, Any], *, along: bool) -> dict[str, Any]:
        ink = _ink(drawing.get("pixels"))
        prepared = prepare(ink) if drawing.get("prepare") else _merely_shrunk(ink)
        image = prepared.image[..., None]
        empty = not prepared.image.any()
        shown = {
            "sequence": drawing.get("sequence"),
            "empty": empty,
            "crop": list(prepared.crop),
            "image": as_bytes(image, high=1),
            "maps": maps_of(self._network, image, MOST_MAPS),
        }
        if empty:
            return {**shown, "says": _("Nothing is drawn.") if drawing.get("settled") else ""}
        probabilities = self._network.predict(image[None])[0]
        most = int(probabilities.argmax())
        shown |= {"probabilities": [round(float(p), 5) for p in probabilities], "most": most}
        if drawing.get("settled"):
            shown |= self._rested(image, most, along=along)
            if not along:
                shown["says"] = _(
                    "Read as {name}, with {share:.0%}.",
                    name=self.texts["class_names"][most],
                    share=float(probabilities[most]),
                )
        return shown

    def _rested(self, image: NDArray[np.float32], most: int, *, along: bool) -> dict[str, Any]:
        """What is shown when the pen rests; `along` with a training, twice a second is enough."""
        is_same = image.tobytes() == self._rested_on
        if not (along and is_same and time.monotonic() - self._rested_at < REST_S):
            self._rest = {
                "rests": self._rests(image, most),
                "moved": self._moved(image[..., 0], most),
                "nearest": self._rest["nearest"] if is_same else self._nearest(image),
            }
            self._rested_on, self._rested_at = image.tobytes(), time.monotonic()
        return self._rest

    def _rests(self, image: NDArray[np.float32], most: int) -> dict[str, Any]:
        """How far the probability of the answer falls where the drawing is covered."""
        rests = occlusion_map(lambda images: self._network.predict(images)[:, most], image, stride=2)
        row, column = (int(k) for k in np.unravel_index(int(rests.argmax()), rests.shape))
        return {
            "rows": rests.shape[0],
            "columns": rests.shape[1],
            "values": as_bytes(rests),
            "text": _(
                "Covered at row {row}, column {column}, it loses most: {points:.1f} points of probability.",
                row=row * SIDE // rests.shape[0],
                column=column * SIDE // rests.shape[1],
                points=100 * float(rests.max()),
            ),
        }

    def _moved(self, image: NDArray[np.float32], most: int) -> dict[str, Any]:
        """How the answer changes with every move of up to 6 pixels and turn of up to 30 degrees: one batch."""
        moved = shifted(image, REACH).reshape(-1, SIDE, SIDE)
        images = np.concatenate([moved, turned(image, ANGLES)])[..., None]
        probabilities = self._network.predict(images)
        labels = probabilities.argmax(axis=1)
        same = labels == most
        return {
            "side": 2 * REACH + 1,
            "angles": ANGLES.tolist(),
            "labels": [self.texts["class_names"][label] for label in labels],
            "same": same.tolist(),
            "values": as_bytes(probabilities[:, most], high=1),
            "text": _(
                "moved, it is read as {name} at {n} of {all} places",
                name=self.texts["class_names"][most],
                n=int(same[: len(moved)].sum()),
                all=len(moved),
            ),
        }

    def _nearest(self, image: NDArray[np.float32]) -> dict[str, Any]:
        """The training images that are nearest, pixel by pixel."""
        if self._training is None:
            return {"values": "", "labels": []}
        x, y = self._training
        found = nearest_images(image[None], x, min(N_NEAREST, len(x))).indices[0]
        names = [self.texts["class_names"][label] for label in y[found]]
        return {"values": as_bytes(x[found], high=1), "labels": names}

    def _develop(self, change: Any) -> None:
        """Make a drawing of a photograph, and show the steps."""
        given = change["new"]
        with using(self.texts["lang"]):
            try:
                shown = _developed(_grey(given))
            except BadInput as reason:
                shown = {"problem": str(reason), "steps": [], "ink": ""}
            self.developed = {"sequence": given.get("sequence"), **shown}


def _ink(pixels: object) -> NDArray[np.float32]:
    """The drawing, 0–1; a message that isn't one is an empty drawing."""
    try:
        content = b64decode(str(pixels), validate=True)
        return np.frombuffer(content, np.uint8).reshape(DRAWN, DRAWN).astype(np.float32) / np.float32(255)
    except ValueError:
        return np.zeros((DRAWN, DRAWN), np.float32)


def _grey(photo: dict[str, Any]) -> NDArray[np.float32]:
    """The photograph, 0 black to 1 white.

    Raises:
        BadInput: the message holds none.
    """
    try:
        rows, columns = int(photo["rows"]), int(photo["columns"])
        if not (0 < rows <= LARGEST_PHOTO and 0 < columns <= LARGEST_PHOTO):
            raise ValueError
        content = b64decode(str(photo["pixels"]), validate=True)
        return np.frombuffer(content, np.uint8).reshape(rows, columns).astype(np.float32) / np.float32(255)
    except (ValueError, TypeError, KeyError, OverflowError) as problem:
        raise BadInput(_("This is not a picture that the pad can read.")) from problem


def _developed(grey: NDArray[np.float32]) -> dict[str, Any]:
    """The steps from a photograph to a drawing, and the drawing."""
    done = read_photograph(grey)
    texts = (
        _("the photograph"),
        _("how much darker than the paper around it"),
        _(
            "ink: darker than {share:.0%}, without rim and dust, strokes as thick as MNIST's",
            share=done.threshold,
        ),
    )
    steps = []
    for text, values in zip(texts, (1 - done.grey, done.darkness, done.ink), strict=True):
        small = shrunk(values, DRAWN)
        steps.append(
            {
                "text": text,
                "rows": small.shape[0],
                "columns": small.shape[1],
                "values": as_bytes(small, high=1),
            }
        )
    ink = np.zeros((DRAWN, DRAWN), np.float32)
    top, left, bottom, right = prepare(done.ink).crop
    digit = shrunk(done.ink[top:bottom, left:right], DRAWN * 5 // 7)
    rows, columns = ((DRAWN - side) // 2 for side in digit.shape)
    ink[rows : rows + digit.shape[0], columns : columns + digit.shape[1]] = digit
    return {"problem": "", "steps": steps, "ink": as_bytes(ink, high=1)}


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
        "photo": _("Open a photograph"),
        "photo_problem": _("This file is not a picture that the browser can open."),
        "photo_large": _("This picture has more than 50 million pixels: make it smaller first."),
        "largest": LARGEST_PHOTO,
        "moved": _("Moved by up to 6 pixels, turned by up to 30°: is it still read so?"),
        "degrees": _("degrees"),
        "nearest": _("The nearest training images"),
        "as_mnist": _("prepared as MNIST's digits"),
        "answer": _("What the network reads"),
        "about": _("A pad to draw a digit on: the network says what it reads."),
        "training_image": _("a training image of a {name}"),
        "words": glossary("map", "occlusion"),
        "way": _("From your drawing to its input"),
        "cropped": _("1. cropped to the ink"),
        "seen": _("2. at most 20×20, its centre of mass in the middle of 28×28: the input"),
        "rests": _("3. what the answer rests on: covered, it loses probability there"),
    }
