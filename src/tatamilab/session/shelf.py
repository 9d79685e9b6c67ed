"""`Shelf`: runs on disk, a folder each; written whole or not at all, taken up again with the same bits to follow."""

import json
import re
import shutil
import time
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from tatamilab.engine.loop import State
from tatamilab.errors import BadInput, OutputError
from tatamilab.files import make_folder, read_json, write_whole
from tatamilab.i18n import _
from tatamilab.session.curve import Point
from tatamilab.session.moment import Kept, Phase, Progress
from tatamilab.session.setup import Setup

FORMAT = 1

_ID = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, eq=False)
class Entry:
    """A run on the shelf.

    Attributes:
        setup: what it was begun with.
        saved_at: seconds since 1970.
        progress: how far it had come.
    """

    setup: Setup
    saved_at: float
    progress: Progress


class Shelf:
    """Runs in a folder.

    Args:
        folder: made when the first run is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, setup: Setup, kept: Kept) -> None:
        """Write a run; an earlier state of the same training is replaced.

        Raises:
            OutputError: it cannot be written; what was there before is unharmed.
        """
        progress = kept.progress
        place = self.folder / progress.id
        about = {
            "format": FORMAT,
            "setup": setup.query(),
            "saved_at": time.time(),
            "phase": progress.phase.value,
            "points": [astuple(point) for point in progress.points],
            "validation": [astuple(point) for point in progress.validation],
            "images_per_s": progress.images_per_s,
            "batch_size": progress.batch_size,
        }
        try:
            make_folder(place)
            kept.state.save(place / "state.npz")
            write_whole(place / "run.json", json.dumps(about, ensure_ascii=False))
        except OSError as error:
            raise OutputError(
                _(
                    "The run could not be kept in {path}: {reason}.",
                    path=place,
                    reason=error.strerror or error,
                )
            ) from error

    def entries(self) -> list[Entry]:
        """All runs that can be read, the newest first."""
        found = (self._entry(place) for place in self.folder.glob("*/run.json"))
        return sorted((one for one in found if one), key=lambda one: -one.saved_at)

    def take(self, id: str) -> tuple[Setup, Kept]:
        """A run, to go on with.

        Raises:
            BadInput: there is none, or its files are damaged.
        """
        entry = self._entry(self._place(id) / "run.json")
        if entry is None:
            raise BadInput(_("There is no run {id!r}, or it is damaged.", id=id))
        return entry.setup, Kept(entry.progress, State.load(self._place(id) / "state.npz"))

    def newest(self, setup: Setup) -> Entry | None:
        """The run with this setup that was kept last."""
        return next((one for one in self.entries() if one.setup == setup), None)

    def delete(self, ids: Iterable[str]) -> None:
        """Remove runs; one that is not there is no error.

        Raises:
            BadInput: an id that is none.
            OutputError: the disk refuses.
        """
        for place in [self._place(id) for id in ids]:
            try:
                shutil.rmtree(place)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise OutputError(
                    _("{path} could not be deleted: {reason}.", path=place, reason=error.strerror or error)
                ) from error

    def _place(self, id: str) -> Path:
        if not _ID.fullmatch(id):
            raise BadInput(_("There is no run {id!r}, or it is damaged.", id=id[:40]))
        return self.folder / id

    def _entry(self, path: Path) -> Entry | None:
        """What a file says; None if it is no run's, or of another version."""
        try:
            about = read_json(path.read_bytes())
            setup, wrong = Setup.read(dict(parse_qsl(about["setup"], keep_blank_values=True)))
            if about["format"] != FORMAT or wrong or not _ID.fullmatch(path.parent.name):
                return None
            progress = Progress(
                id=path.parent.name,
                phase=Phase(about["phase"]),
                points=tuple(Point(*one) for one in about["points"]),
                validation=tuple(Point(*one) for one in about["validation"]),
                images_per_s=float(about["images_per_s"]),
                batch_size=int(about["batch_size"]),
            )
            return Entry(setup, float(about["saved_at"]), progress)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError):
            return None
