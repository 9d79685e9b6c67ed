"""A study is run: what is missing is done, kept at once, retried once; what is there is never done again."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import astuple, dataclass, field

from tatamilab.data import Dataset, load
from tatamilab.experiment.interruption import interruptible
from tatamilab.store import Claims, Member, RunRow, RunStatus, StudyStore
from tatamilab.study import streams
from tatamilab.study.design import Placed, Run, check_sizes, data_hash, design, longest_first, study_id
from tatamilab.study.networks import Networks, NetworksApart
from tatamilab.study.places import NoWorkerBegins, Where, none_begins, open_place
from tatamilab.study.remembered import remember
from tatamilab.study.specification import Study
from tatamilab.study.training import Task, Trained

LOOK_S = 0.5
"""Seconds between two looks at the runs in hand: claims are renewed, the display is told the time."""

TRIES = 2


@dataclass(frozen=True)
class Progress:
    """How far a study is.

    Attributes:
        done: runs that are over.
        total: runs there will be.
        left_s: seconds that the others will take, about; None while nobody can say.
        row: the run that was over last, with its place; None where time alone went by.
    """

    done: int
    total: int
    left_s: float | None
    row: tuple[Run, RunRow] | None = None


Told = Callable[[Progress], object]
"""Told after each run, and now and then."""

Enough = Callable[[Mapping[str, RunRow]], bool]
"""Asked after each run whether the answer is sure enough."""


@dataclass
class Prepared:
    """A study with its data and its runs.

    Attributes:
        study: what is asked.
        id: what it is kept under.
        data: its data set.
        networks: of its arms.
        runs: all of them.
        where: where they are done.
    """

    study: Study
    id: str
    data: Dataset
    networks: Networks | NetworksApart
    runs: list[Run]
    where: Where
    by_key: dict[str, Run] = field(init=False)

    def __post_init__(self) -> None:
        self.by_key = {run.key: run for run in self.runs}

    def close(self) -> None:
        """End the workers."""
        self.networks.close()
        self.where.close()


def prepare(
    study: Study, on: str | None = None, *, data: Dataset | None = None, soon: bool = True
) -> Prepared:
    """Check a study and put its runs together; the workers start up meanwhile.

    Args:
        study: what is asked.
        on: where its runs are done, see `places.open_place`.
        data: its data set, where that is loaded already.
        soon: whether some will have to be done.

    Raises:
        BadInput: the study does not fit its data, or a model cannot be trained.
        OutputError: no scheduler answers.
    """
    data = data or load(study.data)
    check_sizes(study, data)
    where = open_place(on, study.data, soon=soon)
    try:
        networks: Networks | NetworksApart
        if where.draws_random_numbers:
            networks = NetworksApart(study, where.target)
        else:
            networks = Networks(study, data, where.target)
        for arm, recipe in study.recipes().items():
            network = networks.by_arm[arm]
            remember(recipe, data, network.target, network.traits)
        return Prepared(study, study_id(study), data, networks, design(study, data, networks.by_arm), where)
    except BaseException:
        where.close()
        raise


def enrol(study: Study, runs: Sequence[Placed], store: StudyStore) -> None:
    """Tell the store of a study and of the runs that it consists of."""
    members = [Member(run.key, *astuple(run.place)) for run in runs]
    store.add_study(study_id(study), study.name, study.model_dump(mode="json"), members)


def run_missing(
    prepared: Prepared,
    store: StudyStore,
    told: Told | None = None,
    enough: Enough | None = None,
    at_last: Callable[[], object] | None = None,
) -> bool:
    """Do the runs that the store does not have.

    Ctrl-C, once, ends after the runs in hand and keeps all; what others have in hand is waited for.

    Args:
        prepared: the study.
        store: where its runs are kept.
        told: told how far it is.
        enough: to end before all is done.
        at_last: called once, when the first worker has nothing left to do.

    Returns:
        Whether the study is over: False after Ctrl-C.

    Raises:
        BadInput: no process begins to work, as when a script asks while its workers read it.
    """
    enrol(prepared.study, prepared.runs, store)
    return _Work(prepared, store, told or _nothing, enough, at_last or _nothing).do()


def _nothing(*_told: object) -> None:
    """For who need not know."""


class _Work:
    """The loop: free workers get runs, what comes back is kept."""

    def __init__(
        self,
        prepared: Prepared,
        store: StudyStore,
        told: Told,
        enough: Enough | None,
        at_last: Callable[[], object],
    ) -> None:
        self._prepared, self._store, self._told, self._enough = prepared, store, told, enough
        self._at_last: Callable[[], object] | None = at_last
        self._data_hash = data_hash(prepared.data)
        rows = store.rows(list(prepared.by_key))
        self._rows = {row.key: row for row in rows if row.status is not RunStatus.FAILED}
        missing = [run for run in prepared.by_key.values() if run.key not in self._rows]
        self._waiting: deque[Run] = deque(missing if enough else longest_first(missing))
        self._elsewhere: list[Run] = []
        self._in_hand: dict[Future[Trained], Run] = {}
        self._next: tuple[str, Task] | None = None
        self._attempts: dict[str, int] = {}
        self._cost_done, self._began = 0.0, time.monotonic()

    def do(self) -> bool:
        """Do all; see `run_missing`."""
        claims = self._store.claims()
        try:
            with interruptible() as interruption:
                while self._waiting or self._in_hand or self._elsewhere:
                    stop = interruption.asked or self._is_enough()
                    if stop and not self._in_hand:
                        return not interruption.asked
                    if not stop:
                        self._hand_out(claims)
                        self._look_ahead()
                    self._take_in(claims)
            return True
        finally:
            claims.release()

    def _is_enough(self) -> bool:
        return self._enough is not None and self._enough(self._rows)

    def _hand_out(self, claims: Claims) -> None:
        if not self._waiting and not self._in_hand:
            self._look_elsewhere()
        while self._waiting and len(self._in_hand) < self._prepared.where.n_workers:
            run = self._waiting.popleft()
            if run.key in self._attempts or claims.take(run.key):
                self._attempts[run.key] = self._attempts.get(run.key, 0) + 1
                ready = self._next[1] if self._next and self._next[0] == run.key else self._task(run)
                self._in_hand[self._prepared.where.submit(ready)] = run
            else:
                self._elsewhere.append(run)
        if self._at_last and len(self._in_hand) < self._prepared.where.n_workers:
            self._at_last()
            self._at_last = None

    def _look_ahead(self) -> None:
        """Draw the weights of the next run while all workers are busy, so that none waits for them."""
        if self._waiting and (self._next is None or self._next[0] != self._waiting[0].key):
            run = self._waiting[0]
            self._next = (run.key, self._task(run))

    def _look_elsewhere(self) -> None:
        """Take what other processes have done meanwhile; try for what they have given up."""
        found = {row.key: row for row in self._store.rows([run.key for run in self._elsewhere])}
        for run in self._elsewhere:
            row = found.get(run.key)
            if row is None or row.status is RunStatus.FAILED:
                self._waiting.append(run)
            else:
                self._note(run, row)
        self._elsewhere = []

    def _take_in(self, claims: Claims) -> None:
        if self._in_hand:
            done = wait(self._in_hand, timeout=LOOK_S, return_when=FIRST_COMPLETED).done
        else:
            time.sleep(LOOK_S if self._elsewhere else 0)
            done = set()
        claims.renew()
        for future in done:
            run = self._in_hand.pop(future)
            row, trained = self._outcome(run, future)
            if row is None:
                self._waiting.append(run)
                continue
            labels = (trained.test_labels, trained.validation_labels) if trained else (None, None)
            self._store.save(row, *labels)
            claims.done(run.key)
            self._note(run, row)
        if not done:
            self._told(self._progress(None))

    def _outcome(self, run: Run, future: "Future[Trained]") -> tuple[RunRow | None, Trained | None]:
        """The row of a run that is over, or None if it is tried again."""
        attempts = self._attempts[run.key]
        error = future.exception()
        if error is None:
            trained = future.result()
            return _row(run, trained, attempts), trained
        if isinstance(error, NoWorkerBegins):
            raise none_begins() from None
        if attempts < TRIES:
            return None, None
        said = f"{type(error).__name__}: {error}"
        return RunRow(run.key, run.specification, RunStatus.FAILED, error=said, attempts=attempts), None

    def _note(self, run: Run, row: RunRow) -> None:
        self._rows[run.key] = row
        self._cost_done += run.cost
        self._told(self._progress((run, row)))

    def _progress(self, row: tuple[Run, RunRow] | None) -> Progress:
        left = sum(run.cost for run in (*self._waiting, *self._in_hand.values(), *self._elsewhere))
        elapsed = time.monotonic() - self._began
        left_s = elapsed * left / self._cost_done if self._cost_done else None
        return Progress(len(self._rows), len(self._prepared.by_key), left_s, row)

    def _task(self, run: Run) -> Task:
        study, place = self._prepared.study, run.place
        seed = streams.initialisation_seed(study.seed, place.draw, place.initialisation)
        return Task(
            place=place,
            recipe=run.recipe,
            network=run.network,
            weights=self._prepared.networks.start(place.arm, seed),
            data=study.data,
            data_hash=self._data_hash,
            seed=study.seed,
            validation_split=study.validation_split,
            seeks_best_epoch=study.seeks_best_epoch,
        )


def _row(run: Run, trained: Trained, attempts: int) -> RunRow:
    if not trained.finite:
        return RunRow(
            run.key, run.specification, RunStatus.NON_FINITE, attempts=attempts, elapsed_s=trained.elapsed_s
        )
    return RunRow(
        key=run.key,
        specification=run.specification,
        status=RunStatus.FINISHED,
        attempts=attempts,
        test_accuracy=trained.test_accuracy,
        validation_accuracy=trained.validation_accuracy,
        best_epoch=trained.best_epoch,
        best_epoch_accuracy=trained.best_epoch_accuracy,
        loss=trained.loss,
        elapsed_s=trained.elapsed_s,
    )
