"""The worksheet's second question, asked of many trainings: which network does better on 600 images?"""

from pathlib import Path

from shown import Measured

from tatamilab.store import StudyStore
from tatamilab.study.asking import ask
from tatamilab.study.built_in import built_in


def measure(folder: Path, *, short: bool) -> Measured:
    study = built_in("b2-1-2", **({"draws": 2, "sizes": [60]} if short else {}))
    with StudyStore(f"sqlite:///{folder.resolve() / 'studies.db'}") as store:
        found = ask(study, store).answer
    (contrast,) = found.contrasts
    difference, validation, test = contrast.largest, contrast.on_validation, contrast.on_test
    assert difference
    assert validation
    assert test
    values: dict[str, float | int | str] = {
        "draws": study.draws,
        "runs": 2 * (study.draws + 1),
        "difference": 100 * difference.mean,
        "low": 100 * difference.low,
        "high": 100 * difference.high,
        "n_validation": found.n_validation,
        "right_on_validation": validation.right,
        "tied_on_validation": validation.tied,
        "right_on_test": test.right,
    }
    for arm in found.arms:
        mean, (first,) = arm.means[-1], arm.first
        assert mean is not None
        values |= {
            arm.name: mean.mean,
            f"{arm.name}_low": mean.low,
            f"{arm.name}_high": mean.high,
            f"{arm.name}_first": first or 0.0,
        }
    return Measured(values)
