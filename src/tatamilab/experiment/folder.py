"""The folder of a run: checked first, filled out of sight, and shown whole.

Everything is written into a hidden folder inside the run's own, and moved up when the run is over,
`run.json` last. If anything fails on the way, the hidden folder goes, and with it every trace of the run. Only a run
that was cut off from outside leaves it, beside the checkpoint from which the run goes on.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from tatamilab.errors import OutputError
from tatamilab.experiment.options import RunOptions
from tatamilab.files import check_folder, make_folder, nearest_there, sync_folder
from tatamilab.i18n import _

RECORD = "run.json"
HISTORY = "history.csv"
INITIAL_MODEL = "initial.keras"
MODEL = "model.keras"
PREDICTIONS = "predictions.npz"
PAGE = "index.html"
FIGURES = "figures"
CHECKPOINT = "run.checkpoint"
HIDDEN = ".unfinished-"
RUNNING = ".running"
EXPLAIN_PAGE = "explain.html"
EXPLAINED = "explained"
FILM = "film"
RUN_FILES = (RECORD, HISTORY, INITIAL_MODEL, MODEL, PREDICTIONS, PAGE)
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def path_for(options: RunOptions, now: datetime) -> Path:
    """Where a run begun `now` goes: `options.out`, else a fresh name under `runs/`.

    Example:
        >>> path_for(RunOptions(seed=3), datetime(2025, 4, 1, 13, 5)).as_posix()
        'runs/20250401-130500-cnn-3'
    """
    if options.out is not None:
        return options.out
    name = f"{now:%Y%m%d-%H%M%S}-{options.model_label}-{options.seed}"
    path = Path("runs", name)
    again = 2
    while path.exists():
        path = Path("runs", f"{name}-{again}")
        again += 1
    return path


def check(path: Path, *, force: bool) -> None:
    """Refuse a folder that a run could not be written to, before the run begins.

    Raises:
        OutputError: `path` is a file, is not empty (unless `force`), or can't be written to.
    """
    with speaking_of(path):
        if path.exists() and not path.is_dir():
            raise OutputError(
                _("The output {path} is a file; give a folder with --out.", path=path),
            )
        if (path / CHECKPOINT).exists() and not force:
            raise OutputError(
                _(
                    "The output folder {path} holds a run that was cut off; go on with it by "
                    "`tatami run --resume {path}`, or add --force to begin anew.",
                    path=path,
                )
            )
        if path.is_dir() and not force and any(path.iterdir()):
            raise OutputError(
                _(
                    "The output folder {path} is not empty; choose another with --out, or add --force to "
                    "replace an older run in it.",
                    path=path,
                )
            )
        check_folder(path)


def check_space(path: Path, needed_bytes: int) -> None:
    """Refuse a disk that a run would fill.

    Raises:
        OutputError: fewer than `needed_bytes` are free where `path` is or will be.
    """
    with speaking_of(path):
        disk = shutil.disk_usage(nearest_there(path))
        if disk.total and disk.free < needed_bytes:  # a file system without a size has no room to run out of
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """Yield a hidden folder inside `path`; what was written there is moved up to `path` at the end.

    If the block raises, everything that was made goes again, `path` itself included if it was made here.

    Raises:
        OutputError: the disk refuses, or another process is writing there.
    """
    hidden = path / f"{HIDDEN}{secrets.token_hex(4)}"
    with speaking_of(path):
        made = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        with speaking_of(path):
            make_folder(path)
        with _alone(path):
            for left in path.glob(f"{HIDDEN}*"):
                shutil.rmtree(left, ignore_errors=True)  # by a process that was ended from outside
            try:
                with speaking_of(path):
                    hidden.mkdir()
                yield hidden
                with speaking_of(path):
                    _move_up(hidden, path)
            finally:
                shutil.rmtree(hidden, ignore_errors=True)
    finally:
        for folder in made:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """While the block runs, no other process writes a run into `path`; the system frees it if this one is killed."""
    lock = FileLock(path / RUNNING, timeout=0)
    with speaking_of(path):
        try:
            lock.acquire()
        except Timeout:
            raise OutputError(
                _(
                    "Another run is being written to {path}; wait for its end, or choose another with --out.",
                    path=path,
                )
            ) from None
    try:
        yield
    finally:
        lock.release()
        (path / RUNNING).unlink(missing_ok=True)


@contextmanager
def speaking_of(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals inside the block into one sentence about `path`."""
    try:
        yield
    except OSError as error:
        if isinstance(error, OutputError):
            if not isinstance(error.__cause__, OSError):
                raise  # it speaks for itself
            error = error.__cause__
        if error.errno in DISK_FULL:
            raise OutputError(
                _(
                    "The disk that holds {path} is full; free some space, or choose a folder on another disk "
                    "with --out.",
                    path=path,
                )
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise OutputError(
                _("The folder {path} can't be written to; choose another with --out.", path=path)
            ) from error
        raise OutputError(
            _(
                "Writing to {path} failed: {reason}; choose another folder with --out.",
                path=path,
                reason=error.strerror or error,
            )
        ) from error


def _move_up(hidden: Path, path: Path) -> None:
    names = [file.relative_to(hidden) for file in hidden.rglob("*") if file.is_file()]
    _remove_older_run(path)
    names.sort(key=lambda name: (name == Path(RECORD), name))
    folders = {path, *((path / name).parent for name in names)}
    for name in names:
        if name == Path(RECORD):  # after a power failure too, a folder with a record has the rest
            for folder in sorted(folders, reverse=True):
                sync_folder(folder)
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(hidden / name, path / name)
    sync_folder(path)


def _remove_older_run(path: Path) -> None:
    """Remove what a run writes and what was made of it, and nothing else, so that `path` never mixes two runs."""
    if not (path / RECORD).exists():
        return
    for name in RUN_FILES:
        (path / name).unlink(missing_ok=True)
    for figure in (path / FIGURES).glob("*.[ps][nv]g"):
        figure.unlink()
    (path / EXPLAIN_PAGE).unlink(missing_ok=True)
    for film in path.glob(f"{FILM}.*"):
        film.unlink()
    shutil.rmtree(path / EXPLAINED, ignore_errors=True)
