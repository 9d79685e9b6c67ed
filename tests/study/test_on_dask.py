"""A Dask cluster does the same runs, to the same bits, and survives the loss of a worker."""

import os
import signal
import time
from pathlib import Path

import pytest

from tatamilab.errors import OutputError
from tatamilab.store import StudyStore
from tatamilab.study.exporting import to_csv
from tatamilab.study.places import Cluster
from tatamilab.study.running import Progress, prepare, run_missing
from tatamilab.study.specification import Study, changed


def test_no_scheduler_is_said_in_five_seconds() -> None:
    began = time.monotonic()
    with pytest.raises(OutputError, match=r"^No Dask scheduler answers at tcp://127\.0\.0\.1:9 within 5 s; "):
        Cluster("tcp://127.0.0.1:9")
    assert time.monotonic() - began < 15


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
