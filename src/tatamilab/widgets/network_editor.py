"""`NetworkEditor`: a network put together from blocks, with its shapes, its arithmetic and its cost before training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import traitlets

from tatamilab.errors import BadInput
from tatamilab.i18n import _, using
from tatamilab.session import Blueprint, Setup
from tatamilab.session.blocks import Conv, Dense, Dropout, Norm, Pool
from tatamilab.session.blueprint import PRESETS, Row
from tatamilab.session.setup import LONG_S, SIZES
from tatamilab.session.speed import estimated_s
from tatamilab.widgets.part import Part, front_end
from tatamilab.widgets.words import glossary

if TYPE_CHECKING:
    import keras

EPOCHS = (1, 2, 5, 10, 20, 50, 100)
BATCHES = (16, 32, 64, 128, 256, 512)

FLOAT_BYTES = 4
COPIES = 4
"""Of each parameter, while Adam trains it: the weight, its gradient, two moments."""


class NetworkEditor(Part):
    """Layers as blocks to add, remove, move and set; what does not fit is said where it stands.

    Args:
        setup: what is there at first; the worksheet's if None.
        use: called with the setup when "Train this network" is pressed; without it there is no such button.

    Attributes:
        setup: as it stands now; its network may be one that cannot be built.

    Example:
        >>> editor = NetworkEditor()
        >>> editor.described["rows"][0]["arithmetic"]
        '5×5×1×32 + 32 = 832'
    """

    _esm = front_end("network_editor", "js")
    _css = front_end("network_editor", "css")
    edited = traitlets.Dict().tag(sync=True, goes="up")
    described = traitlets.Dict().tag(sync=True, goes="down")

    def __init__(self, setup: Setup | None = None, use: Callable[[Setup], None] | None = None) -> None:
        self.setup = setup or Setup()
        self._begun_with = self.setup
        self._use = use
        super().__init__(_texts(can_use=use is not None))
        self.described = self._description("")
        self.observe(self._obey, "edited")

    def build(self) -> keras.Sequential:
        """The network as a Keras model, not compiled.

        Raises:
            BadInput: it cannot be built.
        """
        return self.setup.network.build()

    def in_words(self) -> str:
        """The network's parameters and cost, or what does not fit."""
        shown = self.described
        return str(shown["problem"]) or f"{shown['total']}; {shown['cost']}"

    def _obey(self, change: Any) -> None:
        edited = change["new"]
        with using(self.texts["lang"]):
            problem = ""
            try:
                self.setup = _changed(self.setup, edited)
                if edited.get("use") and self._use and not self.setup.network.problem:
                    self._begun_with = self.setup
                    self._use(self.setup)
            except BadInput as reason:
                problem = str(reason)
            self.described = self._description(problem)

    def _description(self, problem: str) -> dict[str, Any]:
        network = self.setup.network
        rows = network.rows()
        problem = problem or network.problem
        return {
            "sequence": self.edited.get("sequence"),
            "blocks": _blocks(network),
            "rows": [_shown(row) for row in rows],
            "images": self.setup.images,
            "epochs": self.setup.epochs,
            "batch_size": self.setup.batch_size,
            "preset": next((name for name, text in PRESETS.items() if text == network.text()), ""),
            "problem": problem,
            "total": "" if problem else _total(network),
            "cost": "" if problem else _cost(self.setup),
            "long": not problem and estimated_s(self.setup) > LONG_S,
            "changed": self.setup != self._begun_with,
        }


def _changed(setup: Setup, edited: dict[str, Any]) -> Setup:
    """The setup with what was edited; what is no number that is offered stays.

    Raises:
        BadInput: the blocks are none.
    """
    network = Blueprint.of(edited["blocks"]) if "blocks" in edited else setup.network
    offered = {"images": SIZES, "epochs": EPOCHS, "batch_size": BATCHES}
    numbers = {name: edited[name] for name, values in offered.items() if edited.get(name) in values}
    return replace(setup, network=network, **numbers)


def _blocks(network: Blueprint) -> list[dict[str, Any]]:
    return [block.model_dump() for block in network.blocks]


