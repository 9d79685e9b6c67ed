"""`Training`: a live run's commands, curves and filters."""

from __future__ import annotations

import math
from threading import Lock
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from tatamilab.analysis.intervals import wilson_interval
from tatamilab.errors import BadInput
from tatamilab.i18n import _, using
from tatamilab.session import LiveRun, Moment, Phase
from tatamilab.session.curve import Point
from tatamilab.session.network import Weights
from tatamilab.widgets.part import Part, as_bytes, front_end, maps_of, sharing
from tatamilab.widgets.words import glossary

MOST_FILTERS = 64
"""Filters of the first layer that are shown."""

BATCHES = (16, 32, 64, 128, 256, 512)

WATCHED = 100
"""Images held back that are read again at every look."""

MOST_MISTAKES = 8
"""Mistakes of the moment that are shown."""

MOST_MAPS = 32
"""Maps of the first layer that are shown of the pinned image."""


class Training(Part):
    """Start, pause, step, begin again; the learning rate while it runs; curves, filters, and the film of the filters.

    One of the images held back is pinned, and its maps move as the filters do; beside it, which of those images are
    read wrongly at this moment. Looking back on the film shows both as they were.

    Args:
        run: the live run; closing the part leaves it as it is.

    Example:
        >>> from tatamilab.data import load
        >>> from tatamilab.models import worksheet_cnn
        >>> from tatamilab.session import LiveRun, Sample
        >>> part = Training(LiveRun(worksheet_cnn, Sample.of(load("mnist", data_size=600))))
        >>> part.moment["phase"]
        'ready'
    """

    _esm = front_end("training", "js")
    _css = front_end("training", "css")
    command = traitlets.Dict().tag(sync=True, goes="up")
    moment = traitlets.Dict().tag(sync=True, goes="down")
    looks = traitlets.Dict().tag(sync=True, goes="down")

    def __init__(self, run: LiveRun) -> None:
        sample = run.sample
        self._x, self._y = sample.x_held_back[:WATCHED], sample.y_held_back[:WATCHED]
        super().__init__(_texts(len(self._x)))
        self._run = run
        self._names = sample.class_names
        self._pinned = 0
        self._turn = Lock()
        self._tell()
        self.observe(self._obey, "command")
        self.follow(run, self._tell)

    def in_words(self) -> str:
        """Where the training stands."""
        return " ".join(part for part in (self.moment["status"], self.moment["says"]) if part)

    def _obey(self, change: Any) -> None:
        value = change["new"].get("value")
        try:
            match change["new"].get("name"):
                case "start":
                    self._run.start()
                case "pause":
                    self._run.pause()
                case "batch" | "epoch" as what:
                    self._run.step(what)
                case "reset":
                    self._run.reset()
                case "other_seed":
                    self._run.reset(self._run.moment().seed + 1)
                case "learning_rate" if isinstance(value, int | float):
                    self._run.learning_rate = float(f"{value:.3g}")  # as an address can hold it
                case "batch_size" if isinstance(value, int):
                    self._run.batch_size = value
                case "pin" if isinstance(value, int) and 0 <= value < len(self._x):
                    self._pinned = value
                    self._tell()
                case "look_at" if value is None or isinstance(value, int):
                    self._run.look_at(value)
        except (BadInput, OverflowError):
            self._tell()  # the browser asked for what is no longer there, or no rate: show it what is

    def _tell(self) -> None:
        with self._turn, using(self.texts["lang"]):
            moment, looks = _shown(self._run.moment(), self._run.weights()), self._look()
            # at once, so that the browser draws one picture, not two; a status is never there before its looks
            self.looks, self.moment = looks, moment

    def _look(self) -> dict[str, Any]:
        """The pinned image on its way through the network, and the mistakes of the moment."""
        probabilities = self._run.network.predict(self._x)
        read, k = probabilities.argmax(axis=1), self._pinned
        image = self._x[k]
        maps = maps_of(self._run.network, image, MOST_MAPS, 1)
        wrong = np.flatnonzero(read != self._y)
        shown = wrong[:MOST_MISTAKES]
        return {
            "rows": image.shape[0],
            "columns": image.shape[1],
            "pinned": k,
            "image": as_bytes(image.mean(axis=2), high=1),
            "text": _(
                "This is a {true}, read as {read} with {share:.0%}.",
                true=self._names[self._y[k]],
                read=self._names[read[k]],
                share=float(probabilities[k].max()),
            ),
            "maps": maps,
            "wrong": _(
                "{n} of {all} images held back are read wrongly at this moment.", n=len(wrong), all=len(read)
            ),
            "mistakes": [
                {
                    "image": int(number),
                    "text": f"{self._names[self._y[number]]} → {self._names[read[number]]}",
                    "bars": as_bytes(probabilities[number], high=1),
                }
                for number in shown
            ],
            "values": as_bytes(self._x[shown].mean(axis=3), high=1),
        }


def _shown(moment: Moment, weights: Weights) -> dict[str, Any]:
    return {
        "phase": moment.phase.value,
        "epochs": moment.epochs,
        "learning_rate": moment.learning_rate,
        "batch_size": moment.batch_size,
        "points": [_numbers(point) for point in _finite(moment.points)],
        "validation": [[*_numbers(point), *_interval(point)] for point in _finite(moment.validation)],
        "frames": len(moment.frames),
        "shown": moment.shown,
        "film": _("after {n:,} steps", n=moment.n_steps_seen),
        "filters": _filters(weights),
        "in_words": _in_words(moment),
        "status": _status(moment),
        "says": _says(moment),
    }


