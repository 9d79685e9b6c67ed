"""Each activation that works element by element, and its derivative, in float64 NumPy; kinks as in JAX."""

from collections.abc import Callable

import numpy as np
from scipy.special import erf, expit, log_expit

Array = np.ndarray
Curve = Callable[[Array, float], Array]

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def _softplus(x: Array) -> Array:
    return np.logaddexp(x, 0.0)


def _d_expm1(x: Array) -> Array:
    return np.exp(np.minimum(x, 0.0))


def _inside(x: Array, low: float, high: float) -> Array:
    return (x > low) & (x < high)


def _d_gelu(x: Array, a: float) -> Array:
    return 0.5 * (1 + erf(x / np.sqrt(2))) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


def _d_mish(x: Array, a: float) -> Array:
    t = np.tanh(_softplus(x))
    return t + x * (1 - t**2) * expit(x)


def _sparse_plus(x: Array, a: float) -> Array:
    return np.where(x <= -1, 0.0, np.where(x < 1, (x + 1) ** 2 / 4, x))


ACTIVATIONS: dict[str, tuple[Curve, Curve]] = {
    "relu": (lambda x, a: np.maximum(x, 0.0), lambda x, a: x > 0),
    "relu6": (lambda x, a: np.clip(x, 0.0, 6.0), lambda x, a: _inside(x, 0, 6)),
    "leaky_relu": (lambda x, a: np.where(x >= 0, x, a * x), lambda x, a: np.where(x >= 0, 1.0, a)),
    "elu": (
        lambda x, a: np.where(x > 0, x, a * np.expm1(np.minimum(x, 0.0))),
        lambda x, a: np.where(x > 0, 1.0, a * _d_expm1(x)),
    ),
    "selu": (
        lambda x, a: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0.0))),
        lambda x, a: SELU_SCALE * np.where(x > 0, 1.0, SELU_ALPHA * _d_expm1(x)),
    ),
    "celu": (
        lambda x, a: np.where(x > 0, x, a * np.expm1(np.minimum(x, 0.0) / a)),
        lambda x, a: np.where(x > 0, 1.0, _d_expm1(x / a)),
    ),
    "gelu": (lambda x, a: 0.5 * x * (1 + erf(x / np.sqrt(2))), _d_gelu),
    "silu": (lambda x, a: x * expit(x), lambda x, a: expit(x) * (1 + x * (1 - expit(x)))),
    "softplus": (lambda x, a: _softplus(x), lambda x, a: expit(x)),
    "softsign": (lambda x, a: x / (1 + np.abs(x)), lambda x, a: 1 / (1 + np.abs(x)) ** 2),
    "sigmoid": (lambda x, a: expit(x), lambda x, a: expit(x) * (1 - expit(x))),
    "hard_sigmoid": (lambda x, a: np.clip(x / 6 + 0.5, 0.0, 1.0), lambda x, a: _inside(x, -3, 3) / 6),
    "hard_silu": (
        lambda x, a: x * np.clip(x / 6 + 0.5, 0.0, 1.0),
        lambda x, a: np.clip(x / 6 + 0.5, 0.0, 1.0) + x * _inside(x, -3, 3) / 6,
    ),
    "tanh": (lambda x, a: np.tanh(x), lambda x, a: 1 - np.tanh(x) ** 2),
    "hard_tanh": (lambda x, a: np.clip(x, -1.0, 1.0), lambda x, a: np.abs(x) <= 1),
    "exponential": (lambda x, a: np.exp(x), lambda x, a: np.exp(x)),
    "mish": (lambda x, a: x * np.tanh(_softplus(x)), _d_mish),
    "log_sigmoid": (lambda x, a: log_expit(x), lambda x, a: expit(-x)),
    "soft_shrink": (
        lambda x, a: np.sign(x) * np.maximum(np.abs(x) - a, 0.0),
        lambda x, a: np.abs(x) > a,
    ),
    "hard_shrink": (lambda x, a: np.where(np.abs(x) > a, x, 0.0), lambda x, a: np.abs(x) > a),
    "tanh_shrink": (lambda x, a: x - np.tanh(x), lambda x, a: np.tanh(x) ** 2),
    "squareplus": (
        lambda x, a: (x + np.sqrt(x**2 + a)) / 2,
        lambda x, a: (1 + x / np.sqrt(x**2 + a)) / 2,
    ),
    "threshold": (lambda x, a: np.where(x > a, x, 0.0), lambda x, a: x > a),
    "sparse_plus": (_sparse_plus, lambda x, a: np.clip((x + 1) / 2, 0.0, 1.0)),
    "sparse_sigmoid": (
        lambda x, a: np.clip((x + 1) / 2, 0.0, 1.0),
        lambda x, a: _inside(x, -1, 1) / 2 + (np.abs(x) == 1) / 4,
    ),
}
"""Value and derivative by kind; `a` is the node's `alpha`."""
