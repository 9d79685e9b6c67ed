"""How often 95% intervals over draws hold the truth: Student's t and BCa, by the number of draws.

    python bench/study_coverage.py

Draws of a skewed kind, as accuracies near their ceiling are: 100 minus a gamma variable of shape 4.
"""

import numpy as np
from scipy import stats

N_TRIALS = 2000
N_DRAWS = (5, 10, 20, 30, 50)


def coverage(n: int, rng: np.random.Generator) -> tuple[float, float]:
    """Shares of trials in which t's and BCa's interval held the mean."""
    held = np.zeros(2)
    for _trial in range(N_TRIALS):
        x = -rng.gamma(4.0, size=n)
        t = stats.t.interval(0.95, n - 1, x.mean(), stats.sem(x))
        bca = stats.bootstrap((x,), np.mean, n_resamples=999, method="BCa", rng=rng).confidence_interval
        held += [t[0] < -4 < t[1], bca.low < -4 < bca.high]
    t_share, bca_share = held / N_TRIALS
    return float(t_share), float(bca_share)


def main() -> None:
    rng = np.random.default_rng(0)
    print("draws      t    BCa")
    for n in N_DRAWS:
        t, bca = coverage(n, rng)
        print(f"{n:5} {t:6.1%} {bca:6.1%}")


if __name__ == "__main__":
    main()