def _shown(row: Row) -> dict[str, Any]:
    return {
        "block": row.block,
        "kind": row.kind,
        "shape": list(row.shape or ()),
        "text": "×".join(f"{side:,}" for side in row.shape or ()),
        "arithmetic": row.arithmetic,
        "problem": row.problem,
    }


def _total(network: Blueprint) -> str:
    n = network.n_parameters
    return _(
        "{n:,} parameters ({size}; {training} while Adam trains them), {macs:,} multiply-adds an image",
        n=n,
        size=_bytes(n * FLOAT_BYTES),
        training=_bytes(n * FLOAT_BYTES * COPIES),
        macs=network.macs,
    )


def _bytes(n: int) -> str:
    return f"{n / 2**20:.1f} MB" if n >= 2**20 else f"{n / 2**10:.0f} kB"


def _cost(setup: Setup) -> str:
    seconds = estimated_s(setup)
    if seconds > LONG_S:
        return _("about {n:.0f} minutes of training on this machine: think twice", n=seconds / 60)
    if seconds > 90:
        return _("about {n:.0f} minutes of training on this machine", n=seconds / 60)
    return _("about {n:.2g} s of training on this machine", n=seconds)


def _texts(*, can_use: bool) -> dict[str, Any]:
    names = {
        "conv": _("Convolution"),
        "pool": _("Pool"),
        "dense": _("Dense"),
        "dropout": _("Dropout"),
        "norm": _("Batch normalisation"),
        "flatten": _("Flatten"),
        "output": _("Output: Dense(10, softmax)"),
    }
    presets = {
        "worksheet": _("the worksheet's"),
        "bpnn": _("plain, without convolution (BPNN)"),
        "small-data": _("for 600 images"),
        "two-conv": _("two convolutions"),
        "lenet-5": _("LeNet-5 (1998)"),
    }
    return {
        "can_use": can_use,
        "words": glossary(
            "filter",
            "stride",
            "padding",
            "pool",
            "dense",
            "activation",
            "softmax",
            "dropout",
            "normalisation",
            "parameter",
            "multiply-add",
            "epoch",
            "batch",
        ),
        "names": names,
        "presets": [[name, presets[name], _blocks(Blueprint.parse(text))] for name, text in PRESETS.items()],
        "fields": _fields(),
        "new": [one().model_dump() for one in (Conv, Pool, Dense, Dropout, Norm)],
        "choices": [
            ["images", _("Images"), list(SIZES)],
            ["epochs", _("Epochs"), list(EPOCHS)],
            ["batch_size", _("Batch size"), list(BATCHES)],
        ],
        "preset": _("Begin with"),
        "own": _("your own"),
        "input": _("Input"),
        "add": _("Add:"),
        "earlier": _("Move {name} {number} up"),
        "later": _("Move {name} {number} down"),
        "remove": _("Remove {name} {number}"),
        "use": _("Train this network"),
        "same": _("This network is the one that is trained on this page; change it to train another."),
        "range": _("{name}: a whole number from {low} to {high}"),
        "at": _("layer {number}: {problem}"),
        "drawing": _("The network to scale: maps by rows, columns and channels, vectors by area"),
    }


def _fields() -> dict[str, list[list[Any]]]:
    """What can be set of each kind of block: key, label, and the choices or the range."""
    activation = ["activation", _("activation"), [["relu", "ReLU"], ["tanh", "tanh"], ["sigmoid", "sigmoid"],
                  ["linear", _("none")]]]  # fmt: skip
    return {
        "conv": [
            ["filters", _("filters"), [1, 128]],
            ["kernel", _("kernel"), [1, 15]],
            ["stride", _("stride"), [1, 4]],
            ["padding", _("padding"), [["valid", _("none")], ["same", _("zeros")]]],
            activation,
        ],
        "pool": [
            ["size", _("size"), [1, 8]],
            ["mode", _("takes"), [["max", _("the largest")], ["average", _("the mean")]]],
        ],
        "dense": [["units", _("units"), [1, 1024]], activation],
        "dropout": [["percent", _("percent left out"), [1, 90]]],
        "norm": [],
    }
