"""One question from beginning to end: prepare, run what is missing, answer, and leave a folder with all of it."""

import importlib
import json
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from tatamilab.data import Dataset, load
from tatamilab.engine.target import choose
from tatamilab.experiment.folder import speaking_of
from tatamilab.files import check_folder, write_whole
from tatamilab.store import RunRow, RunStatus, StudyStore
from tatamilab.study.answer import Answer, answer
from tatamilab.study.design import Place, Placed, check_sizes, placed, study_id
from tatamilab.study.exporting import to_csv
from tatamilab.study.places import TARGET, workers_here
from tatamilab.study.remembered import remembered
from tatamilab.study.results import collect
from tatamilab.study.running import Prepared, Told, enrol, prepare, run_missing
from tatamilab.study.showing import as_json
from tatamilab.study.specification import Study, make_study
from tatamilab.study.stopping import main_contrast, stops
from tatamilab.study.verdict import verdict


@dataclass(frozen=True, eq=False)
class Asked:
    """What came of a study.

    Attributes:
        id: what it is kept under.
        answer: its numbers.
        sentences: its verdict.
        runs: all its runs.
        rows: those that are there, by key.
        whole: False after Ctrl-C.
    """

    id: str
    answer: Answer
    sentences: list[str]
    runs: Sequence[Placed]
    rows: dict[str, RunRow]
    whole: bool


def ask(
    study: Study,
    store: StudyStore,
    *,
    on: str | None = None,
    until: str | None = None,
    begun: Callable[[Prepared], Told] | None = None,
) -> Asked:
    """Run what a study lacks, and answer it.

    Args:
        study: what is asked.
        store: where its runs are kept.
        on: where they are done, see `places.open_place`.
        until: a rule to stop by, see `stopping.stops`.
        begun: given the study with its runs, returns what is told how far it is.

    Raises:
        BadInput, OutputError, MissingExtra: whatever stands in the way; what the store holds is unharmed.
    """
    data = load(study.data)
    check_sizes(study, data)
    known = {one.id: one for one in store.studies()}.get(study_id(study))
    unfinished = known is not None and known.n_done < known.n_runs
    if not (unfinished and until is None) and (over := _over(study, data, store, on, until)):
        enrol(study, over[0], store)
        return _answered(study, data, *over, store, whole=True, until=until)
    prepared = prepare(study, on, data=data, soon=known is None or unfinished)
    try:
        enough = None if until is None else stops(study, prepared.runs, until)
        told = begun(prepared) if begun else None
        whole = run_missing(prepared, store, told, enough, _make_ready_to_answer)
    finally:
        prepared.close()
    rows = _rows(prepared.runs, store)
    return _answered(study, data, prepared.runs, rows, store, whole=whole, until=until)


def _over(
    study: Study, data: Dataset, store: StudyStore, on: str | None, until: str | None
) -> tuple[list[Placed], dict[str, RunRow]] | None:
    """Runs and rows of a study that needs no more of them; None where that can't be told without Keras."""
    if not workers_here(on):
        return None
    traits = remembered(study.recipes(), data, choose(os.environ.get(TARGET)).name)
    if traits is None:
        return None
    runs = placed(study, data, traits)
    enough = None if until is None else stops(study, runs, until)
    rows = _rows(runs, store)
    done = {key: row for key, row in rows.items() if row.status is not RunStatus.FAILED}
    over = len(done) == len({run.key for run in runs}) or (enough is not None and enough(done))
    return (runs, rows) if over else None


def _rows(runs: Sequence[Placed], store: StudyStore) -> dict[str, RunRow]:
    return {row.key: row for row in store.rows(sorted({run.key for run in runs}))}


def _make_ready_to_answer() -> None:
    """Import what the answer needs, beside the last runs: it takes a second, and a core has nothing else to do."""

    def begin() -> None:
        for module in ("scipy.stats", "tatamilab.study.drawing", "matplotlib.backends.backend_svg"):
            importlib.import_module(module)

    threading.Thread(target=begin, daemon=True).start()


def stored_answer(store: StudyStore, name: str) -> Asked:
    """The answer of a study that a store keeps, from the runs that are there; nothing is trained.

    Args:
        store: where it is.
        name: its name, or the beginning of its id.

    Raises:
        BadInput: there is no such study, or it is of a newer version.
    """
    kept = store.study(name)
    study = make_study(kept.name, kept.specification)
    runs = [Placed(one.key, Place(*astuple(one)[1:])) for one in store.members(kept.id)]
    return _answered(study, load(study.data), runs, _rows(runs, store), store, whole=True, id=kept.id)


def _answered(
    study: Study,
    data: Dataset,
    runs: Sequence[Placed],
    rows: dict[str, RunRow],
    store: StudyStore,
    *,
    whole: bool,
    until: str | None = None,
    id: str | None = None,
) -> Asked:
    found = answer(collect(study, runs, rows), runs, store, data.y_test, len(data.x_train))
    ended_early = whole and until is not None and found.results.n_missing > 0
    said = verdict(found, main_contrast(found.results) if ended_early else None)
    return Asked(id or study_id(study), found, said, runs, rows, whole)


def check_out(folder: Path) -> None:
    """Refuse a folder in which `write_folder` could write nothing, before anything is trained for it.

    Raises:
        OutputError: a file is in the way, or the disk takes none.
    """
    with speaking_of(folder):
        check_folder(folder)


def write_folder(asked: Asked, folder: Path) -> list[Path]:
    """Leave the verdict, all numbers, every run and the figures in a folder; return what was written.

    Raises:
        OutputError: it cannot be written.
    """
    from tatamilab.instruments.saving import save_figure
    from tatamilab.study.drawing import figures

    with speaking_of(folder):
        folder.mkdir(parents=True, exist_ok=True)
        texts = {
            "verdict.txt": "\n".join(asked.sentences) + "\n",
            "answer.json": json.dumps(as_json(asked.answer, asked.sentences), ensure_ascii=False, indent=2)
            + "\n",
            "runs.csv": to_csv(asked.runs, asked.rows),
        }
        for name, text in texts.items():
            write_whole(folder / name, text)
        drawn = [path for name, fig in figures(asked.answer) for path in save_figure(fig, folder, name)]
    return [*(folder / name for name in texts), *drawn]
