"""Where the files of the known data sets lie on this machine, and whether they are what they must be."""

from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Literal

from tatamilab.data.catalogue import CATALOGUE, KnownDataset, KnownFile
from tatamilab.data.idx import IdxFile, read_idx
from tatamilab.errors import BadInput, DataFileError
from tatamilab.files import cache_folder, sha256
from tatamilab.i18n import _

State = Literal["packaged", "cached", "incomplete", "absent"]


@dataclass(frozen=True)
class DatasetState:
    """A known data set, and whether it is on this machine."""

    known: KnownDataset
    state: State
    folder: Path


@dataclass(frozen=True)
class VerifiedFile:
    """A file of a known data set that is what it must be, with the SHA-256 that shows it."""

    path: Path
    sha256: str


def known_dataset(name: str) -> KnownDataset:
    """The entry of the catalogue called `name`.

    Raises:
        BadInput: there is none; the nearest name is suggested.

    Example:
        >>> known_dataset("mnits")
        Traceback (most recent call last):
        tatamilab.errors.BadInput: Unknown data set 'mnits'; the nearest known name is 'mnist'.
    """
    if known := CATALOGUE.get(name):
        return known
    if nearest := get_close_matches(name.lower(), CATALOGUE, n=1):
        raise BadInput(
            _(
                "Unknown data set {name!r}; the nearest known name is {nearest!r}.",
                name=name,
                nearest=nearest[0],
            )
        )
    raise BadInput(
        _(
            "Unknown data set {name!r}, and no file or folder is called so; known names: {known}.",
            name=name,
            known=", ".join(CATALOGUE),
        )
    )


def folder_of(known: KnownDataset) -> Path:
    """The folder in which the files of `known` are, or will be once fetched."""
    if known.packaged:
        return Path(str(files(__package__).joinpath(known.name)))
    return cache_folder() / "data" / known.name


def state_of(known: KnownDataset) -> DatasetState:
    """Whether the files of `known` are here; says nothing of what is in them."""
    folder = folder_of(known)
    here = sum((folder / file.name).is_file() for file in known.files)
    state: State = "absent"
    if here == len(known.files):
        state = "packaged" if known.packaged else "cached"
    elif here:
        state = "incomplete"
    return DatasetState(known, state, folder)


def list_datasets() -> tuple[DatasetState, ...]:
    """Every known data set and its state on this machine.

    Example:
        >>> [(one.known.name, one.state) for one in list_datasets()][0]
        ('mnist', 'packaged')
    """
    return tuple(state_of(known) for known in CATALOGUE.values())


def verify(name: str) -> tuple[VerifiedFile, ...]:
    """Check every file of a known data set on this machine against its published hash.

    Raises:
        BadInput: the name is unknown.
        DataFileError: a file is missing, damaged or another than the published one.

    Example:
        >>> [file.path.name for file in verify("mnist")][-1]
        't10k-labels-idx1-ubyte.gz'
    """
    known = known_dataset(name)
    folder = folder_of(known)
    return tuple(check_file(folder / file.name, file, known.remedy) for file in known.files)


def check_file(path: Path, file: KnownFile, remedy: str) -> VerifiedFile:
    """Check that `path` holds `file`, as published or compressed anew.

    Raises:
        DataFileError: it does not; `remedy` is the end of the sentence that says so.
    """
    if file.content_sha256:
        return VerifiedFile(path, read_known_idx(path, file, remedy).sha256)
    try:
        received = sha256(path.read_bytes())
    except OSError as problem:
        raise DataFileError(
            _(
                "Cannot read {file}: {reason}; {remedy}.",
                file=path,
                reason=problem.strerror or problem,
                remedy=remedy,
            )
        ) from problem
    _must_match(path, received, file.sha256, remedy)
    return VerifiedFile(path, received)


def read_known_idx(path: Path, file: KnownFile, remedy: str) -> IdxFile:
    """Read an IDX file of a known data set.

    Raises:
        DataFileError: it is not the published file; `remedy` is the end of the sentence that says so.
    """
    if not file.content_sha256:
        check_file(path, file, remedy)
    content = read_idx(path, len(file.shape), remedy=remedy, shape=file.shape)
    if file.content_sha256:
        _must_match(path, content.sha256, file.content_sha256, remedy)
    return content


def _must_match(path: Path, received: str, expected: str | None, remedy: str) -> None:
    if received != expected:
        raise DataFileError(
            _(
                "{file} is not the published file: its SHA-256 is {received}, not {expected}; {remedy}.",
                file=path,
                received=received,
                expected=expected,
                remedy=remedy,
            )
        )
