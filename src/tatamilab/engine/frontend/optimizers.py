"""Optimizers."""

from typing import Any

import keras

from tatamilab.engine.graph import Optimizer, Unsupported
from tatamilab.i18n import _


def lower(optimizer: Any) -> Optimizer:
    """The optimizer as data."""
    config = optimizer.get_config()
    if type(optimizer) is keras.optimizers.Adam:
        return Optimizer(
            kind="adam", beta_1=config["beta_1"], beta_2=config["beta_2"], epsilon=config["epsilon"]
        )
    raise Unsupported(_("optimizer {name!r}", name=type(optimizer).__name__), _("isn't lowered"))
