"""Who has what, and what the class has found together."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from tatamilab.analysis.study_effects import Estimate, mean_over_draws, p_of_draws
from tatamilab.i18n import _
from tatamilab.lesson.classroom.gathering import Gathered, HandedIn
from tatamilab.lesson.missing import foreign, missing, own_draws
from tatamilab.lesson.results import Result
from tatamilab.lesson.students import Student, normalised_id
from tatamilab.lesson.tasks import on_600

CNN, BPNN = "cnn-small-data", "bpnn"
N_HARDEST = 20
N_TEST = 10_000
"""Test images of MNIST."""


@dataclass(frozen=True)
class Row:
    """One who hands in, or several at one machine.

    Attributes:
        who: in the order of the report; empty if nobody is named.
        source: the file that counts.
        missing: what isn't there, in words.
        answers: text by task.
        results: what was kept.
        first: accuracies of CNN and BPNN on the first 600 images; None where there is none.
        own: likewise on the sample of the student's own ID.
        is_absent: nothing was handed in; the name is from the list of the class.
    """

    who: tuple[Student, ...]
    source: str
    missing: tuple[str, ...]
    answers: dict[str, str]
    results: tuple[Result, ...]
    first: tuple[float | None, float | None]
    own: tuple[float | None, float | None]
    is_absent: bool = False


@dataclass(frozen=True)
class Pooled:
    """The answer of the whole class to B2-1-2, a pair of trainings from each sample.

    Attributes:
        cnn: accuracy by student, 0-1.
        bpnn: likewise.
        difference: mean of cnn - bpnn and its 95% interval; None with fewer than two.
        p: sign-flip test of the difference; None likewise.
    """

    cnn: tuple[float, ...]
    bpnn: tuple[float, ...]
    difference: Estimate | None
    p: float | None


@dataclass(frozen=True)
class Hard:
    """A test image that most networks got wrong.

    Attributes:
        image: its number among the test images.
        wrong: how many networks.
        n: of how many.
    """

    image: int
    wrong: int
    n: int


@dataclass(frozen=True)
class ClassSummary:
    """A class at a glance.

    Attributes:
        rows: one a hand-in that counts, and one for each who is absent, in the order of student IDs.
        pooled: the answer of all samples together.
        first: accuracies (CNN, BPNN) on the first 600 images, one a student; told apart from the samples.
        hard: test images that most CNNs got wrong, the hardest first.
        same: groups of sources whose networks are the same to the last bit.
        notes: what else is worth knowing, in words.
        unread: what could not be read, with the reason.
        passed_over: files that are no hand-ins.
    """

    rows: tuple[Row, ...]
    pooled: Pooled
    first: tuple[tuple[float, float], ...]
    hard: tuple[Hard, ...]
    same: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    unread: tuple[tuple[str, str], ...]
    passed_over: tuple[str, ...] = ()

    @property
    def n_handed_in(self) -> int:
        """Hand-ins that count; those of the list who are absent are none."""
        return sum(not row.is_absent for row in self.rows)

    @property
    def has_answers(self) -> bool:
        """Whether anybody has written one."""
        return any(answer for row in self.rows for answer in row.answers.values())


def summarise(found: Gathered, roster: Sequence[Student] = (), *, anonymous: bool = False) -> ClassSummary:
    """A class from what was gathered.

    Args:
        found: what lies in the folder.
        roster: everyone in the class, so that who hasn't handed in is known; empty if there is no list.
        anonymous: number the hand-ins instead of naming anybody.
    """
    notes: list[str] = []
    counting, older = _newest(found.handed_in)
    rows = [_row(one, notes) for one in counting]
    rows += _absent(rows, roster)
    rows.sort(key=lambda row: [normalised_id(student.id) for student in row.who])
    notes += [_("{source}: a newer one of the same student counts.", source=one.source) for one in older]
    notes += [
        _("{source}: {trouble}", source=one.source, trouble=trouble)
        for one in counting
        for trouble in one.troubles
    ]
    summary = ClassSummary(
        tuple(rows), _pool(rows), _first(rows), _hardest(rows), _same(rows), tuple(notes), tuple(found.unread),
        tuple(found.passed_over),
    )  # fmt: skip
    return _without_names(summary) if anonymous else summary


def _newest(handed_in: Iterable[HandedIn]) -> tuple[list[HandedIn], list[HandedIn]]:
    """For each student and worksheet the newest hand-in, a report before a notebook; and the others.

    What lies beside the one that counts, such as the notebook that a report was made from, is passed over.
    """
    best: dict[object, HandedIn] = {}
    others: list[tuple[object, HandedIn]] = []
    for one in sorted(handed_in, key=lambda one: (one.when, one.kind == "report")):
        ids = [normalised_id(student.id) for student in one.students]
        key = (one.worksheet, *ids) if any(ids) else one.source
        if key in best:
            others.append((key, best[key]))
        best[key] = one
    return list(best.values()), [one for key, one in others if not _lie_together(one, best[key])]


def _lie_together(one: HandedIn, other: HandedIn) -> bool:
    """Whether two hand-ins lie in the same folder of a student's."""
    return one.folder == other.folder and one.folder != PurePosixPath()