def _finite(points: tuple[Point, ...]) -> list[Point]:
    return [point for point in points if math.isfinite(point.loss)]


def _numbers(point: Point) -> list[float]:
    return [round(point.epoch, 4), round(point.loss, 5), round(point.accuracy, 5)]


def _interval(point: Point) -> list[float]:
    interval = wilson_interval(round(point.accuracy * point.images), point.images)
    return [round(interval.low, 5), round(interval.high, 5)]


def _filters(weights: Weights) -> dict[str, Any]:
    """The kernels of the first layer, the first channel of each, all on one scale around 0."""
    kernels = next(
        (array for name, array in weights.items() if name.endswith("kernel")), np.zeros((0, 0), np.float32)
    )
    pictures = _pictures(kernels)[:MOST_FILTERS]
    limit = float(np.abs(pictures).max(initial=0))
    rows, columns = pictures.shape[1:]
    values = as_bytes(pictures, low=-limit, high=limit)
    says = _(
        "{n} filters of {rows}×{columns}; the largest weight is {limit:.2f} away from 0.",
        n=len(pictures),
        rows=rows,
        columns=columns,
        limit=limit,
    )
    return {"count": len(pictures), "rows": rows, "columns": columns, "values": values, "says": says}


def _pictures(kernels: NDArray[np.float32]) -> NDArray[np.float32]:
    """(filters, rows, columns) of a convolution's kernels (h, w, c, o), or of a dense layer's behind a square image."""
    if kernels.ndim == 4:
        return np.moveaxis(kernels[:, :, 0, :], -1, 0)
    side = math.isqrt(kernels.shape[0])
    if kernels.ndim == 2 and side * side == kernels.shape[0]:
        return kernels.T.reshape(-1, side, side)
    return np.zeros((0, 1, 1), np.float32)


def _status(moment: Moment) -> str:
    if moment.problem:
        return _("The training stopped by itself: {reason}", reason=moment.problem)
    if moment.phase is Phase.READY:
        return _(
            "Ready: {n} epochs of {steps} steps, seed {seed}",
            n=moment.epochs,
            steps=moment.n_steps,
            seed=moment.seed,
        )
    place = _(
        "epoch {epoch} of {n}, step {step} of {steps}",
        epoch=min(moment.epoch + 1, moment.epochs),
        n=moment.epochs,
        step=moment.step or (0 if moment.phase is not Phase.FINISHED else moment.n_steps),
        steps=moment.n_steps,
    )
    if moment.phase is not Phase.RUNNING:
        return place
    speed = "" if moment.place else _("{n:,.0f} images a second", n=moment.images_per_s)
    return " · ".join(part for part in (place, speed, sharing(moment.n_sharing, moment.place)) if part)


def _says(moment: Moment) -> str:
    """What a screen reader is told: the phase, and the end of each epoch."""
    if moment.phase is Phase.DIVERGED:
        return _(
            "The loss is no longer a number: the learning rate was too high. Begin again with a lower one."
        )
    if moment.problem:
        return _("The training stopped by itself: {reason}", reason=moment.problem)
    if not moment.validation:
        return ""
    last = moment.validation[-1]
    return _(
        "After epoch {epoch:.0f}: {share:.1%} of the images held back are right.",
        epoch=last.epoch,
        share=last.accuracy,
    )


def _in_words(moment: Moment) -> dict[str, str]:
    """Both curves in words, from their last points."""
    trained, held_back = _finite(moment.points), _finite(moment.validation)
    if not trained:
        return {
            "accuracy": _("Accuracy: nothing is trained yet."),
            "loss": _("Loss: nothing is trained yet."),
        }
    last = trained[-1]
    epoch = round(last.epoch, 1)
    accuracy = _(
        "Epoch {epoch:g}: {share:.1%} of the training images are right.",
        epoch=epoch,
        share=last.accuracy,
    )
    loss = _("Epoch {epoch:g}: the loss is {loss:.3f}.", epoch=epoch, loss=last.loss)
    if held_back:
        low, high = _interval(held_back[-1])
        accuracy += " " + _(
            "Of the images held back {share:.1%} were, 95% interval {low:.1%} to {high:.1%}.",
            share=held_back[-1].accuracy,
            low=low,
            high=high,
        )
        loss += " " + _("On the images held back it was {loss:.3f}.", loss=held_back[-1].loss)
    return {"accuracy": accuracy, "loss": loss}


def _texts(n_watched: int) -> dict[str, Any]:
    return {
        "start": _("Start"),
        "pause": _("Pause"),
        "go_on": _("Go on"),
        "batch": _("One batch"),
        "epoch": _("One epoch"),
        "reset": _("Begin again"),
        "other_seed": _("Another seed"),
        "learning_rate": _("Learning rate"),
        "batch_size": _("Batch size (from the next epoch on)"),
        "batches": list(BATCHES),
        "accuracy": _("Accuracy: share that is right"),
        "loss": _("Loss"),
        "epochs": _("epochs"),
        "training_images": _("training images"),
        "held_back": _("images held back"),
        "filters": _("Filters of the first layer: dark is negative, light is positive"),
        "film": _("Look back"),
        "pinned": _("One image on its way: what the first layer makes of it"),
        "image": _("Image"),
        "images": [_("number {k}", k=k) for k in range(n_watched)],
        "mistakes": _("Read wrongly right now"),
        "pin": _("Pin this image: {text}"),
        "no_maps": _("This network has no maps: it has no convolution and no pool."),
        "words": glossary("epoch", "batch", "rate", "loss", "held-back", "interval", "seed", "filter", "map"),
    }
