"""A compiled model's optimizer as data."""

from typing import Any, Literal

import keras

from tatamilab.engine.graph import Optimizer, Unsupported
from tatamilab.i18n import _

KINDS: dict[type, Literal["sgd", "adam", "adamw", "rmsprop", "adagrad", "nadam"]] = {
    keras.optimizers.SGD: "sgd",
    keras.optimizers.Adam: "adam",
    keras.optimizers.AdamW: "adamw",
    keras.optimizers.RMSprop: "rmsprop",
    keras.optimizers.Adagrad: "adagrad",
    keras.optimizers.Nadam: "nadam",
}
"""By exact class: a subclass may compute anything."""

OPTIONS = {
    "momentum": "momentum",
    "nesterov": "nesterov",
    "rho": "rho",
    "centered": "centered",
    "beta_1": "beta_1",
    "beta_2": "beta_2",
    "epsilon": "epsilon",
    "amsgrad": "amsgrad",
    "initial_accumulator_value": "initial_accumulator",
}
"""Our name of each option that only some optimizers have."""


def lower(optimizer: Any) -> Optimizer:
    """The rule by which `optimizer` changes the weights; its learning rate is not part of it.

    Raises:
        Unsupported: another optimizer, or an option that isn't lowered.
    """
    what = _("optimizer {kind}", kind=type(optimizer).__name__)
    if type(optimizer) not in KINDS:
        raise Unsupported(what, _("isn't lowered"))
    config = optimizer.get_config()
    for option in ("loss_scale_factor", "gradient_accumulation_steps"):
        if config[option] is not None:
            raise Unsupported(what, _("has {option}, which isn't lowered", option=option))
    if _leaves_out_weight_decay(optimizer):
        raise Unsupported(what, _("leaves some weights out of weight decay, which isn't lowered"))
    averages = config["use_ema"]
    return Optimizer(
        kind=KINDS[type(optimizer)],
        weight_decay=config["weight_decay"] or None,
        clipnorm=config["clipnorm"] or None,
        global_clipnorm=config["global_clipnorm"] or None,
        clipvalue=config["clipvalue"] or None,
        ema_momentum=config["ema_momentum"] if averages else None,
        ema_overwrite_frequency=config["ema_overwrite_frequency"] if averages else None,
        **{ours: config[keras_name] for keras_name, ours in OPTIONS.items() if keras_name in config},
    )


def _leaves_out_weight_decay(optimizer: Any) -> bool:
    # No trace of `exclude_from_weight_decay` is public; to overlook it would be to train wrongly.
    return any(
        getattr(optimizer, name, None)
        for name in ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")
    )
