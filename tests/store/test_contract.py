"""What a store of studies does, on every database."""

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from tatamilab.errors import BadInput
from tatamilab.store import Member, RunRow, RunStatus, StudyStore
from tatamilab.store import claims as claiming
from tatamilab.store import studies as keeping

TEST = np.array([1, 2, 250], np.uint8)
VALIDATION = np.array([7], np.uint8)


def row(key: str, status: RunStatus = RunStatus.FINISHED, **values: object) -> RunRow:
    return RunRow(key, {"size": 600, "名": "値"}, status, **{"test_accuracy": 0.1 + 0.2, **values})  # type: ignore[arg-type]


@pytest.fixture
def store(address: str) -> Iterator[StudyStore]:
    with StudyStore(address) as opened:
        yield opened


def test_a_run_comes_back_as_it_was_kept(store: StudyStore) -> None:
    kept = row("a", best_epoch=3, loss=0.25, validation_accuracy=None)
    assert store.save(kept, TEST, VALIDATION)
    assert store.rows() == store.rows(["a", "b"]) == [kept]
    test, validation = store.labels(["a"])["a"]
    np.testing.assert_array_equal(test, TEST)
    np.testing.assert_array_equal(validation, VALIDATION)


def test_the_first_result_stays(store: StudyStore) -> None:
    assert store.save(row("a", loss=1.0), TEST, VALIDATION)
    assert not store.save(row("a", loss=2.0), TEST[::-1], VALIDATION)
    assert store.rows()[0].loss == 1.0
    assert store.labels(["a"])["a"][0].tolist() == TEST.tolist()


def test_a_failure_gives_way(store: StudyStore) -> None:
    store.save(row("a", RunStatus.FAILED, error="no luck", test_accuracy=None))
    assert store.rows()[0].error == "no luck"
    assert store.save(row("a"), TEST, VALIDATION)
    assert store.rows()[0].status is RunStatus.FINISHED


def test_a_study_knows_its_runs(store: StudyStore) -> None:
    members = [
        Member("k1", "cnn", 60, -1, 0, 0),
        Member("k2", "cnn", 60, 0, 0, 0),
        Member("k1", "same", 60, 0, 0, 0),
    ]
    store.add_study("id1", "mine", {"draws": 2}, members)
    store.add_study("id1", "mine", {"draws": 2}, members)
    store.save(row("k1"), TEST, VALIDATION)
    (study,) = store.studies()
    assert (study.id, study.name, study.specification) == ("id1", "mine", {"draws": 2})
    assert (study.n_runs, study.n_done) == (2, 1)
    assert sorted(store.members("id1"), key=str) == sorted(members, key=str)
    assert store.study("mine") == store.study("id") == study


def test_a_study_whose_runs_are_others_now_knows_those(store: StudyStore) -> None:
    """As after an update that changes what a run computes."""
    before, after = (Member(key, "cnn", 60, 0, 0, 0) for key in ("old", "new"))
    for member in (before, after):
        store.add_study("id1", "mine", {}, [member])
        assert store.members("id1") == [member]


def test_a_name_that_is_none_is_refused(store: StudyStore) -> None:
    store.add_study("id1", "mine", {}, [])
    with pytest.raises(BadInput, match=r"'other' names no single study in .*; known are: mine \(id1\)\."):
        store.study("other")


def test_a_claim_keeps_others_away_until_its_run_is_kept(store: StudyStore, address: str) -> None:
    with StudyStore(address) as again:
        mine, theirs = store.claims(), again.claims()
        assert mine.take("a")
        assert not theirs.take("a")
        store.save(row("a"), TEST, VALIDATION)
        assert not theirs.take("a")
        assert theirs.take("b")
        theirs.release()
        assert mine.take("b")


def test_a_claim_runs_out_unless_it_is_renewed(store: StudyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(claiming, "time", SimpleNamespace(time=lambda: now[0]))
    mine, theirs = store.claims(), store.claims()
    assert mine.take("a")
    now[0] += 0.75 * claiming.LEASE_S
    mine.renew()
    now[0] += 0.75 * claiming.LEASE_S
    assert not theirs.take("a")
    now[0] += 0.5 * claiming.LEASE_S
    assert theirs.take("a")


def test_many_at_once_do_each_run_once(store: StudyStore, address: str) -> None:
    keys = [f"k{n}" for n in range(12)]
    taken: list[str] = []

    def work() -> None:
        with StudyStore(address) as mine:
            claims = mine.claims()
            for key in keys:
                if claims.take(key):
                    taken.append(key)
                    mine.save(row(key), TEST, VALIDATION)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(taken) == sorted(keys)
    assert len(store.rows()) == len(keys)


def test_many_keys_are_more_than_one_query(store: StudyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_NAMED", 2)
    for key in "abcde":
        store.save(row(key), TEST, VALIDATION)
    assert [one.key for one in store.rows(list("edcba"))] == list("abcde")


def test_migrations_lead_to_the_tables_of_today(store: StudyStore) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from tatamilab.store.tables import VERSION_TABLE, metadata

    with store._database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []


def test_ten_thousand_runs_are_listed_at_once(store: StudyStore) -> None:
    from sqlalchemy import insert

    from tatamilab.store.tables import runs, study_runs

    values = {"specification": "{}", "status": "finished", "attempts": 1, "test_accuracy": 0.5}
    store.add_study("id1", "large", {}, [])
    place = {"study": "id1", "arm": "a", "size": 60, "initialisation": 0, "ordering": 0}
    with store._database.writing() as connection:
        connection.execute(insert(runs), [{"key": f"{n:064}", **values} for n in range(10_000)])
        connection.execute(
            insert(study_runs), [{"key": f"{n:064}", "draw": n, **place} for n in range(10_000)]
        )
    times_s: list[float] = []
    for _time in range(5):  # of which another program may delay some
        began = time.perf_counter()
        (study,) = store.studies()
        times_s.append(time.perf_counter() - began)
    assert (study.n_runs, study.n_done) == (10_000, 10_000)
    assert min(times_s) < 0.3
