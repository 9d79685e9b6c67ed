"""How sure a score is."""

import math
from dataclasses import dataclass
from statistics import NormalDist

from tatamilab.errors import BadInput
from tatamilab.i18n import _


@dataclass(frozen=True)
class Interval:
    """A confidence interval of a proportion.

    Attributes:
        low: lower end, 0–1.
        high: upper end, 0–1.
        confidence: share of such intervals that hold the true proportion, for example 0.95.
    """

    low: float
    high: float
    confidence: float


def wilson_interval(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a proportion, such as a test accuracy.

        (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)    with p = successes / n

    It covers one thing only: which images happened to be drawn for the test. Another training run moves the
    score too, and this interval knows nothing of that.

    Args:
        successes: how many were right, 0 to `n`.
        n: how many were tried, at least 1.
        confidence: between 0 and 1.

    Raises:
        BadInput: a count is out of its range, or `confidence` is not between 0 and 1.

    Source:
        Wilson (1927), Probable inference, the law of succession, and statistical inference.

    Example:
        >>> interval = wilson_interval(54, 60)
        >>> f"{interval.low:.1%} to {interval.high:.1%}"
        '79.9% to 95.3%'
    """
    if not 0 <= successes <= n or n < 1:
        raise BadInput(
            _(
                "A proportion needs at least one trial and no more successes than trials; "
                "received {successes} of {n}.",
                successes=successes,
                n=n,
            )
        )
    if not 0 < confidence < 1:
        raise BadInput(
            _("The confidence must lie between 0 and 1; received {confidence}.", confidence=confidence)
        )
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p = successes / n
    middle = p + z * z / (2 * n)
    spread = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # At 0 and n successes the formula's end is exactly 0 or 1; rounding would leave it a hair beside.
    low = 0.0 if successes == 0 else (middle - spread) / scale
    high = 1.0 if successes == n else (middle + spread) / scale
    return Interval(low, high, confidence)
