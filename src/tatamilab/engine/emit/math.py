"""Elementary functions as polynomials, so that every target gets vectors. All are for float32 lanes.

NaN stays NaN, and infinities give the limit.

Source: S. L. Moshier, Cephes Mathematical Library (1989), expf.c, logf.c and ndtrf.c, for the coefficients.
"""

from collections.abc import Sequence

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
TO_WHOLE, TO_WHOLE_BITS = 12582912.0, 0x4B400000
"""1.5·2²³: added to a number below 2²² it leaves no fraction, and the whole part in the low bits."""

ERF = (
    7.853861353153693e-5,
    -8.010193625184903e-4,
    5.188327685732524e-3,
    -2.685381193529856e-2,
    1.128358514861418e-1,
    -3.761262582423300e-1,
    1.128379165726710,
)
"""erf x = x·P(x²) for |x| < 1."""

ERFC_BELOW_2 = (
    2.326819970068386e-2,
    -1.387039388740657e-1,
    3.687424674597105e-1,
    -5.824733027278666e-1,
    6.210004621745983e-1,
    -4.944515323274145e-1,
    3.404879937665872e-1,
    -2.741127028184656e-1,
    5.638259427386472e-1,
)
ERFC_FROM_2 = (
    -1.047766399936249e1,
    1.297719955372516e1,
    -7.495518717768503,
    2.921019019210786,
    -1.015265279202700,
    4.218463358204948e-1,
    -2.820767439740514e-1,
    5.641895067754075e-1,
)
"""erfc x = e^−x²·P(1/x²)/x for x from 1 to 2, and beyond."""


def polynomial(k: Kernel, x: Value, coefficients: Sequence[float]) -> Value:
    """Σ coefficient·xⁿ by Horner's rule; the highest power first."""
    y = k.constant(coefficients[0])
    for coefficient in coefficients[1:]:
        y = y * x + k.constant(coefficient)
    return y


def slope_of_abs(k: Kernel, x: Value) -> Value:
    """d|x|/dx as JAX has it: 1 from 0 on, else −1, for NaN too."""
    slope: Value = k.where(k.compare(">=", x, 0.0), k.constant(1.0), -1.0)
    return slope


def clamp(k: Kernel, x: Value, low: float, high: float) -> Value:
    """min(max(x, low), high)."""
    y = k.where(k.compare("<", x, low), k.constant(low), x)
    clamped: Value = k.where(k.compare(">", y, high), k.constant(high), y)
    return clamped


def clip(k: Kernel, x: Value, low: float, high: float) -> tuple[Value, Value]:
    """`clamp` and its slope, which is ½ at both ends (as JAX has it) and 0 where x is NaN."""
    closed = k.both(k.compare(">=", x, low), k.compare("<=", x, high))
    open_ = k.both(k.compare(">", x, low), k.compare("<", x, high))
    half = k.where(closed, k.constant(0.5), 0.0)
    return clamp(k, x, low, high), k.where(open_, k.constant(1.0), half)


def exp(k: Kernel, x: Value) -> Value:
    """eˣ = 2ⁿ·eʳ with |r| ≤ ln 2 / 2; inf above 88.7, 0 below −104.

    Numerics: about 1 unit in the last place.
    """
    clipped = k.where(k.compare(">", x, 88.8), k.constant(88.8), x)
    clipped = k.where(k.compare("<", clipped, -104.0), k.constant(-104.0), clipped)
    shifted = clipped * 1.44269504 + k.constant(TO_WHOLE)
    n = shifted - TO_WHOLE
    r = n * -LN2_LOW + (n * -LN2_HIGH + clipped)
    y = _exp_minus_1(k, r) + 1.0
    # 2ⁿ in two factors, since n = 128 and the n of denormal numbers have no float of their own
    constant = lambda i: Splat(k.integers, i)  # noqa: E731
    whole = Value(k, k.ir.sub(k.ir.bitcast(shifted.v, k.integers), constant(TO_WHOLE_BITS)))
    half = Value(k, k.ir.ashr(whole.v, constant(1)))
    rest = Value(k, k.ir.sub(whole.v, half.v))
    return ((y * _power_of_two(k, half)).value() * _power_of_two(k, rest)).value()


