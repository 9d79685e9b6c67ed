"""Functions of one element and their derivatives: one row of `CURVES` for each kind of activation.

Each function gives y = f(x) and f′(x). At a kink, at ±inf and at NaN the derivative is what differentiating
Keras's own formula on JAX gives: 0 at the kink of a ReLU, the mean of both sides where JAX clips, and NaN
where the branch not taken multiplies 0 by an infinity.
"""

from collections.abc import Callable
from math import pi, sqrt

from tatamilab.engine.emit import math
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import Value
from tatamilab.engine.graph import Activation, ActivationKind

ValueAndSlope = tuple[Value, Value]
Curve = Callable[[Kernel, Value, float], ValueAndSlope]
"""The kernel, x, and the node's `alpha`."""

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def activate(k: Kernel, node: Activation, x: Value) -> ValueAndSlope:
    """f(x) and f′(x)."""
    return CURVES[node.kind](k, x, node.alpha)


# -- straight lines -----------------------------------------------------------------------------------------


def _step(k: Kernel, condition: Value, inside: float = 1.0, outside: float = 0.0) -> Value:
    return k.where(condition, k.constant(inside), outside)


def _relu(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    return k.relu(x), _step(k, k.compare(">", x, 0.0))


def _relu6(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    inside = k.both(k.compare(">", x, 0.0), k.compare("<", x, 6.0))
    return math.clamp(k, x, 0.0, 6.0), _step(k, inside)


def _leaky_relu(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    keep = k.compare(">=", x, 0.0)
    return k.where(keep, x, x * alpha), _step(k, keep, 1.0, alpha)


def _threshold(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    above = k.compare(">", x, alpha)
    return k.where(above, x, 0.0), _step(k, above)


def _hard_tanh(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    outside = k.compare(">", k.call("llvm.fabs", x), 1.0)
    return math.clamp(k, x, -1.0, 1.0), _step(k, outside, 0.0, 1.0)


def _hard_sigmoid(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    """relu6(x + 3)/6."""
    y, slope = _relu6(k, x + 3.0, alpha)
    return y / 6.0, (slope * (1 / 6)).value()


def _hard_silu(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    """x·relu6(x + 3)/6."""
    s, slope = _hard_sigmoid(k, x, alpha)
    bent = k.where(k.compare(">", slope, 0.0), (x * (1 / 6)).value(), 0.0)
    return (x * s).value(), bent + s


def _hard_shrink(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    outside = k.compare(">", k.call("llvm.fabs", x), alpha)
    return k.where(outside, x, 0.0), _step(k, outside)


def _soft_shrink(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    above, below = k.compare(">", x, alpha), k.compare("<", x, -alpha)
    y = k.where(above, x - alpha, k.where(below, x + alpha, k.constant(0.0)))
    return y, _step(k, k.either(above, below))


def _sparse_sigmoid(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    """clip(x + 1, 0, 2)/2."""
    y, slope = math.clip(k, x + 1.0, 0.0, 2.0)
    return (y * 0.5).value(), (slope * 0.5).value()


def _sparse_plus(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    """0 up to −1, (x + 1)²/4 up to 1, then x."""
    low, high, shifted = k.compare("<=", x, -1.0), k.compare(">=", x, 1.0), x + 1.0
    bent = ((shifted * shifted).value() * 0.25).value()
    slope = k.where(low, k.constant(0.0), k.where(high, k.constant(1.0), shifted * 0.5))
    return k.where(low, k.constant(0.0), k.where(high, x, bent)), slope + _nan_where_infinite(x)


def _nan_where_infinite(x: Value) -> Value:
    """0·x: what JAX adds to a slope where a formula that holds elsewhere would be infinite."""
    return (x * 0.0).value()


# -- exponentials -------------------------------------------------------------------------------------------


def _exponential(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    y = math.exp(k, x)
    return y, y


def _elu(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    """x above 0, α(eˣ − 1) below. Source: Clevert et al. (2016), equation 15."""
    return _exponential_unit(k, x, alpha, 1.0)


def _celu(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    """x above 0, α(e^(x/α) − 1) below. Source: Barron (2017), equation 2."""
    return _exponential_unit(k, x, alpha, alpha)


def _selu(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    """λ·elu(x) with the α and λ of Klambauer et al. (2017), equation 2."""
    y, slope = _exponential_unit(k, x, SELU_ALPHA, 1.0)
    return (y * SELU_SCALE).value(), (slope * SELU_SCALE).value()


def _exponential_unit(k: Kernel, x: Value, height: float, width: float) -> ValueAndSlope:
    """x above 0, height·(e^(x/width) − 1) below."""
    above = k.compare(">", x, 0.0)
    below = k.where(above, k.constant(0.0), x / width)
    y = k.where(above, x, math.expm1(k, below) * height)
    return y, k.where(above, k.constant(1.0), math.exp(k, below) * (height / width))


def _sigmoid(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    y = math.sigmoid(k, x)
    return y, (y * (1.0 - y)).value()


def _tanh(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    y = math.tanh(k, x)
    return y, ((y + 1.0) * (1.0 - y)).value()


def _tanh_shrink(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    y, slope = _tanh(k, x, alpha)
    return x - y, 1.0 - slope


def _silu(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    s = math.sigmoid(k, x)
    y = (x * s).value()
    return y, (y * (1.0 - s)).value() + s


def _softplus(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    return math.log1p_exp(k, x), math.sigmoid(k, x)


def _log_sigmoid(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    y, slope = _softplus(k, -x, alpha)
    return -y, slope


def _mish(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    """x·tanh(log(1 + eˣ)). Source: Misra (2019), equation 1."""
    t, bend = _tanh(k, math.log1p_exp(k, x), alpha)
    return (x * t).value(), ((x * bend).value() * math.sigmoid(k, x)).value() + t


def _gelu(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    """x·Φ(x), with Φ(x) = ½erfc(−x/√2) the normal distribution.

    Source: Hendrycks and Gimpel (2016), section 2.
    """
    share = (math.erfc(k, (x * -sqrt(0.5)).value()) * 0.5).value()
    density = (math.exp(k, ((x * x).value() * -0.5).value()) * (1 / sqrt(2 * pi))).value()
    return (x * share).value(), x * density + share


# -- roots and quotients ------------------------------------------------------------------------------------


def _softsign(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    inverse = 1.0 / (k.call("llvm.fabs", x) + 1.0)
    return x / (k.call("llvm.fabs", x) + 1.0), inverse * inverse + _nan_where_infinite(x)


def _squareplus(k: Kernel, x: Value, alpha: float) -> ValueAndSlope:
    """(x + √(x² + b))/2, with b the `alpha`. Source: Barron (2021), equation 1."""
    root = k.call("llvm.sqrt", x * x + k.constant(alpha))
    return ((x + root) * 0.5).value(), ((x / root + 1.0) * 0.5).value()


CURVES: dict[ActivationKind, Curve] = {
    "relu": _relu,
    "relu6": _relu6,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "celu": _celu,
    "gelu": _gelu,
    "silu": _silu,
    "softplus": _softplus,
    "softsign": _softsign,
    "sigmoid": _sigmoid,
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": _hard_silu,
    "tanh": _tanh,
    "hard_tanh": _hard_tanh,
    "exponential": _exponential,
    "mish": _mish,
    "log_sigmoid": _log_sigmoid,
    "soft_shrink": _soft_shrink,
    "hard_shrink": _hard_shrink,
    "tanh_shrink": _tanh_shrink,
    "squareplus": _squareplus,
    "threshold": _threshold,
    "sparse_plus": _sparse_plus,
    "sparse_sigmoid": _sparse_sigmoid,
}
"""The curve of every kind."""
