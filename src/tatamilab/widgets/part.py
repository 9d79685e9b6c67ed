"""What all parts have in common: their files, their words, whose network they show, and pictures as bytes."""

from __future__ import annotations

import math
import time
from base64 import b64encode
from collections.abc import Callable
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.errors import BadInput, MissingExtra
from tatamilab.i18n import _, language
from tatamilab.session import LiveRun, Network
from tatamilab.session.apart import Apart
from tatamilab.session.worker import Worker

try:
    import anywidget
    import traitlets
except ImportError as missing:
    raise MissingExtra("notebook", missing.name or "anywidget") from missing

if TYPE_CHECKING:
    import keras

    Source: TypeAlias = "keras.Model | Network | LiveRun"


def front_end(name: str, ending: str) -> str:
    """The module or style sheet of a part behind what all parts share: one file, as widgets load but one."""
    folder = files(__package__)
    return "\n".join(
        folder.joinpath(f"{stem}.{ending}").read_text(encoding="utf-8") for stem in ("common", name)
    )


class Part(anywidget.AnyWidget):
    """An interactive part; every trait of its own is a dict that goes one way only.

    Attributes:
        texts: all words, in the language of the moment in which the part was made; never changed.
        sight: whether any of it is on the screen.
    """

    _leave: Callable[[], None] | None = None

    texts = traitlets.Dict().tag(sync=True, goes="down")
    sight = traitlets.Dict({"visible": True}).tag(sync=True, goes="up")

    def __init__(self, texts: dict[str, Any]) -> None:
        super().__init__(texts={"lang": language(), **texts})

    @property
    def is_seen(self) -> bool:
        """Whether any of it is on the screen, as far as the browser has said."""
        return bool(self.sight.get("visible", True))

    def follow(self, source: object, listener: Callable[[], None], pace_s: float = 0.0) -> None:
        """Call `listener` after every change of `source`, if it tells of any, until the part is closed.

        What changes while the part is off the screen is told once, when it comes back: nothing is computed that
        nobody sees. What its own thread tells while it is at work is shown by another, which keeps no work waiting.

        Args:
            source: a run, or what else is made in the background.
            listener: asks `source` how it stands, and shows it.
            pace_s: seconds between two calls while `source` is at work; what comes to rest is shown at once.
        """
        if not isinstance(source, Worker):
            return
        apart, told_at = Apart(listener), -math.inf

        def told() -> None:
            nonlocal told_at
            if not self.is_seen:
                return
            if not source.is_at_work:
                listener()
            elif time.monotonic() - told_at >= pace_s:
                told_at = time.monotonic()
                apart()

        self._leave = source.subscribe(told)
        self.observe(lambda _change: listener() if self.is_seen else None, "sight")

    def in_words(self) -> str:
        """What it shows at this moment, for places that can show no more than words."""
        return str(self.texts.get("about", ""))

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """As a notebook shows it: the part itself, and its words for where nothing runs."""
        made = super()._repr_mimebundle_(**kwargs)
        if made is None:
            return None
        data, metadata = made
        return {**data, "text/plain": self.in_words() or repr(self)}, metadata

    def close(self) -> None:
        """Stop following a live run, which itself goes on."""
        if self._leave is not None:
            self._leave()
            self._leave = None
        super().close()
        self.layout.close()  # ipywidgets makes one for each part, and keeps what is not closed

    @classmethod
    def traits_down(cls) -> list[str]:
        """Names of the traits that go from Python to the browser."""
        return list(cls.class_trait_names(goes="down"))

    @classmethod
    def traits_up(cls) -> list[str]:
        """Names of the traits that go from the browser to Python."""
        return list(cls.class_trait_names(goes="up"))


def network_of(source: Source) -> Network:
    """The network that a Keras model is, or that a live run trains.

    Raises:
        Unsupported: a layer has no native form.
    """
    if isinstance(source, Network):
        return source
    return source.network if isinstance(source, LiveRun) else Network.of(source)


def checked_images(images: ArrayLike, network: Network) -> NDArray[np.float32]:
    """The images as float32, if the network reads such and there are any.

    Raises:
        BadInput: they have another shape.
    """
    checked = np.asarray(images, np.float32)
    if checked.shape[1:] != network.input_shape or not len(checked):
        raise BadInput(
            _(
                "The network reads images of shape {shape}; the images given have the shape {given}.",
                shape=network.input_shape,
                given=checked.shape,
            )
        )
    return checked


def maps_of(
    network: Network, image: NDArray[np.float32], most: int, n_layers: int | None = None
) -> list[dict[str, Any]]:
    """What each layer with maps makes of an image, each layer from 0 to its own largest value.

    Args:
        network: whose layers.
        image: (h, w, c).
        most: channels of a layer that are shown.
        n_layers: only the first so many; all if None.
    """
    layers = network.layers[:n_layers]
    values = network.values(image[None], *(layer.name for layer in layers))
    return [
        {
            "title": _(
                "{layer}: {rows}×{columns} × {channels}",
                layer=layer.name,
                rows=layer.shape[0],
                columns=layer.shape[1],
                channels=layer.shape[2],
            ),
            "says": _says_strongest(layer.name, value[0]),
            "rows": layer.shape[0],
            "columns": layer.shape[1],
            "count": min(layer.shape[2], most),
            "values": as_bytes(np.moveaxis(value[0, :, :, :most], -1, 0)),
        }
        for layer, value in zip(layers, values, strict=True)
    ]


def _says_strongest(name: str, maps: NDArray[np.float32]) -> str:
    """Which maps answer most, from their numbers."""
    peaks = maps.max(axis=(0, 1))
    order = np.argsort(-peaks, kind="stable")[:3]
    strongest = ", ".join(f"{number} ({peaks[number]:.2f})" for number in order)
    return _(
        "Maps of {layer}; those that answer most, with their largest value: {maps}.",
        layer=name,
        maps=strongest,
    )


def sharing(n_sharing: int, place: int) -> str:
    """What is said of the others who train on this machine; empty if there are none."""
    if place:
        return _("you are number {place} in line; {n} trainings share this machine", place=place, n=n_sharing)
    return _("{n} trainings take turns on this machine", n=n_sharing) if n_sharing > 1 else ""


def as_bytes(values: NDArray[Any], *, low: float = 0.0, high: float | None = None) -> str:
    """Values from `low` to `high` (the largest if None) as bytes 0–255, in base64; what lies outside is clipped."""
    top = float(values.max(initial=0)) if high is None else high
    span = top - low
    scaled = np.zeros_like(values, dtype=np.float32) if span <= 0 else (values - low) * np.float32(255 / span)
    within = np.fmin(np.fmax(scaled, 0), 255)  # what is not a number is 0
    return b64encode(np.rint(within).astype(np.uint8).tobytes()).decode()
