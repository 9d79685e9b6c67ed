"""Elementary functions as polynomials, so that every target gets vectors. All are for float32 lanes.

Source: S. L. Moshier, Cephes Mathematical Library (1989), expf.c and logf.c, for the coefficients.
"""

from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import Splat, Value

EXP = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
LOG = (
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
LN2_HIGH, LN2_LOW = 0.693359375, -2.12194440e-4
SQRT_HALF_BITS = 0x3F3504F3


def exp(k: Kernel, x: Value) -> Value:
    """eˣ = 2ⁿ·eʳ with |r| ≤ ln 2 / 2; inf above 88.7, 0 below −87.3, NaN stays NaN.

    Numerics: about 1 unit in the last place.
    """
    clipped = k.where(k.compare(">", x, 88.8), k.constant(88.8), x)
    clipped = k.where(k.compare("<", clipped, -87.4), k.constant(-87.4), clipped)
    n = k.call("llvm.rint", (clipped * 1.44269504).value())
    r = n * -LN2_LOW + (n * -LN2_HIGH + clipped)
    y = k.constant(EXP[0])
    for coefficient in EXP[1:]:
        y = y * r + k.constant(coefficient)
    y = y * (r * r).value() + (r + 1.0)
    # 2ⁿ in two factors, since n = 128 has no float of its own
    whole = Value(k, k.ir.fptosi(n.v, k.integers))
    half = Value(k, k.ir.ashr(whole.v, Splat(k.integers, 1)))
    rest = Value(k, k.ir.sub(whole.v, half.v))
    return ((y * _power_of_two(k, half)).value() * _power_of_two(k, rest)).value()


def _power_of_two(k: Kernel, n: Value) -> Value:
    biased = k.ir.add(n.v, Splat(k.integers, 127))
    return Value(k, k.ir.bitcast(k.ir.shl(biased, Splat(k.integers, 23)), k.vector))


def log(k: Kernel, x: Value) -> Value:
    """The natural logarithm of a normal positive number."""
    constant = lambda n: Splat(k.integers, n)  # noqa: E731
    bits = k.ir.sub(k.ir.bitcast(x.v, k.integers), constant(SQRT_HALF_BITS))  # mantissa into [√½, √2)
    exponent = Value(k, k.ir.sitofp(k.ir.ashr(bits, constant(23)), k.vector))
    mantissa = k.ir.add(k.ir.and_(bits, constant(0x7FFFFF)), constant(SQRT_HALF_BITS))
    m = Value(k, k.ir.bitcast(mantissa, k.vector)) - 1.0
    y = k.constant(LOG[0])
    for coefficient in LOG[1:]:
        y = y * m + k.constant(coefficient)
    square = (m * m).value()
    y = (y * m).value() * square + exponent * LN2_LOW
    return (square * -0.5 + y) + m + exponent * LN2_HIGH


def sigmoid(k: Kernel, x: Value) -> Value:
    """1 / (1 + e⁻ˣ)."""
    return k.constant(1.0) / (exp(k, -x) + 1.0)


def log1p_exp(k: Kernel, x: Value) -> Value:
    """log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|)."""
    t = exp(k, -k.call("llvm.fabs", x))
    # log(1 + t) for t in [0, 1], exact to rounding also where t is tiny: log(u)·t/(u − 1), u = 1 + t
    u = t + 1.0
    d = u - 1.0
    small = k.compare("==", d, 0.0)
    safe = k.where(small, k.constant(1.0), d)
    tail = k.where(small, t, (log(k, u) * t).value() / safe)
    return tail + k.relu(x)


def tanh(k: Kernel, x: Value) -> Value:
    """(1 − e) / (1 + e) with e = e^−2|x| and the sign of x; x − x³/3 + 2x⁵/15 − 17x⁷/315 near zero."""
    size = k.call("llvm.fabs", x)
    e = exp(k, (size * -2.0).value())
    large = (k.constant(1.0) - e) / (e + 1.0)
    square = (x * x).value()
    y = k.constant(62 / 2835)
    for coefficient in (-17 / 315, 2 / 15, -1 / 3):
        y = y * square + k.constant(coefficient)
    small = (y * square).value() * x + x
    return k.where(k.compare("<", size, 0.3), small, k.call("llvm.copysign", large, x))