def _row(one: HandedIn, notes: list[str]) -> Row:
    results = tuple(kept.result for kept in one.results)
    notes += [
        _("{source}: {label!r} was changed after it was kept.", source=one.source, label=kept.result.label)
        for kept in one.results
        if not kept.is_intact
    ]
    draws = own_draws(one.students)
    own = [result for result in results if result.recipe.draw in draws]
    if foreign(one.worksheet, one.students, results):
        notes.append(_("{source}: the draw is not the one of the student ID.", source=one.source))
    return Row(
        who=one.students,
        source=one.source,
        missing=tuple(missing(one.worksheet, one.students, one.answers, results).in_short()),
        answers=one.answers,
        results=results,
        first=(_accuracy(results, CNN, own=False), _accuracy(results, BPNN, own=False)),
        own=(_accuracy(own, CNN, own=True), _accuracy(own, BPNN, own=True)),
    )


def _absent(rows: Sequence[Row], roster: Sequence[Student]) -> list[Row]:
    there = {normalised_id(student.id) for row in rows for student in row.who}
    nothing = (_("everything"),)
    return [
        Row((student,), "", nothing, {}, (), (None, None), (None, None), is_absent=True)
        for student in roster
        if normalised_id(student.id) not in there
    ]


def _accuracy(results: Sequence[Result], model: str, *, own: bool) -> float | None:
    return next((result.accuracy for result in results if on_600(model, own=own)(result)), None)


def _pool(rows: Sequence[Row]) -> Pooled:
    pairs = [(row.own[0], row.own[1]) for row in rows if row.own[0] is not None and row.own[1] is not None]
    cnn, bpnn = tuple(float(a or 0) for a, _b in pairs), tuple(float(b or 0) for _a, b in pairs)
    if len(pairs) < 2:
        return Pooled(cnn, bpnn, None, None)
    differences = np.subtract(cnn, bpnn)
    return Pooled(cnn, bpnn, mean_over_draws(differences), p_of_draws(differences))


def _first(rows: Sequence[Row]) -> tuple[tuple[float, float], ...]:
    return tuple(
        (row.first[0], row.first[1]) for row in rows if row.first[0] is not None and row.first[1] is not None
    )


def _hardest(rows: Sequence[Row]) -> tuple[Hard, ...]:
    """Test images of MNIST by how many different networks got them wrong."""
    networks = {
        result.predictions: result.mistakes
        for row in rows
        for result in row.results
        if result.recipe.data == "mnist" and result.n == N_TEST and "Conv2D" in result.architecture
    }
    if not networks:
        return ()
    wrong = np.sum(list(networks.values()), axis=0)
    order = np.argsort(-wrong, kind="stable")[:N_HARDEST]
    return tuple(Hard(int(image), int(wrong[image]), len(networks)) for image in order if wrong[image])


def _same(rows: Sequence[Row]) -> tuple[tuple[str, ...], ...]:
    """Sources that share a network which only one of them can have trained; a common sample gives all the same."""
    by_network: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for result in row.results:
            if result.recipe.draw is not None or result.recipe.seed is None:
                by_network[result.predictions].add(row.source)
    return tuple(sorted({tuple(sorted(sources)) for sources in by_network.values() if len(sources) > 1}))


def _without_names(summary: ClassSummary) -> ClassSummary:
    """The class with numbers in the place of names, in an order that says nothing."""
    order = sorted(range(len(summary.rows)), key=lambda k: _shuffled(summary.rows[k]))
    number = {place: k for k, place in enumerate(order, 1)}
    names = {row.source: _("hand-in {k}", k=number[place]) for place, row in enumerate(summary.rows)}
    rows = [
        replace(row, who=(Student(name=_("hand-in {k}", k=number[place])),), source="", answers={})
        for place, row in enumerate(summary.rows)
    ]
    return replace(
        summary,
        rows=tuple(rows[place] for place in order),
        same=tuple(tuple(sorted(names[source] for source in group)) for group in summary.same),
        notes=(_("{n} notes, which name somebody.", n=len(summary.notes)),) if summary.notes else (),
        unread=((_("{n} files", n=len(summary.unread)), _("Their names are left out.")),)
        if summary.unread
        else (),
        passed_over=(_("{n} files", n=len(summary.passed_over)),) if summary.passed_over else (),
    )


def _shuffled(row: Row) -> str:
    """An order that doesn't give away who is who: by what was computed, then by hash."""
    from tatamilab.files import sha256

    return sha256("".join([row.source, *(student.id + student.name for student in row.who)]).encode())
