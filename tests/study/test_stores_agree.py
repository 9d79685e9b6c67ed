"""SQLite and PostgreSQL export the same bytes."""

from pathlib import Path

import pytest

from tatamilab.store import RunRow, RunStatus, StudyStore
from tatamilab.study.design import Place, Placed
from tatamilab.study.exporting import to_csv


def test_the_same_bytes(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    address = request.getfixturevalue("postgres_database")
    runs = [Placed(f"k{n}", Place("アーム", 600, n - 1, 0, 0)) for n in range(5)]
    texts = []
    for one in (f"sqlite:///{tmp_path / 's.db'}", address):
        with StudyStore(one) as store:
            for n, run in enumerate(runs):
                accuracy = None if n == 3 else 0.1 * n + 1e-17
                store.save(
                    RunRow(run.key, {}, RunStatus.FINISHED, test_accuracy=accuracy, loss=1 / 3, best_epoch=n)
                )
            texts.append(to_csv(runs, {row.key: row for row in store.rows()}))
    assert texts[0] == texts[1]
    assert texts[0].count("\n") == 6
