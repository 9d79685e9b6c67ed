"""A folder of hand-ins: reports, notebooks, runs and zips, each read or named with the reason why not."""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import BinaryIO

from tatamilab.acceleration import notebooks
from tatamilab.errors import BadInput
from tatamilab.experiment import folder as run_folder
from tatamilab.i18n import _
from tatamilab.lesson import handins, verifying
from tatamilab.lesson.classroom.archives import WHEN, Member, is_clutter, members
from tatamilab.lesson.executed import answers_of_both
from tatamilab.lesson.handins import Kept
from tatamilab.lesson.reading_reports import ReadReport, report_content
from tatamilab.lesson.students import Student, normalised_id

MOST_FILES = 20_000
LARGEST_ZIP = 2**30
LARGEST_FILE = 200 * 2**20
MOST_EDITS = 3
"""Of what was changed in a report by hand: how many are named."""
RUN_FILES = (run_folder.RECORD, run_folder.HISTORY, run_folder.PREDICTIONS)
NAMED_BY_TIME = re.compile(r"\d{8}-\d{6}-")
"""How `tatami run` names a folder that nobody has named."""
RUNS = "runs"
"""The folder that it puts them into."""
PASSED_OVER = {".csv", ".txt", ".md", ".png", ".svg", ".keras", ".npz", ".json", ".py"}
"""What may lie beside a hand-in without being one: it is named, and not read."""


@dataclass(frozen=True)
class HandedIn:
    """One file or run that was handed in.

    Attributes:
        source: its name in the folder.
        when: last changed; local time.
        kind: "report", "notebook" or "run".
        worksheet: its name, or "".
        students: who handed it in.
        answers: text by task.
        results: what was kept.
        troubles: what in it could not be used.
    """

    source: str
    when: WHEN
    kind: str
    worksheet: str
    students: tuple[Student, ...]
    answers: dict[str, str]
    results: tuple[Kept, ...]
    troubles: tuple[str, ...] = ()

    @property
    def folder(self) -> PurePosixPath:
        """Where it lies; a zip is a folder, too."""
        return PurePosixPath(self.source).parent


@dataclass
class Gathered:
    """All that lies in a folder.

    Attributes:
        handed_in: what could be read.
        unread: what could not, by name, with the reason.
        passed_over: files that may lie beside a hand-in and are none.
    """

    handed_in: list[HandedIn] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


def gather(folder: Path) -> Gathered:
    """Read every hand-in in a folder and in the folders and zips in it.

    Nothing is run, nothing is written beside it, no link is followed. A run belongs to whose notebook or report lies in
    the same folder, or in one above it.

    Raises:
        BadInput: there is no such folder, or it is a file.
    """
    if folder.is_file():
        raise BadInput(_("{path} is a file, not a folder; name the folder that it lies in.", path=folder))
    if not folder.is_dir():
        raise BadInput(_("There is no folder {path}.", path=folder))
    found = Gathered()
    for path in _files(folder, found):
        name = path.relative_to(folder).as_posix()
        try:
            _take(path, name, found)
        except BadInput as problem:
            found.unread.append((name, str(problem)))
        except OSError as problem:
            found.unread.append((name, problem.strerror or str(problem)))
    found.handed_in = _with_their_runs(_with_executed(found.handed_in))
    return found


def _with_executed(handed_in: Sequence[HandedIn]) -> list[HandedIn]:
    """The hand-ins; a notebook without results and what `tatami notebook run` made of it are one."""
    together = {one.source: one for one in handed_in}
    for one in handed_in:
        ran = together.get(notebooks.executed(Path(one.source)).as_posix())
        if (
            one.kind == "notebook"
            and not one.results
            and ran
            and ran.results
            and ran.worksheet == one.worksheet
        ):
            del together[ran.source]
            together[one.source] = replace(
                one,
                when=max(one.when, ran.when),
                students=one.students or ran.students,
                answers=answers_of_both(one.answers, ran.answers),
                results=ran.results,
                troubles=one.troubles + ran.troubles,
            )
    return list(together.values())


def _with_their_runs(handed_in: Sequence[HandedIn]) -> list[HandedIn]:
    """The hand-ins, each with the runs that lie in its folder; runs of one folder without any are one hand-in."""
    named = [one for one in handed_in if one.kind != "run"]
    together = {one.source: one for one in named}
    for run in handed_in:
        if run.kind == "run":
            source = _owner(run, named) or _student_folder(run.source) or run.source
            together[source] = (
                _joined(together[source], run) if source in together else replace(run, source=source)
            )
    return list(together.values())


def _owner(run: HandedIn, named: Sequence[HandedIn]) -> str | None:
    """The source of the hand-in beside or above a run; None if there is none, or several students' lie there."""
    for folder in (run.folder, *run.folder.parents):
        if folder == PurePosixPath():
            return None
        beside = [one for one in named if one.folder == folder]
        if beside:
            newest = max(beside, key=lambda one: (one.when, one.kind == "report"))
            whose = {tuple(normalised_id(student.id) for student in one.students) for one in beside}
            return newest.source if len(whose) == 1 else None
    return None


def _joined(one: HandedIn, run: HandedIn) -> HandedIn:
    had = {kept.result.predictions for kept in one.results}
    more = tuple(kept for kept in run.results if kept.result.predictions not in had)
    return replace(one, results=one.results + more, troubles=one.troubles + run.troubles)


