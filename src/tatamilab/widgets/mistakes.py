"""`Mistakes`: which digits are taken for which, the pictures behind every number, and whether it is too sure."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from tatamilab.analysis.calibration import calibration
from tatamilab.analysis.confusion import confusion_matrix
from tatamilab.analysis.intervals import wilson_interval
from tatamilab.errors import BadInput
from tatamilab.i18n import _, using
from tatamilab.session import LiveRun, Phase
from tatamilab.session.sample import mnist, normalised_test
from tatamilab.session.turns import HERE
from tatamilab.widgets.part import Part, as_bytes, checked_images, front_end, network_of
from tatamilab.widgets.words import glossary

if TYPE_CHECKING:
    from tatamilab.widgets.part import Source

A_PAGE = 24
"""Pictures that are shown at once."""

BINS = 10


class Mistakes(Part):
    """The confusion matrix of the test images; a cell of it shows its images, the surest mistakes first.

    Until it is asked there is a button and nothing else; then the network reads all the images. Of a live run, the
    numbers are those of the moment in which it was last looked at, paused or over.

    Args:
        source: a Keras model, a `Network`, or a `LiveRun`.
        images: (n, h, w, c) from 0 to 1; MNIST's test images if None.
        labels: (n,), for images that are given.

    Raises:
        BadInput: the network doesn't read such images, or not each has a label.
        Unsupported: a layer has no native form.

    Example:
        >>> from tatamilab.models import worksheet_cnn
        >>> part = Mistakes(worksheet_cnn())
        >>> part.chosen = {"sequence": 1, "look": True}
        >>> sum(map(sum, part.mistakes["matrix"]))
        10000
    """

    _esm = front_end("mistakes", "js")
    _css = front_end("mistakes", "css")
    chosen = traitlets.Dict().tag(sync=True, goes="up")
    mistakes = traitlets.Dict().tag(sync=True, goes="down")

    def __init__(
        self, source: Source, images: ArrayLike | None = None, labels: ArrayLike | None = None
    ) -> None:
        self._source, self._network = source, network_of(source)
        if images is None:
            images, labels = normalised_test(mnist()), mnist().y_test
        self._x = checked_images(images, self._network)
        self._y: NDArray[np.integer] = np.asarray(labels)
        if self._y.shape != self._x.shape[:1]:
            raise BadInput(
                _("The labels must be one class number an image, got shape {got}.", got=self._y.shape)
            )
        super().__init__(_texts(self._network.n_classes, len(self._y)))
        self._turn = Lock()
        self._probabilities: NDArray[np.float32] | None = None
        self._summary: dict[str, Any] = {}
        self._seen: tuple[Phase, int] | None = None
        self.observe(self._reply, "chosen")
        self.follow(source, self._refresh)

    def in_words(self) -> str:
        """How many are right, once it has been looked at."""
        return str(self.mistakes.get("score") or self.texts["about"])

    def _refresh(self) -> None:
        """Look again when a run that was looked at has come to rest."""
        if self._probabilities is None or not isinstance(self._source, LiveRun):
            return
        moment = self._source.moment()
        state = (moment.phase, moment.epoch * moment.n_steps + moment.step)
        if moment.phase is not Phase.RUNNING and state != self._seen:
            self._reply({"new": {**self.chosen, "look": True}})

    def _reply(self, change: Any) -> None:
        with self._turn, using(self.texts["lang"]):
            asked = change["new"]
            if asked.get("look") or self._probabilities is None:
                self._look()
            self.mistakes = {**self._summary, **self._cell(asked), "sequence": asked.get("sequence")}

    def _look(self) -> None:
        if isinstance(self._source, LiveRun):
            moment = self._source.moment()
            self._seen = (moment.phase, moment.epoch * moment.n_steps + moment.step)
        with HERE.taken():
            self._probabilities = self._network.predict(self._x)
        predicted = self._probabilities.argmax(axis=1)
        matrix = confusion_matrix(self._y, predicted, self._network.n_classes)
        right = int(np.trace(matrix))
        n = len(self._y)
        interval = wilson_interval(right, n)
        self._summary = {
            "matrix": matrix.tolist(),
            "score": _(
                "{right:,} of {n:,} test images are right: {share:.2%} (95% interval {low:.2%} to {high:.2%})",
                right=right,
                n=n,
                share=right / n,
                low=interval.low,
                high=interval.high,
            ),
            "calibration": self._calibration(predicted == self._y),
        }

    def _calibration(self, right: NDArray[np.bool_]) -> dict[str, Any]:
        """How often answers of each degree of sureness are right; empty for too few images."""
        assert self._probabilities is not None
        sure = self._probabilities.max(axis=1)
        try:
            found = calibration(sure, right, BINS)
        except BadInput:
            return {"bins": [], "text": ""}
        bins = zip(found.confidence, found.accuracy, found.low, found.high, strict=True)
        words = {
            "mean": float(sure.mean()),
            "right": float(right.mean()),
            "error": found.error,
            "chance": found.error_by_chance_high,
        }
        if found.error <= found.error_by_chance_high:
            text = _(
                "It claims {mean:.1%} on average and is right in {right:.1%}: no more apart ({error:.1%}) than chance "
                "alone would make ({chance:.1%}).",
                **words,
            )
        else:
            text = _(
                "It claims {mean:.1%} on average and is right in {right:.1%}: further apart ({error:.1%}) than chance "
                "alone would make ({chance:.1%}).",
                **words,
            )
        return {"bins": [[round(float(value), 4) for value in one] for one in bins], "text": text}

    def _cell(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The images of a cell of the matrix, or all mistakes; the surest first."""
        assert self._probabilities is not None
        predicted, sure = self._probabilities.argmax(axis=1), self._probabilities.max(axis=1)
        names = self.texts["classes"]
        cell = (_class(asked.get("true"), len(names)), _class(asked.get("predicted"), len(names)))
        if None in cell:
            chosen, title, cell = predicted != self._y, _("All mistakes"), (None, None)
        else:
            true, taken = cell
            chosen = (self._y == true) & (predicted == taken)
            title = _("{true} read as {predicted}", true=names[true], predicted=names[taken])
        found = np.flatnonzero(chosen)
        found = found[np.argsort(-sure[found], kind="stable")]
        pages = max(1, -(-len(found) // A_PAGE))
        page = asked.get("page")
        page = min(page, pages - 1) if isinstance(page, int) and page > 0 else 0
        shown = found[page * A_PAGE : (page + 1) * A_PAGE]
        return {
            "cell": list(cell),
            "title": _("{title}: {n:,} images", title=title, n=len(found)),
            "page": page,
            "pages": pages,
            "rows": self._x.shape[1],
            "columns": self._x.shape[2],
            "values": as_bytes(self._x[shown].mean(axis=3), high=1),
            "captions": [
                _(
                    "{true} → {predicted}, {share:.0%}",
                    true=names[self._y[k]],
                    predicted=names[predicted[k]],
                    share=float(sure[k]),
                )
                for k in shown
            ],
        }


def _class(value: object, n: int) -> int | None:
    return int(value) if isinstance(value, int) and 0 <= value < n else None


def _texts(n_classes: int, n_images: int) -> dict[str, Any]:
    return {
        "classes": [str(k) for k in range(n_classes)],
        "look": _("Look for mistakes"),
        "hint": _("Press the button, and the network reads all {n:,} images.", n=n_images),
        "again": _("Look again"),
        "matrix": _("How often each digit (row) is read as each other (column)"),
        "true": _("true digit"),
        "predicted": _("read as"),
        "cell": _("{true} read as {predicted}: {n}"),
        "keys": _("Press a number, or move with the arrow keys and press Enter."),
        "all": _("All mistakes"),
        "earlier": _("Earlier"),
        "later": _("Later"),
        "calibration": _("How sure it is, and how often that is right"),
        "claimed": _("probability claimed"),
        "right": _("share that is right"),
        "none": _("No image is in this cell."),
        "about": _("Which digits are taken for which, and the pictures behind every number."),
        "words": glossary("confusion", "interval", "calibrated"),
    }
