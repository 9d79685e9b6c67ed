"""`--until`: runs go on until the main contrast is known closely enough, by an interval made for looking often."""

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tatamilab.analysis.study_sequence import Sequential, sequential_interval
from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.store import RunRow
from tatamilab.study.design import Placed
from tatamilab.study.results import Results, collect
from tatamilab.study.specification import Study

_RULE = re.compile(r"\s*ci\s*<\s*(\d+(?:\.\d+)?)\s*(?:pp|%)?\s*")

MOST_DRAWS = 200
"""Draws that a study with a stopping rule may come to, unless it says another number."""


def half_width_asked(rule: str) -> float:
    """The half width of the interval that a rule such as "ci<0.5pp" asks for, as a share.

    Raises:
        BadInput: it is no such rule.

    Example:
        >>> half_width_asked("ci<0.5pp")
        0.005
    """
    match = _RULE.fullmatch(rule)
    if match is None or float(match[1]) <= 0:
        raise BadInput(
            _(
                "--until takes a rule such as 'ci<0.5pp', an interval within ±0.5 points; received {rule!r}.",
                rule=rule,
            )
        )
    return float(match[1]) / 100


def main_contrast(results: Results) -> Sequential:
    """The interval of the first contrast at the largest size, valid at any time; draws in their order."""
    contrast = results.study.asked()[0]
    differences = results.differences(contrast)[-1].mean(axis=(-2, -1))
    return sequential_interval(differences[np.isfinite(differences)])


def stops(study: Study, runs: Sequence[Placed], rule: str) -> Callable[[Mapping[str, RunRow]], bool]:
    """Whether the rows so far are enough; whole draws in their order are looked at, whichever runs came first.

    Raises:
        BadInput: it is no rule, or the study asks for no contrast.
    """
    wanted = half_width_asked(rule)
    if not study.asked():
        raise BadInput(_("--until needs a contrast to look at, and the study asks for none."))

    def enough(rows: Mapping[str, RunRow]) -> bool:
        return main_contrast(collect(study, runs, rows)).half_width < wanted

    return enough
