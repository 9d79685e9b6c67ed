"""Optimizer rules, applied to whole vectors of weights right behind the gradient.

The caller gives the rates of each step, computed as Keras computes them (`rates` below), so that a schedule
or an assignment to the learning rate needs no recompiling. Slots are Keras's own variables:

    SGD       w −= η·g;  with momentum  v = μ·v − η·g,  w += v  (Nesterov: w += μ·v − η·g)
    Adam      m += (g − m)(1 − β₁),  v += (g² − v)(1 − β₂),  w −= α·m / (√v + ε),
              α = η·√(1 − β₂ᵗ) / (1 − β₁ᵗ): Keras's ε stands outside the bias correction
              AMSGrad: the largest v so far in place of v
    Nadam     m, v as Adam's,  w −= η·m̂ / (√(v / (1 − β₂ᵗ)) + ε),
              m̂ = m·μₜ₊₁ / (1 − μ₁⋯μₜ₊₁) + g·(1 − μₜ) / (1 − μ₁⋯μₜ),  μₜ = β₁(1 − ½·0.96ᵗ)
    RMSprop   v = ρ·v + (1 − ρ)·g²,  a = η·g / √(v + ε);  centered: √(v − ḡ² + ε);  momentum: b = μ·b + a
    Adagrad   v += g²,  w −= η·g / √(v + ε)

Before the rule gradients are clipped, then weights decay: w −= w·λ·η. After it the average of the weights, if
one is kept, becomes  w̄ = μ·w̄ + (1 − μ)·w  (at the first step: w).

Sources: Kingma and Ba (2015), section 2, the ε of "epsilon hat"; Reddi et al. (2018), algorithm 2; Dozat
(2016), algorithm 2; Sutskever et al. (2013); Tieleman and Hinton (2012); Duchi et al. (2011); Loshchilov and
Hutter (2019).
"""

from typing import Any

import numpy as np

from tatamilab.engine.emit import math
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import Index, Value
from tatamilab.engine.graph import Optimizer
from tatamilab.engine.memory import RATES, slot_name

LEARNING_RATE, ALPHA, MOMENTUM_SHARE, GRADIENT_SHARE, SECOND_BIAS, AVERAGE, OVERWRITE = range(7)
"""Columns of the rates: η; α of Adam; the factors of m and g in Nadam's m̂, and 1 − β₂ᵗ; μ of the average of
the weights; 1 where the weights become that average after the step."""

NADAM_DECAY = 0.96

VANISHED = 20.0
"""e to the minus so much is nothing beside 1 in float32."""


def slot_kinds(optimizer: Optimizer) -> tuple[str, ...]:
    """The vectors of state that the rule keeps, by the names of Keras's variables, in Keras's order."""
    averages = () if optimizer.ema_momentum is None else ("average",)
    match optimizer.kind:
        case "sgd":
            kinds: tuple[str, ...] = ("momentum",) if optimizer.momentum else ()
        case "adam" | "adamw":
            kinds = ("momentum", "velocity", *(("velocity_hat",) if optimizer.amsgrad else ()))
        case "nadam":
            kinds = ("momentum", "velocity")
        case "rmsprop":
            momentum = ("momentum",) if optimizer.momentum else ()
            kinds = ("velocity", *momentum, *(("average_gradient",) if optimizer.centered else ()))
        case "adagrad":
            kinds = ("accumulator",)
    return averages + kinds


def n_slots(optimizer: Optimizer) -> int:
    """Vectors of state that the rule keeps for each weight."""
    return len(slot_kinds(optimizer))


def initial_slots(optimizer: Optimizer) -> tuple[float, ...]:
    """What each vector of state holds before the first step."""
    return tuple(
        optimizer.initial_accumulator if kind == "accumulator" else 0.0 for kind in slot_kinds(optimizer)
    )


