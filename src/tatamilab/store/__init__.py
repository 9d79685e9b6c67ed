"""Where studies are kept: SQLite by default, PostgreSQL by address; the only place with SQL.

tables       what is kept, as tables
migrations   how an older store becomes one of today, step by step (Alembic)
connecting   an address becomes a connection, or one sentence that says why not
studies      `StudyStore`: studies, their runs, and who is at work on which
folders      an index of run folders, rebuilt from them at any time

A run is a row, keyed by the hash of all that decides its numbers: so no run is ever done twice, several processes
share a store, and a study that was cut short goes on where it stopped.
"""

from tatamilab.store.folders import FolderIndex, IndexedRun
from tatamilab.store.studies import Claims, Member, RunRow, RunStatus, StoredStudy, StudyStore

__all__ = [
    "Claims",
    "FolderIndex",
    "IndexedRun",
    "Member",
    "RunRow",
    "RunStatus",
    "StoredStudy",
    "StudyStore",
]
