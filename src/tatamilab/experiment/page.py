"""The page of a run: one self-contained HTML file in the language in force, with no script in it."""

import base64
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from tatamilab import i18n
from tatamilab.experiment import folder
from tatamilab.experiment.record import RunRecord
from tatamilab.experiment.watching import Figure, Phase

if TYPE_CHECKING:
    from jinja2 import Environment


def render(record: RunRecord, history: Mapping[str, Sequence[float]], drawn: Mapping[str, Figure]) -> str:
    """The page of `record`, its figures embedded.

    Args:
        record: the run.
        history: Keras's history: one value an epoch, by name.
        drawn: the run's figures by name.
    """
    rows = [dict(zip(history, values, strict=True)) for values in zip(*history.values(), strict=True)]
    return (
        environment()
        .get_template("run.html")
        .render(
            _=i18n._,
            lang=i18n.language(),
            run=record,
            epochs=rows,
            figures=drawn,
            phases=[(phase.words, record.timings_s[phase]) for phase in Phase if phase in record.timings_s],
            files=folder,
        )
    )


@cache
def environment() -> "Environment":
    """What makes pages from the templates."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("tatamilab.experiment"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["embedded"] = _embedded
    environment.filters["shape"] = lambda shape: "×".join(str(size) for size in shape)
    return environment


def _embedded(figure: Figure) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(figure.svg.read_bytes()).decode()
