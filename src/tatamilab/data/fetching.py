"""Fetches a known data set from its official address, or from a mirror, into the cache.

What arrives is checked against the published hash before it takes its name in the cache, so a mirror need
not be trusted. MNIST is inside the package: nothing is ever fetched for it.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from tatamilab.data.cache import check_file, folder_of, known_dataset
from tatamilab.data.catalogue import KnownFile
from tatamilab.errors import BadInput, DataFileError, OutputError
from tatamilab.files import CACHE_VARIABLE, cache_folder, whole_file
from tatamilab.i18n import _

Progress = Callable[[str, int, int], None]
"""Called with the name of a file, the bytes that have arrived, and the bytes in all (0 if unknown)."""

_CHUNK_BYTES = 1 << 16


def fetch(name: str, mirror: str | None = None, progress: Progress | None = None) -> Path:
    """Bring the files of a known data set onto this machine; those already here and whole are kept.

    Args:
        name: a name of the catalogue.
        mirror: a folder, or an http(s) address, that holds the files under their official names.
        progress: is told how far each file has come.

    Returns:
        The folder with the files.

    Raises:
        BadInput: the name is unknown, or the mirror is neither an address nor a folder.
        DataFileError: a file cannot be had, or is not the published one.
        OutputError: the cache folder cannot be written.

    Example:
        >>> fetch("mnist").name
        'mnist'
    """
    known = known_dataset(name)
    folder = folder_of(known)
    if known.packaged:
        return folder
    for file in known.files:
        target = folder / file.name
        if not _is_whole(target, file):
            source = _source(file, mirror)
            try:
                folder.mkdir(parents=True, exist_ok=True)
                with whole_file(target) as beside:
                    _copy(source, beside, file.name, progress)
                    _check_arrival(beside, file, source)
            except OSError as problem:
                raise OutputError(
                    _(
                        "Cannot write to the cache folder {folder}: {reason}; set {variable} to a folder "
                        "that can be written.",
                        folder=cache_folder(),
                        reason=problem.strerror or problem,
                        variable=CACHE_VARIABLE,
                    )
                ) from problem
    return folder


def _is_whole(path: Path, file: KnownFile) -> bool:
    try:
        check_file(path, file, "")
    except DataFileError:
        return False
    return True


def _source(file: KnownFile, mirror: str | None) -> str | Path:
    if mirror is None:
        assert file.url is not None
        return file.url
    if urlsplit(mirror).scheme in ("http", "https"):
        return f"{mirror.rstrip('/')}/{file.name}"
    path = Path(mirror).expanduser() / file.name
    if not path.parent.is_dir():
        raise BadInput(
            _(
                "A mirror is an http(s) address or a folder; received {mirror!r}, which is neither.",
                mirror=mirror,
            )
        )
    if not os.access(path, os.R_OK):
        raise DataFileError(
            _(
                "The mirror {mirror} has no readable file {name}; it must hold the files under their "
                "official names.",
                mirror=mirror,
                name=file.name,
            )
        )
    return path


def _copy(source: str | Path, target: Path, name: str, progress: Progress | None) -> None:
    if isinstance(source, str):
        _download(source, target, name, progress)
        return
    shutil.copyfile(source, target)
    if progress:
        n_bytes = target.stat().st_size
        progress(name, n_bytes, n_bytes)


def _check_arrival(arrived: Path, file: KnownFile, source: str | Path) -> None:
    remedy = _(
        "what was fetched from {source} was not kept: name another source with --data-mirror", source=source
    )
    check_file(arrived, file, remedy)


def _download(url: str, target: Path, name: str, progress: Progress | None) -> None:
    import requests
    from pooch import HTTPDownloader

    bar = _ProgressBar(name, progress) if progress else False
    try:
        HTTPDownloader(progressbar=bar, chunk_size=_CHUNK_BYTES)(url, target, None)
    except requests.RequestException as problem:
        if problem.response is not None:  # pooch leaves a refused answer open
            problem.response.close()
        raise DataFileError(
            _(
                "Cannot fetch {url}: {reason}; check the connection, or name a mirror with --data-mirror.",
                url=url,
                reason=_reason(problem),
            )
        ) from problem


def _reason(problem: Exception) -> str:
    import requests

    match problem:
        case requests.HTTPError(response=requests.Response() as response):
            return f"{response.status_code} {response.reason}"
        case requests.Timeout():
            return _("no answer in time")
        case requests.ConnectionError():
            return _("no connection")
        case _other:
            return type(problem).__name__


class _ProgressBar:
    """What pooch calls while it downloads, passed on to a `Progress`."""

    def __init__(self, name: str, progress: Progress) -> None:
        self.total = 0
        self._name = name
        self._progress = progress
        self._arrived = 0

    def update(self, n_bytes: int) -> None:
        """`n_bytes` more have arrived; pooch counts the last piece as a whole one."""
        self._arrived += n_bytes
        arrived = min(self._arrived, self.total) if self.total else self._arrived
        self._progress(self._name, arrived, self.total)

    def reset(self) -> None:
        """Pooch starts again from 0, to end on exactly `total`."""
        self._arrived = 0

    def close(self) -> None:
        """Nothing to close."""
