"""`Setup`: all that decides a run of the laboratory, as an address holds it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.session.blueprint import WORKSHEET, Blueprint

SIZES = (100, 600, 2000, 6000, 20_000, 60_000)
"""Numbers of images that are offered."""

LONG_S = 600.0
"""Seconds of training from which on a network is said to take long, before it is trained."""


@dataclass(frozen=True)
class Setup:
    """Network, images and options; no name, no number of a student, no drawing.

    Attributes:
        network: what is trained.
        images: the first so many of MNIST's training images, a tenth of which is held back.
        epochs: passes over them.
        batch_size: images a step.
        learning_rate: Adam's, at the beginning.
        seed: of weights and orders.
    """

    network: Blueprint = WORKSHEET
    images: int = 60_000
    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 0.001
    seed: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> tuple["Setup", list[str]]:
        """The setup of an address; what is wrong in it is said, and is as usual instead.

        Args:
            query: its parameters; those of other names are left alone.

        Example:
            >>> setup, wrong = Setup.read({"epochs": "3", "net": "d32"})
            >>> (setup.epochs, setup.network.text(), wrong)
            (3, 'd32', [])
        """
        values: dict[str, Any] = {}
        wrong = []
        for key, (field, made) in _KEYS.items():
            if key not in query:
                continue
            try:
                values[field] = made(query[key])
            except BadInput as reason:
                wrong.append(_("{key}: {reason}", key=key, reason=reason))
        return cls(**values), wrong

    def query(self) -> str:
        """The parameters of its address: those that are not as usual; empty if all are.

        Example:
            >>> Setup(epochs=3).query()
            'epochs=3'
        """
        usual = Setup()
        written = {
            key: self.network.text() if key == "net" else f"{getattr(self, field)}"
            for key, (field, _made) in _KEYS.items()
            if getattr(self, field) != getattr(usual, field)
        }
        return urlencode(written)

    def with_seed(self, seed: int) -> "Setup":
        """The same with another seed."""
        return replace(self, seed=seed)


def _whole(low: int, high: int) -> Callable[[str], int]:
    def made(text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 12 or not low <= int(text) <= high:
            raise BadInput(
                _(
                    "a whole number from {low:,} to {high:,}, not {received!r}",
                    low=low,
                    high=high,
                    received=text[:40],
                )
            )
        return int(text)

    return made


def _rate(text: str) -> float:
    try:
        rate = float(text[:40])
    except ValueError:
        rate = math.nan
    if not 0 < rate <= 10:
        raise BadInput(_("a number above 0, at most 10, not {received!r}", received=text[:40]))
    return rate


_KEYS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "net": ("network", lambda text: Blueprint.parse(text[:400]).checked()),
    "images": ("images", _whole(20, 60_000)),
    "epochs": ("epochs", _whole(1, 200)),
    "batch": ("batch_size", _whole(1, 1024)),
    "rate": ("learning_rate", _rate),
    "seed": ("seed", _whole(0, 2**32 - 1)),
}
