"""A connected database: transactions whose failures are one sentence, and what SQLite and PostgreSQL write alike."""

import importlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tatamilab.store import connecting


class Database:
    """The database of a store.

    Args:
        address: `sqlite:///FILE` or `postgresql://USER@HOST/NAME`.
        create: False to refuse a store that isn't there.

    Raises:
        BadInput, OutputError, MissingExtra: as `connecting.connect`.
    """

    def __init__(self, address: str, *, create: bool = True) -> None:
        self.engine = connecting.connect(address, create=create)

    @property
    def address(self) -> str:
        """Where it is, without a password."""
        return connecting.name_of(self.engine)

    def close(self) -> None:
        """Give its connections back."""
        self.engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is kept if the block ends well, or nothing of it."""
        with connecting.speaking_of(self.engine), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read from."""
        with connecting.speaking_of(self.engine), self.engine.connect() as connection:
            yield connection

    def understood(self) -> AbstractContextManager[None]:
        """The block in which what was read becomes values; what cannot is no store's."""
        return connecting.speaking_of(self.engine)

    def insert_new(self, table: sa.Table) -> Any:
        """An insertion that leaves a row alone which is there already."""
        dialect = importlib.import_module(f"sqlalchemy.dialects.{self.engine.dialect.name}")
        return dialect.insert(table).on_conflict_do_nothing()
