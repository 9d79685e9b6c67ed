"""Where studies are kept: SQLite by default, PostgreSQL by address; the only place with SQL.

tables       what is kept, as tables
migrations   how an older store becomes one of today, step by step (Alembic)
connecting   an address becomes a connection, or one sentence that says why not
database     transactions, and what both databases write alike
records      runs and studies, as they are handed out and taken in
studies      `StudyStore`: studies, their runs, and what each run predicted
claims       which process is at work on which run
folders      an index of run folders, rebuilt from them at any time

A run is a row, keyed by the hash of all that decides its numbers: so no run is ever done twice, several processes
share a store, and a study that was cut short goes on where it stopped.
"""

from tatamilab.store.claims import Claims
from tatamilab.store.folders import FolderIndex, IndexedRun
from tatamilab.store.records import Member, RunRow, RunStatus, StoredStudy
from tatamilab.store.studies import StudyStore

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
