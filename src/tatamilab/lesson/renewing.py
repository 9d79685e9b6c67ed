"""A report where one lies already: a student renews the own one as often as wanted; nothing else is written over."""

from pathlib import Path

from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.lesson.reading_reports import ReadReport, read_report
from tatamilab.lesson.report import Report
from tatamilab.lesson.students import Student, normalised_id


def check_renewal(path: Path, made: Report) -> None:
    """Refuse to write a report over anything but an older state of the same.

    An older state is of the same worksheet (without one: made from the same files), is not of somebody else, and holds
    no results where the new report holds none.

    Args:
        path: where the report goes.
        made: the report.

    Raises:
        BadInput: something else lies there.
    """
    if not path.is_file():
        return
    if what := _what_else(path, made):
        raise BadInput(
            _(
                "{path} is there already and {what}; choose another file with --out, or add --force to write over it.",
                path=path,
                what=what,
            )
        )


def _what_else(path: Path, made: Report) -> str:
    """What lies at `path`, as part of a sentence; empty if it is an older state of the report."""
    if path.suffix.lower() == ".pdf":
        return _("is a PDF, which can't be compared with this report")
    try:
        old = read_report(path)
    except BadInput:
        return _("is no report")
    if not _is_same_work(old, made):
        return _("is a report of something else")
    mine, theirs = _ids(made.students), _ids(old.students)
    if mine and theirs and not mine & theirs:
        return _("is the report of another student ID, {ids}", ids=", ".join(sorted(theirs)))
    if old.results and not made.results:
        return _("holds results, of which this report would have none")
    return ""


def _is_same_work(old: ReadReport, made: Report) -> bool:
    if old.worksheet or made.worksheet:
        return old.worksheet == made.worksheet
    return old.sources == made.sources


def _ids(who: tuple[Student, ...]) -> set[str]:
    return {normalised_id(one.id) for one in who} - {""}
