"""Which process is at work on which run."""

import secrets
import time

import sqlalchemy as sa

from tatamilab.store.database import Database
from tatamilab.store.records import RunStatus
from tatamilab.store.tables import claims, runs

LEASE_S = 5.0
"""How long a claim holds unless it is renewed: so long a run of a process that was killed is left alone."""


class Claims:
    """What one process has claimed, so that no other does the same run.

    A claim holds for `LEASE_S` seconds unless it is renewed: what a process that was killed had in hand is free again
    soon. Two machines whose clocks differ by more may do a run twice; the first one's result is kept.

    Args:
        database: that the processes share.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._owner = secrets.token_hex(8)
        self._mine: set[str] = set()

    def take(self, key: str) -> bool:
        """Claim a run; False if it is done, or another process has it in hand."""
        now = time.time()
        mine = {"key": key, "owner": self._owner, "until": now + LEASE_S}
        with self._database.writing() as connection:
            connection.execute(sa.delete(claims).where(claims.c.key == key, claims.c.until < now))
            inserted = self._database.insert_new(claims).returning(claims.c.key)
            if connection.execute(inserted, mine).first() is None:
                return False
            done = sa.select(runs.c.key).where(runs.c.key == key, runs.c.status != RunStatus.FAILED)
            if connection.execute(done).first():
                connection.execute(sa.delete(claims).where(claims.c.key == key))
                return False
        self._mine.add(key)
        return True

    def renew(self) -> None:
        """Hold what is claimed for another `LEASE_S` seconds."""
        if self._mine:
            renewed = (
                sa.update(claims).where(claims.c.owner == self._owner).values(until=time.time() + LEASE_S)
            )
            with self._database.writing() as connection:
                connection.execute(renewed)

    def release(self) -> None:
        """Let go of all that is claimed."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(claims).where(claims.c.owner == self._owner))
        self._mine.clear()

    def done(self, key: str) -> None:
        """A run was saved, which has let go of the claim."""
        self._mine.discard(key)
