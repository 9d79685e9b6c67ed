"""Readers of `.keras` files, and of a network in an address."""

import json
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

from fuzz.reader import Reader, at, packed
from tatamilab.models.keras_file import read_keras_file
from tatamilab.session.blueprint import PRESETS, Blueprint
from tatamilab.session.setup import Setup


@cache
def saved() -> dict[str, bytes]:
    """The members of a small model as Keras saves it."""
    import tempfile

    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(2, 3, activation="relu", kernel_regularizer="l2"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(3, activation="softmax"),
        ]
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.keras")
        model.save(path)
        with zipfile.ZipFile(path) as members:
            return {name: members.read(name) for name in members.namelist()}


def read_model(content: bytes, folder: Path) -> None:
    read_keras_file(at(folder, "mine.keras", content))


def read_config(content: bytes, folder: Path) -> None:
    read_model(packed({**saved(), "config.json": content}), folder)


def read_weights(content: bytes, folder: Path) -> None:
    read_model(packed({**saved(), "model.weights.h5": content}), folder)


def config_seeds() -> Sequence[bytes]:
    def changed(index: int, **values: object) -> bytes:
        config = json.loads(saved()["config.json"])
        config["config"]["layers"][index]["config"].update(values)
        return json.dumps(config).encode()

    lambda_ = {
        "class_name": "Lambda",
        "module": "keras.layers",
        "config": {"function": "x"},
        "registered_name": None,
    }
    config = json.loads(saved()["config.json"])
    config["config"]["layers"].insert(1, lambda_)
    return [
        saved()["config.json"],
        changed(5, units=10**6),
        changed(1, filters=10**7),
        json.dumps(config).encode(),
    ]


def read_address(content: bytes, _folder: Path) -> None:
    """Whatever an address holds, a setup comes of it, which its own address holds."""
    setup, _wrong = Setup.read(dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True)))
    again, wrong = Setup.read(dict(parse_qsl(setup.query(), keep_blank_values=True)))
    assert (again, wrong) == (setup, [])


def read_blueprint(content: bytes, _folder: Path) -> None:
    network = Blueprint.parse(content.decode("utf-8", "replace"))
    assert Blueprint.parse(network.text()) == network
    network.rows()
    assert isinstance(network.problem, str)


def read_blocks(content: bytes, _folder: Path) -> None:
    try:
        blocks = json.loads(content)
    except (ValueError, RecursionError):
        return
    Blueprint.of(blocks).rows()


READERS = (
    Reader("keras", read_model, lambda: [packed(saved()), packed(saved(), 8)], 0.4),
    Reader("keras-config", read_config, config_seeds, 0.4),
    Reader("keras-weights", read_weights, lambda: [saved()["model.weights.h5"]], 0.4),
    Reader(
        "address",
        read_address,
        lambda: [
            b"net=c32k5_p2_d20&images=600&epochs=3&batch=64&rate=0.01&seed=7",
            b"net=n_o25_d10&rate=1e-3",
        ],
        60,
    ),
    Reader("blueprint", read_blueprint, lambda: [text.encode() for text in PRESETS.values()], 60),
    Reader(
        "blocks",
        read_blocks,
        lambda: [
            json.dumps([b.model_dump() for b in Blueprint.parse(t).blocks]).encode() for t in PRESETS.values()
        ],
        15,
    ),
)
