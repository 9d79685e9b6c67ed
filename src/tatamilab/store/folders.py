"""An index of run folders: what `tatami run` left, as rows that can be listed and sorted.

The folder is the truth. The index holds no more than stands in the folders' `run.json`, and `rebuild` makes it anew.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tatamilab.store import connecting
from tatamilab.store.tables import folders

RECORD = "run.json"


@dataclass(frozen=True)
class IndexedRun:
    """A run folder as it is listed.

    Attributes:
        path: of the folder, absolute.
        started: ISO 8601.
        model: its name.
        data: name of the data set.
        status: finished, interrupted or failed.
        test_accuracy: 0-1, after training; None where there is none.
    """

    path: str
    started: str
    model: str
    data: str
    status: str
    test_accuracy: float | None


class FolderIndex:
    """The index of run folders in a store.

    Args:
        address: of the store.

    Raises:
        BadInput, OutputError, MissingExtra: as `connecting.connect`.
    """

    def __init__(self, address: str) -> None:
        self._engine = connecting.connect(address)

    def close(self) -> None:
        """Give its connections back."""
        self._engine.dispose()

    def rebuild(self, root: Path) -> int:
        """Make the index anew from all run folders inside `root`; return how many there are.

        A folder without a readable `run.json` is not one of a run, and is left out.
        """
        found = [run for path in sorted(root.glob(f"*/{RECORD}")) if (run := read(path)) is not None]
        with connecting.speaking_of(self._engine), self._engine.begin() as connection:
            connection.execute(sa.delete(folders))
            if found:
                connection.execute(sa.insert(folders), [vars(run) for run in found])
        return len(found)

    def runs(self) -> list[IndexedRun]:
        """All that the index holds, the newest last."""
        query = sa.select(folders).order_by(folders.c.started, folders.c.path)
        with connecting.speaking_of(self._engine), self._engine.connect() as connection:
            return [IndexedRun(**row) for row in connection.execute(query).mappings()]


def read(record: Path) -> IndexedRun | None:
    """What `run.json` says, or None if it is not one."""
    try:
        said: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
        trained = said["trained"]
        return IndexedRun(
            path=str(record.parent.absolute()),
            started=str(said["started"]),
            model=str(said["model"]["name"]),
            data=str(said["data"]["name"]),
            status=str(said["status"]),
            test_accuracy=None if trained is None else float(trained["accuracy"]),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None
