"""An address becomes a connection to a store of today's layout, or one sentence that says why not.

    sqlite:///class.db                      a file in the current folder; sqlite:////home/me/class.db anywhere
    postgresql://user:password@host/name    a server

Nothing is changed in a database that is not a store, or is one of a newer version.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine, make_url

from tatamilab.errors import BadInput, MissingExtra, OutputError, TatamiError
from tatamilab.i18n import _
from tatamilab.store.tables import VERSION_TABLE

LATEST = "0001"
"""The migration that leads to the tables of today."""

PATIENCE_S = 5
"""How long a server may take to answer, and a locked file to become free."""


def connect(address: str, *, create: bool = True) -> Engine:
    """A connection to the store at `address`; made if it isn't there, brought up to date if it is older.

    With a file, its folder is made too if only that is missing: an address that leads further into nowhere is a slip.

    Args:
        address: an SQLAlchemy URL of SQLite or PostgreSQL.
        create: False to refuse a store that isn't there.

    Raises:
        BadInput: the address is none; there is no store, or no place for one; it is not one, or from a newer version.
        OutputError: the store is locked or read-only, or no server answers.
        MissingExtra: the driver for PostgreSQL is not installed.
    """
    url = _understood(address)
    if url.drivername == "sqlite":
        _check_file(url, create=create)
    engine = _engine(url)
    with speaking_of(engine):
        _bring_up_to_date(engine, create=create)
    return engine


def name_of(engine: Engine) -> str:
    """The store's address without a password."""
    return engine.url.render_as_string(hide_password=True).replace("+psycopg", "")


@contextmanager
def speaking_of(engine: Engine) -> Iterator[None]:
    """Turn what the database refuses inside the block into one sentence that names its address.

    Raises:
        OutputError, BadInput: instead of SQLAlchemy's errors.
    """
    try:
        yield
    except TatamiError:
        raise
    except sa.exc.DBAPIError as error:
        raise _in_words(engine, str(error.orig)) from error
    except (ValueError, TypeError) as error:  # a text that is no UTF-8 or no JSON, a value of another kind
        raise _no_store(name_of(engine)) from error


def _in_words(engine: Engine, reason: str) -> OutputError | BadInput:
    store, said = name_of(engine), " ".join(reason.split()).rstrip(".")
    if "locked" in said:
        return OutputError(
            _(
                "The store {store} is locked by another program for more than {seconds} s; close that program.",
                store=store,
                seconds=PATIENCE_S,
            )
        )
    if "readonly" in said or "read-only" in said:
        return OutputError(_("The store {store} can only be read; name another with --store.", store=store))
    if "not a database" in said or "malformed" in said:
        return _no_store(store)
    if reason := _known_reason(said):
        return OutputError(_("The store {store} cannot be used: {reason}.", store=store, reason=reason))
    return OutputError(_("The store {store} cannot be used; `TATAMI_DEBUG=1` shows why.", store=store))


def _known_reason(said: str) -> str:
    """The usual reasons in our words, as the drivers give theirs in English only; "" for any other."""
    reasons = {
        "unable to open database file": _("the file can't be opened"),
        "disk is full": _("the disk is full"),
        "disk I/O error": _("the disk can't be read or written"),
        "password": _("the password is wrong, or none was given"),
        "role ": _("there is no such user"),
        "does not exist": _("there is no such database"),
        "resolve": _("there is no such host"),
        "translate host name": _("there is no such host"),
        "refused": _("nothing answers at this address"),
        "unreachable": _("nothing answers at this address"),
        "timeout": _("it does not answer within {seconds} s", seconds=PATIENCE_S),
        "timed out": _("it does not answer within {seconds} s", seconds=PATIENCE_S),
        "permission denied": _("this user may not do that"),
    }
    return next((reason for part, reason in reasons.items() if part in said), "")


def _no_store(store: str) -> BadInput:
    return BadInput(
        _(
            "{store} is not a store of studies; name another with --store, and nothing in this one is changed.",
            store=store,
        )
    )


def _understood(address: str) -> URL:
    try:
        url = make_url(address)
    except (sa.exc.ArgumentError, ValueError):  # ValueError: a port that is no number
        url = None
    if url is None or url.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadInput(
            _(
                "{address!r} is no address of a store; write sqlite:///FILE or postgresql://USER@HOST/NAME.",
                address=address,
            )
        )
    if url.get_backend_name() == "postgresql":
        _require_driver()
        return url.set(drivername="postgresql+psycopg")
    return url.set(drivername="sqlite")


def _require_driver() -> None:
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise MissingExtra("postgres", "psycopg") from error


def _check_file(url: URL, *, create: bool) -> None:
    path = Path(url.database or "")
    if not url.database or url.database == ":memory:":
        raise BadInput(
            _("A store must outlive the process: write sqlite:///FILE; received {address}.", address=str(url))
        )
    if path.is_dir():
        raise _no_store(str(url))
    if path.exists():
        with path.open("rb") as file:
            begin = file.read(16)
        if begin and not begin.startswith(b"SQLite format 3\0"):
            raise _no_store(str(url))
        return
    if not create:
        raise BadInput(_("There is no store {store} yet; `tatami study b2-1-2` makes one.", store=str(url)))
    try:
        path.parent.mkdir(exist_ok=True)
    except FileNotFoundError as error:
        raise BadInput(
            _(
                "There is no folder {folder} for the store {store}; make it, or name another store with --store.",
                folder=path.parent,
                store=str(url),
            )
        ) from error
    except OSError as error:
        raise OutputError(
            _(
                "The store {store} cannot be used: {reason}.",
                store=str(url),
                reason=error.strerror or error,
            )
        ) from error


def _engine(url: URL) -> Engine:
    if url.drivername == "sqlite":
        engine = sa.create_engine(url, connect_args={"timeout": PATIENCE_S})
        sa.event.listen(engine, "connect", _set_up_sqlite)
        return engine
    return sa.create_engine(url, connect_args={"connect_timeout": PATIENCE_S})


def _set_up_sqlite(connection: Any, _record: object) -> None:
    """Foreign keys hold, and a reader never waits for a writer; a store that can only be read stays as it is."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _bring_up_to_date(engine: Engine, *, create: bool) -> None:
    with engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        if VERSION_TABLE in tables:
            version = connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
            if version == LATEST:
                return
            if version is not None and version > LATEST:
                raise BadInput(
                    _(
                        "The store {store} was written by a newer tatamilab (layout {found}, this one knows "
                        "{known}); update tatamilab, or name another with --store.",
                        store=name_of(engine),
                        found=version,
                        known=LATEST,
                    )
                )
        elif tables:
            raise _no_store(name_of(engine))
        elif not create:
            raise BadInput(
                _("There is no store {store} yet; `tatami study b2-1-2` makes one.", store=name_of(engine))
            )
    if engine.dialect.name == "sqlite":
        _write_ahead(engine)
    _migrate(engine)


def _write_ahead(engine: Engine) -> None:
    """Switch the file to write-ahead logging, which it remembers."""
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA journal_mode = WAL")
    finally:
        raw.close()


def _migrate(engine: Engine) -> None:
    """Run the migrations that are missing, all or none; one process at a time, the others find it done."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "tatamilab.store:migrations")
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(20251101)"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