def rates(optimizer: Optimizer, iterations: int, learning_rates: np.ndarray) -> np.ndarray:
    """What each step needs to know, a row a step.

    Args:
        optimizer: the rule.
        iterations: steps taken before the first of these.
        learning_rates: η of each step, float32.

    Returns:
        float32, (steps, RATES). Powers are computed in float32, as Keras does.
    """
    lr = learning_rates.astype(np.float32)
    one = np.float32(1)
    out = np.zeros((len(lr), RATES), np.float32)
    out[:, LEARNING_RATE] = lr
    step = iterations + 1 + np.arange(len(lr))
    t = step.astype(np.float32)
    if optimizer.kind in ("adam", "adamw"):
        power_1, power_2 = np.float32(optimizer.beta_1) ** t, np.float32(optimizer.beta_2) ** t
        out[:, ALPHA] = lr * np.sqrt(one - power_2) / (one - power_1)
    if optimizer.kind == "nadam":
        out[:, MOMENTUM_SHARE], out[:, GRADIENT_SHARE] = _nadam_shares(optimizer, step)
        out[:, SECOND_BIAS] = one - np.float32(optimizer.beta_2) ** t
    if optimizer.ema_momentum is not None:
        out[:, AVERAGE] = np.where(step == 1, 0.0, optimizer.ema_momentum)
        if optimizer.ema_overwrite_frequency:
            out[:, OVERWRITE] = step % optimizer.ema_overwrite_frequency == 0
    return out


