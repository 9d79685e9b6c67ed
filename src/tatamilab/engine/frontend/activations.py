"""One row for each activation that Keras names."""

from collections.abc import Callable
from typing import Any

import keras

from tatamilab.engine.frontend.calls import Call
from tatamilab.engine.graph import Activation, ActivationKind, Node, Softmax
from tatamilab.i18n import _

KINDS: dict[Callable[..., Any], tuple[ActivationKind, float]] = {
    keras.activations.relu: ("relu", 0.0),
    keras.activations.relu6: ("relu6", 0.0),
    keras.activations.leaky_relu: ("leaky_relu", 0.2),
    keras.activations.elu: ("elu", 1.0),
    keras.activations.selu: ("selu", 0.0),
    keras.activations.celu: ("celu", 1.0),
    keras.activations.gelu: ("gelu", 0.0),
    keras.activations.silu: ("silu", 0.0),
    keras.activations.softplus: ("softplus", 0.0),
    keras.activations.softsign: ("softsign", 0.0),
    keras.activations.sigmoid: ("sigmoid", 0.0),
    keras.activations.hard_sigmoid: ("hard_sigmoid", 0.0),
    keras.activations.hard_silu: ("hard_silu", 0.0),
    keras.activations.tanh: ("tanh", 0.0),
    keras.activations.hard_tanh: ("hard_tanh", 0.0),
    keras.activations.exponential: ("exponential", 0.0),
    keras.activations.mish: ("mish", 0.0),
    keras.activations.log_sigmoid: ("log_sigmoid", 0.0),
    keras.activations.soft_shrink: ("soft_shrink", 0.5),
    keras.activations.hard_shrink: ("hard_shrink", 0.5),
    keras.activations.tanh_shrink: ("tanh_shrink", 0.0),
    keras.activations.squareplus: ("squareplus", 4.0),
    keras.activations.sparse_plus: ("sparse_plus", 0.0),
    keras.activations.sparse_sigmoid: ("sparse_sigmoid", 0.0),
}
"""Kind and `alpha` of each activation that works element by element; `alpha` is Keras's default."""


def apply(call: Call, x: Node, name: str) -> tuple[Node, ...]:
    """The node `name` that applies the activation of `call.layer` to `x`; none for a linear one.

    Raises:
        Unsupported: the activation is a function of the user's, or mixes channels in a way not lowered.
    """
    function = call.layer.activation
    if function in (None, keras.activations.linear):
        return ()
    if function in (keras.activations.softmax, keras.activations.log_softmax):
        log = function is keras.activations.log_softmax
        return (Softmax(name=name, inputs=(x.name,), shape=x.shape, log=log),)
    if function not in KINDS:
        title = getattr(function, "__name__", type(function).__name__)
        call.refuse(_("has the activation {activation!r}, which isn't lowered", activation=title))
    kind, alpha = KINDS[function]
    return (Activation(name=name, inputs=(x.name,), shape=x.shape, kind=kind, alpha=alpha),)


def fused(call: Call, x: Node) -> tuple[Node, ...]:
    """The node for the argument `activation=` of the layer that made `x`."""
    title = getattr(call.layer.activation, "__name__", "activation")
    return apply(call, x, f"{call.name}/{title}")


def activation(call: Call) -> tuple[Node, ...]:
    """Activation."""
    return apply(call, call.x, call.name)


def _elementwise(call: Call, kind: ActivationKind, alpha: float = 0.0) -> tuple[Node, ...]:
    x = call.x
    return (Activation(name=call.name, inputs=(x.name,), shape=x.shape, kind=kind, alpha=alpha),)


def elu(call: Call) -> tuple[Node, ...]:
    """ELU."""
    return _elementwise(call, "elu", float(call.config["alpha"]))


def leaky_relu(call: Call) -> tuple[Node, ...]:
    """LeakyReLU."""
    return _elementwise(call, "leaky_relu", float(call.config["negative_slope"]))


def relu(call: Call) -> tuple[Node, ...]:
    """ReLU, with at most one of its options."""
    config = call.config
    match float(config["negative_slope"] or 0), config["max_value"], float(config["threshold"] or 0):
        case (0.0, None, 0.0):
            return _elementwise(call, "relu")
        case (0.0, 6.0, 0.0):
            return _elementwise(call, "relu6")
        case (slope, None, 0.0):
            return _elementwise(call, "leaky_relu", slope)
        case (0.0, None, threshold):
            return _elementwise(call, "threshold", threshold)
        case _:
            return call.refuse(
                _("combines max_value, negative_slope and threshold in a way that isn't lowered")
            )


def softmax(call: Call) -> tuple[Node, ...]:
    """Softmax over the last axis."""
    if call.config["axis"] not in (-1, len(call.x.shape)):
        call.refuse(_("normalizes axis {axis}; only the last one is lowered", axis=call.config["axis"]))
    return (Softmax(name=call.name, inputs=(call.x.name,), shape=call.x.shape),)