def _files(folder: Path, found: Gathered) -> Iterator[Path]:
    """Files and runs below a folder in the order of their names."""
    n = 0
    open_folders = [folder]
    while open_folders:
        here = open_folders.pop(0)
        for path in sorted(here.iterdir()):
            name = path.relative_to(folder).as_posix()
            n += 1
            if n > MOST_FILES:
                found.unread.append(
                    (name, _("There are more than {n:,} files; the rest is not read.", n=MOST_FILES))
                )
                return
            if path.is_symlink():
                found.unread.append((name, _("It is a link, and links are not followed.")))
            elif is_clutter(path.name):
                continue
            elif path.is_dir() and not (path / run_folder.RECORD).is_file():
                open_folders.append(path)
            else:
                yield path


def _take(path: Path, name: str, found: Gathered) -> None:
    when = datetime.fromtimestamp(path.stat().st_mtime).timetuple()[:6]
    if path.is_dir():
        found.handed_in.append(_of_run(path, name, when))
        return
    suffix = path.suffix.lower()
    limit = LARGEST_ZIP if suffix == ".zip" else LARGEST_FILE
    if path.stat().st_size > limit:
        found.unread.append((name, _("It is larger than {limit:,} MB.", limit=limit // 2**20)))
    elif suffix == ".zip":
        with path.open("rb") as file:
            _take_zip(file, name, found, depth=1)
    else:
        _take_content(Member(name, when, path.read_bytes() if _is_read(name) else b""), found)


def _take_zip(file: BinaryIO, name: str, found: Gathered, depth: int) -> None:
    """Hand-ins in a zip, and in zips in it: an LMS packs what students have packed."""
    runs: dict[str, list[Member]] = {}
    beside = Gathered()
    for member in members(file):
        if isinstance(member, str):
            found.unread.append((f"{name}/{member.partition(': ')[0]}", member.partition(": ")[2]))
            continue
        inside = PurePosixPath(member.name.replace("\\", "/"))
        full = Member(f"{name}/{inside}", member.when, member.content)
        try:
            if inside.name in RUN_FILES:
                runs.setdefault(str(inside.parent), []).append(full)
            elif inside.suffix.lower() != ".zip":
                _take_content(full, beside)
            elif depth == 0:
                found.unread.append((full.name, _("It is a zip in a zip in a zip.")))
            else:
                _take_zip(io.BytesIO(member.content), full.name, found, depth - 1)
        except BadInput as problem:
            beside.unread.append((full.name, str(problem)))
    _add_beside_runs(beside, [f"{name}/{where}/".replace("/./", "/") for where in runs], found)
    for where, files in runs.items():
        _take_packed_run(f"{name}/{where}", files, found)


def _add_beside_runs(beside: Gathered, runs: Sequence[str], found: Gathered) -> None:
    """Add what lies in a zip, but for a run's own page, figures and networks, which its record stands for."""

    def is_a_runs(name: str) -> bool:
        return any(name.startswith(run) for run in runs)

    pages = {run + page for run in runs for page in (run_folder.PAGE, run_folder.EXPLAIN_PAGE)}
    found.handed_in += beside.handed_in
    found.unread += [(name, reason) for name, reason in beside.unread if name not in pages]
    found.passed_over += [name for name in beside.passed_over if not is_a_runs(name)]


def _take_packed_run(name: str, files: list[Member], found: Gathered) -> None:
    with TemporaryDirectory(prefix="tatami-") as folder:
        for member in files:
            (Path(folder) / PurePosixPath(member.name).name).write_bytes(member.content)
        try:
            found.handed_in.append(_of_run(Path(folder), name, files[0].when))
        except BadInput as problem:
            found.unread.append((name, str(problem).replace(folder, name)))


def _take_content(member: Member, found: Gathered) -> None:
    suffix = PurePosixPath(member.name).suffix.lower()
    if suffix in (".html", ".htm"):
        report = report_content(member.content)
        found.handed_in.append(
            HandedIn(
                member.name, member.when, "report", report.worksheet, report.students, report.answers, report.results,
                (*report.troubles, *_edits(report)),
            )
        )  # fmt: skip
    elif suffix == ".ipynb":
        book = handins.notebook_content(member.content)
        found.handed_in.append(
            HandedIn(
                member.name, member.when, "notebook", book.worksheet, book.students, book.answers,
                tuple(book.results), tuple(book.troubles),
            )
        )  # fmt: skip
    elif suffix in PASSED_OVER:
        found.passed_over.append(member.name)
    else:
        found.unread.append((member.name, _("It is no report (.html), no notebook (.ipynb) and no run.")))


def _edits(report: ReadReport) -> list[str]:
    """What was changed in a report by hand, the first of it; `verify` names all."""
    found = verifying.edits(report)
    more = len(found) - MOST_EDITS
    if more <= 0:
        return found
    return [*found[:MOST_EDITS], _("changed in {n} more places, which tatami verify names.", n=more)]


def _is_read(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in (".html", ".htm", ".ipynb")


def _of_run(path: Path, name: str, when: WHEN) -> HandedIn:
    """A run says nothing of who it is; the name of a folder has to do."""
    found = handins.read_run(path)
    who = (Student(name=PurePosixPath(_student_folder(name) or name).name),)
    return HandedIn(name, when, "run", "", who, {}, tuple(found.results), tuple(found.troubles))


def _student_folder(source: str) -> str | None:
    """The folder that a run was put into as `tatami run` had named it; None if it isn't a student's own."""
    place = PurePosixPath(source)
    if not NAMED_BY_TIME.match(place.name):
        return None
    folder = place.parent.parent if place.parent.name == RUNS else place.parent
    return None if folder == PurePosixPath() or folder.suffix.lower() == ".zip" else str(folder)
