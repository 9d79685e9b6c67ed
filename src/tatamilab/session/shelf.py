"""`Shelf`: runs on disk, a folder each; written whole or not at all, taken up again with the same bits to follow."""

import json
import re
import shutil
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from tatamilab.engine.loop import State
from tatamilab.errors import BadInput, OutputError
from tatamilab.files import write_whole
from tatamilab.i18n import _
from tatamilab.session.curve import Point
from tatamilab.session.live import Kept, Phase
from tatamilab.session.setup import Setup

FORMAT = 1

_ID = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, eq=False)
class Entry:
    """A run on the shelf.

    Attributes:
        id: of the training.
        setup: what it was begun with.
        saved_at: seconds since 1970.
        phase: what it was doing.
        epoch: how far it was.
        points: of the training images.
        validation: after each epoch.
        images_per_s: of its latest slice.
        batch_size: of the steps to come.
    """

    id: str
    setup: Setup
    saved_at: float
    phase: Phase
    epoch: float
    points: tuple[Point, ...]
    validation: tuple[Point, ...]
    images_per_s: float
    batch_size: int


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
        place = self.folder / kept.id
        about = {
            "format": FORMAT,
            "setup": setup.query(),
            "saved_at": time.time(),
            "phase": kept.phase.value,
            "epoch": kept.state.epoch + (kept.points[-1].epoch % 1 if kept.points else 0),
            "points": [_numbers(point) for point in kept.points],
            "validation": [_numbers(point) for point in kept.validation],
            "images_per_s": kept.images_per_s,
            "batch_size": kept.batch_size,
        }
        try:
            place.mkdir(parents=True, exist_ok=True)
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
        state = State.load(self._place(id) / "state.npz")
        return entry.setup, Kept(
            id, state, entry.phase, entry.points, entry.validation, entry.images_per_s, entry.batch_size
        )

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
            about = json.loads(path.read_text(encoding="utf-8"))
            setup, wrong = Setup.read(dict(parse_qsl(about["setup"])))
            if about["format"] != FORMAT or wrong or not _ID.fullmatch(path.parent.name):
                return None
            return Entry(
                id=path.parent.name,
                setup=setup,
                saved_at=float(about["saved_at"]),
                phase=Phase(about["phase"]),
                epoch=float(about["epoch"]),
                points=tuple(Point(*one) for one in about["points"]),
                validation=tuple(Point(*one) for one in about["validation"]),
                images_per_s=float(about["images_per_s"]),
                batch_size=int(about["batch_size"]),
            )
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None


def _numbers(point: Point) -> list[Any]:
    return list(asdict(point).values())
