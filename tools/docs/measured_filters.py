"""The controlled trainings: what the accuracy needs, and what makes filters look as they do."""

from pathlib import Path
from typing import Any

from shown import Measured

from tatamilab.experiment.control_arms import ARMS, title_of
from tatamilab.experiment.control_recipe import Recipe
from tatamilab.experiment.control_store import Store
from tatamilab.experiment.control_summary import ControlSummary, summarise


def measure(folder: Path, *, short: bool) -> Measured:
    recipe = Recipe(data_size=600, epochs=1) if short else Recipe()
    from tatamilab.experiment.controls import run_controls

    run_controls(Store(folder, recipe), 2 if short else 10)
    found = summarise(folder)
    values: dict[str, float | int | str] = {"seeds": len(found.seeds), "peak": found.peak}
    for row in found.rows:
        values[row.arm] = row.accuracy.value
        if row.difference is not None:
            values |= {
                f"{row.arm}_{end}": 100 * getattr(row.difference, end) for end in ("mean", "low", "high")
            }
        if row.energy is not None:
            values[f"{row.arm}_energy"] = row.energy.value
    values["more_mistakes"] = (1 - float(values["frozen"])) / (1 - float(values["learned"]))
    for score in ("orientation", "gabor_r2", "dog_r2"):
        test = found.test(score, "noise")
        values |= {score: test.learned, f"{score}_noise": test.expected, f"{score}_p": test.p_holm}
    values |= {"upright": found.upright.value, "turned": found.turned.value}
    return Measured(values, {"controls": lambda: _controls(found)})


def _controls(found: ControlSummary) -> tuple[Any, str]:
    from tatamilab.instruments import describe_controls, plot_controls

    titles = {arm: title_of(arm) for arm in ARMS}
    return plot_controls(found.rows, titles, found.filters), describe_controls(found.rows, titles)
