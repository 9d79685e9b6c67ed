"""The page of a run: one self-contained HTML file in the language in force, with no script in it."""

import base64
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from tatamilab import __version__, i18n
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
            run=record,
            epochs=rows,
            figures=drawn,
            phases=[(phase.words, record.timings_s[phase]) for phase in Phase if phase in record.timings_s],
            files=folder,
        )
    )


@cache
def environment(*packages: str) -> "Environment":
    """What makes pages from the templates of a run's page, and from those of other packages.

    Each page speaks the language in force when it is made.

    Args:
        packages: whose templates are found as well, such as "tatamilab.lesson".
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in ("tatamilab.experiment", *packages)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update({"_": i18n._, "language": i18n.language, "version": __version__})
    environment.filters["embedded"] = _embedded
    environment.filters["shape"] = lambda shape: "×".join(str(size) for size in shape)
    return environment


def _embedded(picture: bytes, kind: str) -> str:
    """A picture as an address that holds all of it."""
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
