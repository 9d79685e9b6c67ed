"""`tatami verify`: whether the numbers of a report are those that were computed.

It finds slips, not cheats: whoever computes new hashes for made-up numbers passes, until they are trained again.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tatamilab import i18n
from tatamilab.errors import BadInput
from tatamilab.experiment import RunOptions, Watcher
from tatamilab.i18n import LANGUAGES, _
from tatamilab.lesson.handins import read_run
from tatamilab.lesson.missing import foreign
from tatamilab.lesson.reading_reports import ReadReport
from tatamilab.lesson.report import numbers_of
from tatamilab.lesson.results import Result


@dataclass(frozen=True)
class Repeated:
    """A result beside the same training done once more.

    Attributes:
        label: of the result.
        is_same: every predicted probability is the same, bit for bit.
        handed_in: accuracy, 0-1.
        now: accuracy of the new training.
        loss: |difference| of the losses; None if one is no finite number.
    """

    label: str
    is_same: bool
    handed_in: float
    now: float
    loss: float | None


def slips(report: ReadReport) -> list[str]:
    """What in a report is not as it was computed, in words; an empty list if nothing is."""
    return [*report.troubles, *_changed(report), *edits(report), *_other_draws(report)]


def edits(report: ReadReport) -> list[str]:
    """What was changed in a report after it was made, in words, but for results, which know it themselves."""
    return [*_renamed(report), *_edited(report)]


def _changed(report: ReadReport) -> Iterator[str]:
    for kept in report.results:
        if not kept.is_intact:
            yield _("The result {label!r} was changed after it was kept.", label=kept.result.label)


def _renamed(report: ReadReport) -> Iterator[str]:
    if not report.is_intact and all(kept.is_intact for kept in report.results):
        yield _("What the report holds was changed after it was made: names or answers, not the results.")


def _edited(report: ReadReport) -> Iterator[str]:
    """Numbers on the page that differ from those inside."""
    with i18n.using(report.lang if report.lang in LANGUAGES else None):
        expected = {
            f"results/{place}/{name}": (kept.result.label, name, text)
            for place, kept in enumerate(report.results)
            for name, text in numbers_of(kept.result).items()
        }
    for key, (label, name, text) in expected.items():
        shown = report.shown.get(key)
        if shown is None:
            yield _("{label!r}: the page no longer shows {name}, which was {text}.", label=label, name=_named(name),
                    text=text)  # fmt: skip
        elif shown.strip() != text:
            yield _(
                "{label!r}: the page says {name} {shown}, but {text} was computed.",
                label=label,
                name=_named(name),
                shown=repr(shown.strip()[:40]),
                text=text,
            )


def _named(name: str) -> str:
    """What a number of the table is called."""
    return {
        "accuracy": _("Test accuracy"),
        "interval": _("95% interval"),
        "correct": _("Recognised"),
        "loss": _("Loss"),
        "validation": _("Validation accuracy"),
        "training": _("Training accuracy"),
        "parameters": _("Parameters"),
        "images": _("Images"),
        "draw": _("Draw"),
        "seed": _("Seed"),
        "epochs": _("Epochs"),
        "steps": _("Steps an epoch"),
        "batch": _("Batch size"),
        "rate": _("Learning rate"),
    }[name]


def _other_draws(report: ReadReport) -> Iterator[str]:
    """Samples that are not the one of the student's ID."""
    for one in foreign(report.worksheet, report.students, [kept.result for kept in report.results]):
        yield _(
            "{label!r}: draw {draw} doesn't belong to the student ID.", label=one.label, draw=one.recipe.draw
        )


def repeat(result: Result, told: Callable[[str], object] = lambda line: None) -> Repeated:
    """Train once more what a result says was trained; only what is built in, never a student's code.

    Raises:
        BadInput: the network or the data are the student's own, or the seed isn't known.
    """
    if not result.is_repeatable:
        raise BadInput(
            _(
                "{label!r} can't be trained again: its network, data or seed is not built in.",
                label=result.label,
            )
        )
    from tatamilab.experiment import run

    recipe = result.recipe
    told(_("Training {label!r} again", label=result.label))
    with TemporaryDirectory(prefix="tatami-") as folder:
        out = Path(folder, "run")
        options = RunOptions(
            data=recipe.data,
            data_size=recipe.data_size,
            draw=recipe.draw,
            model=recipe.model,
            epochs=recipe.epochs,
            batch_size=recipe.batch_size,
            validation_split=recipe.validation_split,
            optimizer=recipe.optimizer,
            lr=recipe.lr,
            seed=recipe.seed or 0,
            out=out,
        )
        run(options, Watcher())
        again = read_run(out).results[0].result
    finite = result.loss is not None and again.loss is not None
    loss = math.fabs((result.loss or 0) - (again.loss or 0)) if finite else None
    return Repeated(
        result.label, again.predictions == result.predictions, result.accuracy, again.accuracy, loss
    )