def _nadam_shares(optimizer: Optimizer, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """μₜ₊₁ / (1 − μ₁⋯μₜ₊₁) and (1 − μₜ) / (1 − μ₁⋯μₜ) of each step t."""
    one = np.float32(1)
    so_far, with_next = momentum_products(optimizer, np.stack([step, step + 1]))
    return _momenta(optimizer, step + 1) / (one - with_next), (one - _momenta(optimizer, step)) / (
        one - so_far
    )


def momentum_products(optimizer: Optimizer, t: np.ndarray) -> np.ndarray:
    """μ₁⋯μₜ of Nadam for each count of steps t, float32 in the shape of `t`.

    As no μ is above β₁, after some steps 1 − μ₁⋯μₜ is 1 in float32; from there on the product stays what it is, so that
    a long training doesn't count all of its steps.
    """
    settled = int(VANISHED / max(1 - optimizer.beta_1, 1e-7)) + 1
    known = np.arange(1, min(int(t.max(initial=0)), settled) + 1)
    products = np.multiply.accumulate(np.append(np.float32(1), _momenta(optimizer, known)))
    return products[np.minimum(t, len(known))]


def _momenta(optimizer: Optimizer, t: np.ndarray) -> np.ndarray:
    """μₜ of Nadam, which grows from step to step: β₁ (1 − ½ · 0.96ᵗ), float32."""
    decay = np.float32(NADAM_DECAY) ** t.astype(np.float32)
    return np.float32(optimizer.beta_1) * (np.float32(1) - np.float32(0.5) * decay)


def _columns(optimizer: Optimizer) -> list[int]:
    """The rates that the rule looks at."""
    averages = [] if optimizer.ema_momentum is None else [AVERAGE, OVERWRITE]
    match optimizer.kind:
        case "adam" | "adamw":
            return [LEARNING_RATE, ALPHA, *averages]
        case "nadam":
            return [LEARNING_RATE, MOMENTUM_SHARE, GRADIENT_SHARE, SECOND_BIAS, *averages]
        case _:
            return [LEARNING_RATE, *averages]


class Rule:
    """The update of a range of weights, as vectors.

    Args:
        k: the kernel being emitted.
        optimizer: the rule.
    """

    def __init__(self, k: Kernel, optimizer: Optimizer) -> None:
        self.k, self.optimizer = k, optimizer
        self.weights = k.view("weights", element="vector")
        self.slots = {
            kind: k.view(slot_name(i), element="vector") for i, kind in enumerate(slot_kinds(optimizer))
        }
        step_rates = k.view("rates")
        self.rates = {column: step_rates[k.index(k.step), column] for column in _columns(optimizer)}
        self.lr = self.rates[LEARNING_RATE]

    def apply(self, at: Index | int, g: Value) -> None:
        """Update the `lanes` weights that start at element `at` with their gradients `g`."""
        w = self.weights[at,]
        o = self.optimizer
        if o.clipvalue is not None:
            g = math.clamp(self.k, g, -o.clipvalue, o.clipvalue)
        if o.weight_decay:
            w = w - ((w * o.weight_decay).value() * self.lr).value()
        w = {
            "sgd": self._sgd,
            "adam": self._adam,
            "adamw": self._adam,
            "nadam": self._nadam,
            "rmsprop": self._rmsprop,
            "adagrad": self._adagrad,
        }[o.kind](at, w, g)
        self.weights[at,] = w if o.ema_momentum is None else self._averaged(at, w)

    def _averaged(self, at: Any, w: Value) -> Value:
        """The weights after the step: their average where it takes their place."""
        k, average = self.k, self.slots["average"]
        momentum = self.rates[AVERAGE]
        mean = average[at,] * momentum + ((1.0 - momentum) * w).value()
        average[at,] = mean
        if not self.optimizer.ema_overwrite_frequency:
            return w
        return k.where(k.compare(">", self.rates[OVERWRITE], 0.0), mean, w)

    def _sgd(self, at: Any, w: Value, g: Value) -> Value:
        o = self.optimizer
        if not o.momentum:
            return w - (g * self.lr).value()
        velocity = self.slots["momentum"]
        v = velocity[at,] * o.momentum - g * self.lr
        velocity[at,] = v
        return v * o.momentum - g * self.lr + w if o.nesterov else w + v

    def _moments(self, at: Any, g: Value, share_1: float, share_2: float) -> tuple[Value, Value]:
        """m and v, moved by their shares towards g and g²."""
        first, second = self.slots["momentum"], self.slots["velocity"]
        m, v = first[at,], second[at,]
        m = (g - m) * share_1 + m
        v = ((g * g).value() - v) * share_2 + v
        first[at,], second[at,] = m, v
        return m, v

    def _adam(self, at: Any, w: Value, g: Value) -> Value:
        k, o = self.k, self.optimizer
        m, v = self._moments(at, g, 1 - o.beta_1, 1 - o.beta_2)
        if o.amsgrad:
            best = self.slots["velocity_hat"]
            v = k.maximum(best[at,], v)
            best[at,] = v
        return w - (m * self.rates[ALPHA]).value() / (k.call("llvm.sqrt", v) + o.epsilon)

    def _nadam(self, at: Any, w: Value, g: Value) -> Value:
        k, o = self.k, self.optimizer
        # here Keras subtracts from 1 in float32, in Adam it does in float64
        shares = (float(np.float32(1) - np.float32(beta)) for beta in (o.beta_1, o.beta_2))
        m, v = self._moments(at, g, *shares)
        ahead = m * self.rates[MOMENTUM_SHARE] + (g * self.rates[GRADIENT_SHARE]).value()
        return w - (ahead * self.lr).value() / (k.call("llvm.sqrt", v / self.rates[SECOND_BIAS]) + o.epsilon)

    def _rmsprop(self, at: Any, w: Value, g: Value) -> Value:
        k, o = self.k, self.optimizer
        velocity = self.slots["velocity"]
        v = velocity[at,] * o.rho + ((g * g).value() * (1 - o.rho)).value()
        velocity[at,] = v
        denominator = v + o.epsilon
        if o.centered:
            average = self.slots["average_gradient"]
            mean = average[at,] * o.rho + (g * (1 - o.rho)).value()
            average[at,] = mean
            denominator = v - (mean * mean).value() + o.epsilon
        a = (g * self.lr).value() / k.call("llvm.sqrt", denominator)
        if not o.momentum:
            return w - a
        momentum = self.slots["momentum"]
        b = momentum[at,] * o.momentum + a
        momentum[at,] = b
        return w - b

    def _adagrad(self, at: Any, w: Value, g: Value) -> Value:
        k, o = self.k, self.optimizer
        total = self.slots["accumulator"]
        v = total[at,] + g * g
        total[at,] = v
        return w - (g * self.lr).value() / k.call("llvm.sqrt", v + o.epsilon)
