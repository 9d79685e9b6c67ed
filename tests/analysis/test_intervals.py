from collections.abc import Callable

import pytest
from scipy.stats import binomtest

from tatamilab.analysis import wilson_interval

Refused = Callable[..., None]


@pytest.mark.parametrize(
    ("successes", "n"), [(0, 1), (1, 1), (0, 60), (54, 60), (9813, 10_000), (10_000, 10_000)]
)
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_equals_scipy(successes: int, n: int, confidence: float) -> None:
    expected = binomtest(successes, n).proportion_ci(confidence, method="wilson")
    ours = wilson_interval(successes, n, confidence)
    assert (ours.low, ours.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert ours.confidence == confidence


def test_ends_stay_within_0_and_1() -> None:
    assert wilson_interval(0, 3).low == 0
    assert wilson_interval(3, 3).high == 1


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_refuses_impossible_counts(successes: int, n: int, refused: Refused) -> None:
    refused(
        lambda: wilson_interval(successes, n),
        en="A proportion needs at least one trial and no more successes than trials; "
        f"received {successes} of {n}.",
        ja="割合の計算には1件以上の試行が必要で、成功数は試行数を超えられません"
        f"（{n} 件中 {successes} 件が渡されました）。",
    )


def test_refuses_impossible_confidence(refused: Refused) -> None:
    refused(
        lambda: wilson_interval(1, 2, confidence=95),
        en="The confidence must lie between 0 and 1; received 95.",
        ja="信頼水準は0と1の間で指定してください（95 が渡されました）。",
    )