def _exp_minus_1(k: Kernel, r: Value) -> Value:
    """eʳ − 1 = r + r²·P(r) for |r| ≤ ln 2 / 2."""
    return polynomial(k, r, EXP) * (r * r).value() + r


def expm1(k: Kernel, x: Value) -> Value:
    """eˣ − 1, exact to rounding also near 0."""
    near = k.compare("<", k.call("llvm.fabs", x), 0.34)
    return k.where(near, _exp_minus_1(k, x), exp(k, x) - 1.0)


def _power_of_two(k: Kernel, n: Value) -> Value:
    biased = k.ir.add(n.v, Splat(k.integers, 127))
    return Value(k, k.ir.bitcast(k.ir.shl(biased, Splat(k.integers, 23)), k.vector))


def log(k: Kernel, x: Value) -> Value:
    """The natural logarithm of a normal positive number, or of infinity.

    Numerics: about 1 unit in the last place.
    """
    constant = lambda n: Splat(k.integers, n)  # noqa: E731
    bits = k.ir.sub(k.ir.bitcast(x.v, k.integers), constant(SQRT_HALF_BITS))  # mantissa into [√½, √2)
    exponent = Value(k, k.ir.sitofp(k.ir.ashr(bits, constant(23)), k.vector))
    mantissa = k.ir.add(k.ir.and_(bits, constant(0x7FFFFF)), constant(SQRT_HALF_BITS))
    m = Value(k, k.ir.bitcast(mantissa, k.vector)) - 1.0
    square = (m * m).value()
    y = (polynomial(k, m, LOG) * m).value() * square + exponent * LN2_LOW
    y = (square * -0.5 + y) + m + exponent * LN2_HIGH
    return k.where(k.compare("<", x, float("inf")), y, x)


def sigmoid(k: Kernel, x: Value) -> Value:
    """1 / (1 + e⁻ˣ)."""
    return k.constant(1.0) / (exp(k, -x) + 1.0)


def log1p_exp(k: Kernel, x: Value) -> Value:
    """log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|)."""
    return log1p_exp_below(k, x) + k.relu(x)


def log1p_exp_below(k: Kernel, x: Value) -> Value:
    """log(1 + e^−|x|)."""
    t = exp(k, -k.call("llvm.fabs", x))
    # log(1 + t) for t in [0, 1], exact to rounding also where t is tiny: log(u)·t/(u − 1), u = 1 + t
    u = t + 1.0
    d = u - 1.0
    small = k.compare("==", d, 0.0)
    safe = k.where(small, k.constant(1.0), d)
    return k.where(small, t, (log(k, u) * t).value() / safe)


def tanh(k: Kernel, x: Value) -> Value:
    """(1 − e) / (1 + e) with e = e^−2|x| and the sign of x; x − x³/3 + 2x⁵/15 − 17x⁷/315 near zero."""
    size = k.call("llvm.fabs", x)
    e = exp(k, (size * -2.0).value())
    large = (k.constant(1.0) - e) / (e + 1.0)
    square = (x * x).value()
    y = polynomial(k, square, (62 / 2835, -17 / 315, 2 / 15, -1 / 3))
    small = (y * square).value() * x + x
    return k.where(k.compare("<", size, 0.3), small, k.call("llvm.copysign", large, x))


def erfc(k: Kernel, x: Value) -> Value:
    """1 − erf x, the share of e^−t² beyond x.

    Numerics: within 1e-7; where x is large, x² as an exponent costs up to x² units in the last place.
    """
    size, square = k.call("llvm.fabs", x), (x * x).value()
    near = 1.0 - (polynomial(k, square, ERF) * x).value()
    q = 1.0 / size
    inverse = (q * q).value()
    p = k.where(
        k.compare("<", size, 2.0),
        polynomial(k, inverse, ERFC_BELOW_2),
        polynomial(k, inverse, ERFC_FROM_2),
    )
    tail = ((exp(k, -square) * q).value() * p).value()
    far = k.where(k.compare("<", x, 0.0), 2.0 - tail, tail)
    return k.where(k.compare("<", size, 1.0), near, far)
