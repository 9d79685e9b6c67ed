"""An index of run folders: what `tatami run` left, as rows that can be listed and sorted.

The folder is the truth. The index holds no more than stands in the folders' `run.json`: `refresh` adds what is new, and
`rebuild` makes all of it anew.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tatamilab.files import read_json
from tatamilab.store.database import Database
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
        self._database = Database(address)

    def close(self) -> None:
        """Give its connections back."""
        self._database.close()

    def __enter__(self) -> "FolderIndex":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def rebuild(self, root: Path) -> int:
        """Make the index of the run folders inside `root` anew from them; return how many there are.

        A folder without a readable `run.json` is not one of a run, and is left out.
        """
        found = [run for path in sorted(root.absolute().glob(f"*/{RECORD}")) if (run := read(path))]
        with self._database.writing() as connection:
            connection.execute(sa.delete(folders).where(_inside(root)))
            if found:
                connection.execute(sa.insert(folders), [vars(run) for run in found])
        return len(found)

    def refresh(self, root: Path) -> None:
        """Take up the folders inside `root` that are new, and let go of those that are gone; no other is read."""
        there = {str(path.parent): path for path in root.absolute().glob(f"*/{RECORD}")}
        known = {run.path for run in self.runs(root)}
        new = [run for path in sorted(there.keys() - known) if (run := read(there[path]))]
        with self._database.writing() as connection:
            for path in sorted(known - there.keys()):
                connection.execute(sa.delete(folders).where(folders.c.path == path))
            if new:
                connection.execute(self._database.insert_new(folders), [vars(run) for run in new])

    def runs(self, root: Path) -> list[IndexedRun]:
        """What the index holds of the folders inside `root`, the newest last."""
        query = sa.select(folders).where(_inside(root)).order_by(folders.c.started, folders.c.path)
        with self._database.reading() as connection:
            return [IndexedRun(**row) for row in connection.execute(query).mappings()]


def _inside(root: Path) -> sa.ColumnElement[bool]:
    return folders.c.path.startswith(f"{root.absolute()}{os.sep}", autoescape=True)


def read(record: Path) -> IndexedRun | None:
    """What `run.json` says, or None if it is not one."""
    try:
        said: dict[str, Any] = read_json(record.read_bytes())
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
