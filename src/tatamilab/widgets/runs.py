"""`Runs`: what was trained so far: compared, taken up again, deleted, taken away."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable
from threading import Lock
from typing import Any

import traitlets

from tatamilab.analysis.intervals import wilson_interval
from tatamilab.analysis.study_effects import mean_over_draws
from tatamilab.errors import BadInput, TatamiError
from tatamilab.i18n import _, using
from tatamilab.session import LiveRun, Phase, Setup, Shelf, exporting
from tatamilab.session.moment import Kept
from tatamilab.session.shelf import Entry
from tatamilab.widgets.part import Part, front_end
from tatamilab.widgets.words import glossary

KINDS = {
    "keras": ("model.keras", "application/octet-stream"),
    "script": ("train.py", "text/x-python"),
    "notebook": ("train.ipynb", "application/x-ipynb+json"),
    "folder": ("run.zip", "application/zip"),
}
"""What a run can be taken away as: name of the file, kind of its content."""


class Runs(Part):
    """The runs on a shelf, those that differ in nothing but the seed together.

    Args:
        shelf: where they are.
        run: the one that is trained now, and can be kept; None for none.
        setup: what it was begun with.
        restore: called with a run that is to go on.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> Runs(Shelf(Path(tempfile.mkdtemp()))).shown["groups"]
        []
    """

    _esm = front_end("runs", "js")
    _css = front_end("runs", "css")
    command = traitlets.Dict().tag(sync=True, goes="up")
    shown = traitlets.Dict().tag(sync=True, goes="down")
    file = traitlets.Dict().tag(sync=True, goes="down")

    def __init__(
        self,
        shelf: Shelf,
        run: LiveRun | None = None,
        setup: Setup | None = None,
        restore: Callable[[Setup, Kept], None] | None = None,
    ) -> None:
        super().__init__(_texts(can_keep=run is not None, can_restore=restore is not None))
        self._shelf, self._run, self._setup, self._restore = shelf, run, setup or Setup(), restore
        self._turn = Lock()
        self._tell()
        self.observe(self._obey, "command")

    def in_words(self) -> str:
        """The kept runs' setups and scores, or that there are none."""
        groups = self.shown["groups"]
        return "; ".join(f"{one['title']}: {one['score']}" for one in groups) or str(self.texts["none"])

    def _obey(self, change: Any) -> None:
        command = change["new"]
        with using(self.texts["lang"]):
            said = ""
            try:
                said = self._do(command)
            except TatamiError as reason:
                said = str(reason)
            self._tell(said)

    def _do(self, command: dict[str, Any]) -> str:
        id = str(command.get("id", ""))
        match command.get("name"):
            case "keep" if self._run is not None:
                if self._run.moment().phase is Phase.READY:
                    return _("Nothing has been trained yet.")
                self._shelf.keep(self._setup.with_seed(self._run.moment().seed), self._run.kept())
                return _("Kept.")
            case "delete":
                self._shelf.delete([id])
                return _("Deleted.")
            case "restore" if self._restore is not None:
                self._restore(*self._shelf.take(id))
            case "export":
                self._export(id, str(command.get("kind")), command.get("sequence"))
        return ""

    def _export(self, id: str, kind: str, sequence: object) -> None:
        setup, kept = self._shelf.take(id)
        if kind not in KINDS:
            raise BadInput(_("A run cannot be taken away as {kind!r}.", kind=kind[:40]))
        name, mime = KINDS[kind]
        content: bytes
        match kind:
            case "keras":
                content = exporting.keras_file(setup, kept.state.weights)
            case "script":
                content = exporting.script(setup).encode()
            case "notebook":
                content = exporting.notebook(setup).encode()
            case _:
                content = exporting.folder(setup, kept)
        self.file = {"sequence": sequence, "name": name, "mime": mime, "content": b64encode(content).decode()}

    def _tell(self, said: str = "") -> None:
        with self._turn, using(self.texts["lang"]):
            self.shown = {"said": said, "groups": _groups(self._shelf.entries())}


def _groups(entries: list[Entry]) -> list[dict[str, Any]]:
    """Runs that differ in nothing but the seed, the group with the newest run first."""
    by_setup: dict[Setup, list[Entry]] = {}
    for entry in entries:
        by_setup.setdefault(entry.setup.with_seed(0), []).append(entry)
    return [
        {
            "title": _title(setup),
            "score": _together(group),
            **_compared(group),
            "runs": [_shown(entry) for entry in group],
        }
        for setup, group in by_setup.items()
    ]


def _title(setup: Setup) -> str:
    return _(
        "{network}: {images:,} images, {epochs} epochs, batch {batch}, learning rate {rate:g}",
        network=setup.network.text() or "dense",
        images=setup.images,
        epochs=setup.epochs,
        batch=setup.batch_size,
        rate=setup.learning_rate,
    )


def _through(group: list[Entry]) -> list[float]:
    """The last scores of the runs that are through, as only those can be compared."""
    return [
        entry.progress.validation[-1].accuracy
        for entry in group
        if len(entry.progress.validation) >= entry.setup.epochs
    ]


def _compared(group: list[Entry]) -> dict[str, Any]:
    """The group in the chart: each run a point, and of two or more the mean with its interval."""
    points = _through(group)
    found = mean_over_draws(points) if len(points) > 1 else None
    return {
        "points": [round(point, 5) for point in points],
        "interval": [round(value, 5) for value in (found.mean, found.low, found.high)] if found else None,
    }


def _together(group: list[Entry]) -> str:
    """The score of all seeds together."""
    through = _through(group)
    if len(through) < 2:
        return _("One more seed, and there is an interval.") if through else ""
    found = mean_over_draws(through)
    return _(
        "mean of {n} seeds {mean:.2%} (95% interval {low:.2%} to {high:.2%}, for other seeds on these images)",
        n=found.n,
        mean=found.mean,
        low=found.low,
        high=found.high,
    )


def _shown(entry: Entry) -> dict[str, Any]:
    score, progress = "", entry.progress
    if progress.validation:
        last = progress.validation[-1]
        interval = wilson_interval(round(last.accuracy * last.images), last.images)
        score = _(
            "{share:.2%} of {n:,} images held back ({low:.2%} to {high:.2%})",
            share=last.accuracy,
            n=last.images,
            low=interval.low,
            high=interval.high,
        )
    return {
        "id": progress.id,
        "title": _("seed {seed}, epoch {epoch:g}", seed=entry.setup.seed, epoch=round(progress.epoch, 1)),
        "when": time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.saved_at)),
        "score": score,
    }


def _texts(*, can_keep: bool, can_restore: bool) -> dict[str, Any]:
    return {
        "can_keep": can_keep,
        "can_restore": can_restore,
        "keep": _("Keep this run"),
        "restore": _("Take up again"),
        "delete": _("Delete"),
        "sure": _("Delete this run? It cannot be brought back."),
        "really": _("Yes, delete"),
        "not": _("No"),
        "none": _("No run has been kept yet."),
        "chart": _(
            "Share of the images held back that is right: each run a point, the bar the 95% interval of the mean"
        ),
        "words": glossary("seed", "interval", "held-back"),
        "take": _("Take away …"),
        "kinds": [
            ["keras", _("Keras model (.keras)")],
            ["script", _("Python script")],
            ["notebook", _("Notebook")],
            ["folder", _("All of it (.zip)")],
        ],
    }
