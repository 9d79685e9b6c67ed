"""Optimizer rules, applied to whole vectors of weights right behind the gradient.

The caller gives the rates of each step, computed as Keras computes them (`rates` below), so that a schedule
or an assignment to the learning rate needs no recompiling. Slots are Keras's own variables:

    SGD       w −= η·g;  with momentum  v = μ·v − η·g,  w += v  (Nesterov: w += μ·v − η·g)
    Adam      m += (g − m)(1 − β₁),  v += (g² − v)(1 − β₂),  w −= α·m / (√v + ε),
              α = η·√(1 − β₂ᵗ) / (1 − β₁ᵗ): Keras's ε stands outside the bias correction
    RMSprop   v = ρ·v + (1 − ρ)·g²,  a = η·g / √(v + ε);  centered: √(v − ḡ² + ε);  momentum: b = μ·b + a

Sources: Kingma and Ba (2015), section 2, the ε of "epsilon hat"; Sutskever et al. (2013); Tieleman and
Hinton (2012).
"""

from typing import Any

import numpy as np

from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import Index, Value
from tatamilab.engine.graph import Optimizer, Unsupported
from tatamilab.engine.memory import RATES, slot_name


def n_slots(optimizer: Optimizer) -> int:
    """Vectors of state that the rule keeps for each weight."""
    match optimizer.kind:
        case "sgd":
            return 1 if optimizer.momentum else 0
        case "adam" | "adamw":
            return 3 if optimizer.amsgrad else 2
        case "rmsprop":
            return 1 + bool(optimizer.momentum) + optimizer.centered
        case "adagrad":
            return 1
    raise Unsupported(f"optimizer {optimizer.kind!r}", "isn't lowered")


def rates(optimizer: Optimizer, iterations: int, learning_rates: np.ndarray) -> np.ndarray:
    """What each step needs to know: row t holds (η, α of Adam).

    Args:
        optimizer: the rule.
        iterations: steps taken before the first of these.
        learning_rates: η of each step, float32.

    Returns:
        float32, (steps, RATES). β^t is computed in float32, as Keras does.
    """
    lr = learning_rates.astype(np.float32)
    out = np.zeros((len(lr), RATES), np.float32)
    out[:, 0] = lr
    if optimizer.kind in ("adam", "adamw"):
        t = (iterations + 1 + np.arange(len(lr))).astype(np.float32)
        power_1, power_2 = np.float32(optimizer.beta_1) ** t, np.float32(optimizer.beta_2) ** t
        out[:, 1] = lr * np.sqrt(np.float32(1) - power_2) / (np.float32(1) - power_1)
    return out


class Rule:
    """The update of a range of weights, as vectors.

    Args:
        k: the kernel being emitted.
        optimizer: the rule.
    """

    def __init__(self, k: Kernel, optimizer: Optimizer) -> None:
        self.k, self.optimizer = k, optimizer
        self.weights = k.view("weights", element="vector")
        self.slots = [k.view(slot_name(i), element="vector") for i in range(n_slots(optimizer))]
        step_rates = k.view("rates")
        self.lr, self.alpha = (step_rates[k.index(k.step), column] for column in (0, 1))

    def apply(self, at: Index | int, g: Value) -> None:
        """Update the `lanes` weights that start at element `at` with their gradients `g`."""
        w = self.weights[at,]
        o = self.optimizer
        if o.clipvalue is not None:
            g = self._clip(g, o.clipvalue)
        if o.weight_decay:
            w = w - (w * (self.lr * o.weight_decay).value()).value()
        self.weights[at,] = {
            "sgd": self._sgd,
            "adam": self._adam,
            "adamw": self._adam,
            "rmsprop": self._rmsprop,
            "adagrad": self._adagrad,
        }[o.kind](at, w, g)

    def _clip(self, g: Value, bound: float) -> Value:
        k = self.k
        g = k.where(k.compare(">", g, bound), k.constant(bound), g)
        return k.where(k.compare("<", g, -bound), k.constant(-bound), g)

    def _sgd(self, at: Any, w: Value, g: Value) -> Value:
        o = self.optimizer
        if not o.momentum:
            return w - (g * self.lr).value()
        (velocity,) = self.slots
        v = velocity[at,] * o.momentum - g * self.lr
        velocity[at,] = v
        return v * o.momentum - g * self.lr + w if o.nesterov else w + v

    def _adam(self, at: Any, w: Value, g: Value) -> Value:
        k, o = self.k, self.optimizer
        first, second = self.slots[:2]
        m, v = first[at,], second[at,]
        m = (g - m) * float(np.float32(1) - np.float32(o.beta_1)) + m
        v = ((g * g).value() - v) * float(np.float32(1) - np.float32(o.beta_2)) + v
        first[at,], second[at,] = m, v
        if o.amsgrad:
            best = self.slots[2]
            v = k.maximum(best[at,], v)
            best[at,] = v
        return w - (m * self.alpha).value() / (k.call("llvm.sqrt", v) + o.epsilon)

    def _rmsprop(self, at: Any, w: Value, g: Value) -> Value:
        k, o = self.k, self.optimizer
        slots = iter(self.slots)
        velocity = next(slots)
        v = velocity[at,] * o.rho + ((g * g).value() * (1 - o.rho)).value()
        velocity[at,] = v
        momentum = next(slots) if o.momentum else None
        denominator = v + o.epsilon
        if o.centered:
            average = next(slots)
            mean = average[at,] * o.rho + (g * (1 - o.rho)).value()
            average[at,] = mean
            denominator = v - (mean * mean).value() + o.epsilon
        a = (g * self.lr).value() / k.call("llvm.sqrt", denominator)
        if momentum is None:
            return w - a
        b = momentum[at,] * o.momentum + a
        momentum[at,] = b
        return w - b

    def _adagrad(self, at: Any, w: Value, g: Value) -> Value:
        k, o = self.k, self.optimizer
        (total,) = self.slots
        v = total[at,] + g * g
        total[at,] = v
        return w - (g * self.lr).value() / k.call("llvm.sqrt", v + o.epsilon)
