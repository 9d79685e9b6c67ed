"""A Dask cluster does the same runs, to the same bits, and survives the loss of a worker."""

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tatamilab import i18n
from tatamilab.engine.target import runnable
from tatamilab.errors import OutputError
from tatamilab.store import StudyStore
from tatamilab.study import places
from tatamilab.study.exporting import to_csv
from tatamilab.study.places import Cluster, _common
from tatamilab.study.running import Progress, prepare, run_missing
from tatamilab.study.specification import Study, changed

Refused = Callable[..., None]


def test_no_scheduler_is_said_in_time(monkeypatch: pytest.MonkeyPatch, refused: Refused) -> None:
    assert places.PATIENCE_S == 5
    monkeypatch.setattr(places, "PATIENCE_S", 0.5)
    import distributed  # noqa: F401  which takes its time

    began = time.monotonic()
    refused(
        lambda: Cluster("tcp://127.0.0.1:9"),
        en="No Dask scheduler answers at tcp://127.0.0.1:9 within 0.5 s; start one with `dask scheduler`, or leave "
        "--on out.",
        ja="tcp://127.0.0.1:9 の Dask スケジューラが 0.5 秒以内に応答しません。`dask scheduler` で起動するか、"
        "--on を外してください。",
        error=OutputError,
    )
    assert time.monotonic() - began < 30  # as long as Dask itself would wait, in one of the two languages


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_one_that_accepts_and_is_silent_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "PATIENCE_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with (
            i18n.using("en"),
            pytest.raises(OutputError, match=f"No Dask scheduler answers at {address} within"),
        ):
            Cluster(address)


def test_workers_that_differ_compute_for_what_all_have(refused: Refused) -> None:
    wide, narrow = ("avx512", "avx2", "sse4"), ("avx2", "sse4")
    assert _common({"a": wide, "b": wide}) == ("avx512", "")
    assert _common({"a": wide, "b": narrow}) == (
        "avx2",
        "The workers' CPUs differ: all compute for avx2, which all have.",
    )
    refused(
        lambda: _common({"a": wide, "b": ("neon",)}),
        en="The cluster's workers have no vector unit in common, so their bits would differ.",
        ja="クラスタのワーカーに共通のベクトル演算器がないため、結果のビットが一致しません。",
    )


@pytest.mark.usefixtures("weights_apart")
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_three_workers_of_which_one_is_killed(tmp_path: Path, small: Study) -> None:
    from distributed import LocalCluster

    study = changed("small", small, {"draws": 30})
    with LocalCluster(
        n_workers=3, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=50
    ) as cluster:
        pids = list(cluster.scheduler.workers.values())
        prepared = prepare(study, cluster.scheduler_address.replace("tcp://", "dask://"))
        victim = next(nanny.pid for nanny in cluster.workers.values())
        assert len(pids) == 3

        def told(far: Progress) -> None:
            if far.row is not None and far.done == 10:
                os.kill(victim, signal.SIGKILL)

        try:
            with StudyStore(f"sqlite:///{tmp_path / 'dask.db'}") as there:
                assert run_missing(prepared, there, told)
                on_dask = to_csv(prepared.runs, {row.key: row for row in there.rows()})
        finally:
            prepared.close()
    here = prepare(study, "local:2")
    try:
        with StudyStore(f"sqlite:///{tmp_path / 'local.db'}") as mine:
            assert run_missing(here, mine)
            assert on_dask == to_csv(here.runs, {row.key: row for row in mine.rows()})
    finally:
        here.close()
    assert on_dask.count("finished") == 2 * 2 * 31


@pytest.mark.usefixtures("weights_apart")
@pytest.mark.slow
@pytest.mark.skipif(len(runnable()) < 2, reason="this CPU has one vector unit only")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_workers_of_different_cpus_give_the_bits_of_the_narrower(
    tmp_path: Path, small: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import Nanny, Scheduler, SpecCluster

    narrower = runnable()[1]
    here = {"host": "127.0.0.1"}
    workers = {
        number: {"cls": Nanny, "options": {**here, "nthreads": 1, "silence_logs": 50, "env": environment}}
        for number, environment in enumerate(({}, {"TATAMI_TARGET": narrower}))
    }
    scheduler = {"cls": Scheduler, "options": {**here, "dashboard": False}}
    with SpecCluster(workers=workers, scheduler=scheduler, silence_logs=50) as cluster:
        prepared = prepare(small, cluster.scheduler_address)
        try:
            assert prepared.where.notice.endswith(f"all compute for {narrower}, which all have.")
            with StudyStore(f"sqlite:///{tmp_path / 'dask.db'}") as there:
                assert run_missing(prepared, there)
                on_dask = to_csv(prepared.runs, {row.key: row for row in there.rows()})
        finally:
            prepared.close()
    monkeypatch.setenv("TATAMI_TARGET", narrower)
    alone = prepare(small, "local:1")
    try:
        with StudyStore(f"sqlite:///{tmp_path / 'local.db'}") as mine:
            assert run_missing(alone, mine)
            assert on_dask == to_csv(alone.runs, {row.key: row for row in mine.rows()})
    finally:
        alone.close()
    assert on_dask.count("finished") == 2 * 2 * 4
