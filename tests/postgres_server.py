"""A PostgreSQL server of the test session's own, where Debian's is installed; loaded as a plugin by `conftest`."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

REQUIRED = "TATAMI_REQUIRE_POSTGRES"
"""Set where the server must be there: then its absence fails, in place of skipping."""


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty database on a server that lives as long as the session, run by a user other than root."""
    binaries = _binaries()
    reason = "PostgreSQL's server is not installed (Debian: postgresql)" if binaries is None else ""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        reason = "psycopg is not installed"
    user = pwd.getpwnam("postgres") if os.getuid() == 0 and not reason else pwd.getpwuid(os.getuid())
    if reason:
        if os.environ.get(REQUIRED):
            pytest.fail(reason)
        pytest.skip(reason)
    assert binaries is not None
    home = Path(tempfile.mkdtemp(prefix="tatami-postgres-", dir="/tmp"))
    os.chown(home, user.pw_uid, user.pw_gid)
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "cwd": home} if os.getuid() == 0 else {"cwd": home}
    try:
        command = [
            binaries / "initdb",
            "-D",
            home / "data",
            "-U",
            "student",
            "--auth=trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        subprocess.run(command, check=True, capture_output=True, **as_user)  # type: ignore[call-overload]
        for tries_left in (2, 1, 0):  # somebody else may take the port meanwhile
            port = _free_port()
            options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
            start = [
                binaries / "pg_ctl",
                "-D",
                home / "data",
                "-w",
                "-l",
                home / "log",
                "-o",
                options,
                "start",
            ]
            started = subprocess.run(start, check=not tries_left, stdout=subprocess.DEVNULL, **as_user)  # type: ignore[call-overload]
            if started.returncode == 0:
                break
        yield f"postgresql://student@127.0.0.1:{port}/postgres"
    finally:
        stop = [binaries / "pg_ctl", "-D", home / "data", "-m", "immediate", "stop"]
        subprocess.run(stop, check=False, capture_output=True, **as_user)  # type: ignore[call-overload]
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def postgres_database(postgres: str) -> str:
    """The address of an empty database."""
    import psycopg

    name = f"test_{os.urandom(6).hex()}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return postgres.rpartition("/")[0] + f"/{name}"
