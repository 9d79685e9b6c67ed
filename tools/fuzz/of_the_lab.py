"""Readers of what a browser sends: messages to the parts of the page, and requests."""

import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from fuzz.reader import Reader
from tatamilab.data import Dataset, Provenance
from tatamilab.lab.guard import Guard
from tatamilab.session import LiveRun, Sample, Setup, Shelf
from tatamilab.widgets import DigitPad, Mistakes, NetworkEditor, PixelArithmetic, Runs, SampleSlider, Training
from tatamilab.widgets.part import Part

PIXELS = b64encode(bytes(40) + bytes([255]) * 400 + bytes(112 * 112 - 440)).decode()
PHOTO = b64encode(bytes([230]) * 300 + bytes([10]) * 40 + bytes([230]) * 60).decode()


@cache
def few() -> Dataset:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (40, 28, 28, 1), np.uint8), np.arange(40) % 10
    return Dataset("few", x, y, x, y, tuple("0123456789"), Provenance("made up"))


@cache
def run() -> LiveRun:
    def small() -> Any:
        import keras

        layers = keras.layers
        return keras.Sequential(
            [keras.Input((28, 28, 1)), layers.Conv2D(2, 5, activation="relu"), layers.MaxPooling2D(4), layers.Flatten(),
             layers.Dense(10, activation="softmax")]
        )  # fmt: skip

    return LiveRun(small, Sample.of(few()), epochs=2, batch_size=8)


@cache
def part(name: str) -> Part:
    """One part of each kind, as a page has it."""
    data = few()
    images = data.x_test.astype(np.float32) / 255
    makers: dict[str, Callable[[], Part]] = {
        "digit-pad": lambda: DigitPad(run(), run().sample.class_names),
        "mistakes": lambda: Mistakes(run(), images, data.y_test),
        "network-editor": lambda: NetworkEditor(Setup(), lambda _setup: None),
        "pixel-arithmetic": lambda: PixelArithmetic(run(), images),
        "runs": lambda: Runs(Shelf(Path("no-such-folder")), run(), Setup(), lambda _setup, _kept: None),
        "sample-slider": lambda: SampleSlider(data),
        "training": lambda: Training(run()),
    }
    return makers[name]()


def send(name: str, content: bytes) -> None:
    """Give a part what a socket brought: `{"trait": {…}}`; whatever it is, the part answers or leaves it alone."""
    try:
        message = json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return
    shown = part(name)
    for trait, value in message.items() if isinstance(message, dict) else ():
        if trait in shown.traits_up() and isinstance(value, dict):
            setattr(shown, trait, value)
    for trait in shown.traits_down():
        json.dumps(getattr(shown, trait), allow_nan=False)


def _refuse(constant: str) -> None:
    """The socket's own reader of JSON takes no NaN and no Infinity."""
    raise ValueError(constant)


def message(name: str, *seeds: dict[str, Any], share: float = 1.0) -> Reader:
    def written() -> Sequence[bytes]:
        return [json.dumps(seed).encode() for seed in seeds]

    return Reader(f"message-{name}", lambda content, _folder: send(name, content), written, share)


def request(content: bytes, _folder: Path) -> None:
    """The guard: lines are type, host, origin, cookie, query; nobody is let in who should not be."""
    kind, host, origin, cookie, query = (*content.split(b"\n", 4), b"", b"", b"", b"", b"")[:5]
    headers = [
        (b"Host", host),
        *([(b"origin", origin)] if origin else []),
        *([(b"cookie", cookie)] if cookie else []),
    ]
    scope = {
        "type": "websocket" if kind == b"w" else "http",
        "method": "GET",
        "path": "/",
        "headers": headers,
        "query_string": query,
    }
    own = host in (b"127.0.0.1:8080", b"localhost:8080", b"[::1]:8080")
    fits = origin in (b"http://" + host, b"https://" + host) or (not origin and kind != b"w")
    assert not enters(Guard(_inside, 8080), scope) or (own and fits)
    assert not enters(Guard(_inside, 8080, "a-token-of-length"), scope)


class _Entered(Exception):
    pass


async def _inside(_scope: Any, _receive: Any, _send: Any) -> None:
    raise _Entered


async def _nothing(*_given: Any) -> dict[str, str]:
    return {"type": "websocket.connect"}


def enters(guard: Guard, scope: Any) -> bool:
    coroutine = guard(scope, _nothing, _nothing)
    try:
        coroutine.send(None)
    except StopIteration:
        return False
    except _Entered:
        return True
    raise AssertionError("the guard waits")


READERS = (
    message(
        "digit-pad",
        {"drawing": {"pixels": PIXELS, "prepare": True, "settled": True, "sequence": 1}},
        {"drawing": {"pixels": PIXELS, "prepare": False}},
        {"photo": {"rows": 20, "columns": 20, "pixels": PHOTO, "sequence": 2}},
        share=0.5,
    ),
    message("mistakes", {"chosen": {"sequence": 1, "look": True, "true": 3, "predicted": 4, "page": 1}}),
    message(
        "network-editor",
        {"edited": {"sequence": 1, "blocks": [{"kind": "conv", "filters": 8}, {"kind": "dense", "units": 3}],
                    "images": 600, "epochs": 5, "batch_size": 128, "use": True}},
        share=3,
    ),
    message(
        "pixel-arithmetic",
        {"asked": {"sequence": 1, "layer": "conv2d", "image": 1, "filter": 1, "row": 3, "column": 4}},
    ),
    message("runs", {"command": {"name": "delete", "id": "0123abcd", "kind": "keras", "sequence": 1}}, share=2),
    message("sample-slider", {"asked": {"what": "stop", "size": 20, "draw": 1, "seed": 2, "model": "worksheet"}}),
    message(
        "training",
        {"command": {"name": "learning_rate", "value": 0.1}},
        {"command": {"name": "look_at", "value": 0}},
    ),
    Reader(
        "request",
        request,
        lambda: [
            b"w\n127.0.0.1:8080\nhttp://127.0.0.1:8080\ntatami_lab=0\nlang=ja",
            b"h\nlocalhost:8080\n\n\ntoken=a-token",
            b"w\nevil.example\nhttp://evil.example\n\ntoken=%ff",
        ],
        30,
    ),
)  # fmt: skip
