"""`Explain`: the instruments of `tatami explain` on the network of the moment, one question at a time."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

import traitlets
from threadpoolctl import threadpool_limits

from tatamilab.engine.graph import Conv2D
from tatamilab.errors import BadInput, TatamiError
from tatamilab.i18n import _, using
from tatamilab.instruments.model_facts import conv_layer
from tatamilab.session import LiveRun
from tatamilab.session.apart import Apart
from tatamilab.session.sample import mnist
from tatamilab.widgets.part import Part, front_end
from tatamilab.widgets.words import glossary

if TYPE_CHECKING:
    import keras

    from tatamilab.data import Dataset
    from tatamilab.experiment.explained import Explained

DRAWING = Lock()
"""Held while a figure is drawn: matplotlib draws one at a time, for all parts of a process."""


class Explain(Part):
    """A question about the network, answered by a figure and in words, with the weights of the moment.

    The figures are those of the page that `tatami explain` writes; what that page needs another training for is not
    among them. They are drawn in a thread; of several wishes the newest wins.

    Args:
        source: a Keras model, or a live run.
        dataset: what it learned from; MNIST if None.
        before: the model as it started, for comparison; of a live run it is known, and a model without one is
            compared with itself.

    Raises:
        BadInput: the network has no convolution, or reads other images than the data set's.

    Example:
        >>> from tatamilab.models import worksheet_cnn
        >>> part = Explain(worksheet_cnn())
        >>> [key for key, _title in part.texts["questions"]][:2]
        ['filters', 'where']
    """

    _esm = front_end("explain", "js")
    _css = front_end("explain", "css")
    asked = traitlets.Dict().tag(sync=True, goes="up")
    explained = traitlets.Dict().tag(sync=True, goes="down")

    def __init__(
        self,
        source: keras.Model | LiveRun,
        dataset: Dataset | None = None,
        before: keras.Model | None = None,
    ) -> None:
        self._source, self._dataset, self._before = source, dataset or mnist(), before
        self._check()
        super().__init__(_texts())
        self._asked: dict[str, Any] = {}
        self._answered = self._asked
        self._draws = Apart(self._draw, _in_a_thread)
        self.explained = {"state": "ready"}
        self.observe(self._obey, "asked")

    def in_words(self) -> str:
        """What the figure shows."""
        return str(self.explained.get("description") or self.texts["about"])

    def wait(self, timeout_s: float = 60.0) -> None:
        """Wait until the figure that was asked for last is there."""
        self._draws.wait(timeout_s)

    def _check(self) -> None:
        if isinstance(self._source, LiveRun):
            network = self._source.network  # a model of its own would take long to build
            shape = network.input_shape
            if not any(isinstance(layer.node, Conv2D) for layer in network.layers):
                raise BadInput(_("The network has no convolution, and so no filters to explain."))
        else:
            conv_layer(self._source, 0)
            shape = tuple(self._source.input_shape[1:])
        if shape != self._dataset.x_test.shape[1:]:
            raise BadInput(
                _(
                    "The network reads images of shape {shape}; the images given have the shape {given}.",
                    shape=shape,
                    given=self._dataset.x_test.shape[1:],
                )
            )

    def _obey(self, change: Any) -> None:
        asked = change["new"]
        if asked.get("question") not in dict(self.texts["questions"]):
            return
        self._asked = asked
        self.explained = {"state": "drawing", "question": asked["question"]}
        self._draws()

    def _draw(self) -> None:
        with using(self.texts["lang"]), DRAWING:
            asked = self._asked
            if asked is self._answered:
                return  # more than one was asked for before the first was begun
            shown = {"question": asked["question"], "moment": self._moment()}
            try:
                with threadpool_limits(1, user_api="blas"):
                    made = _makers(self._what())[asked["question"]]()
                svg = b64encode(made.svg).decode()
                shown |= {"state": "drawn", "title": made.title, "description": made.description, "svg": svg}
            except TatamiError as reason:
                shown |= {"state": "refused", "description": str(reason)}
            self._answered = asked
            if asked is self._asked:  # else something else is wanted by now
                self.explained = shown

    def _what(self) -> Explained:
        """The network as it is now, apart from the training that goes on."""
        from tatamilab.experiment.explained import Explained

        if isinstance(self._source, LiveRun):
            before, now = self._source.models()
            n_train = len(self._source.sample.x)
        else:
            now = self._source
            before, n_train = self._before or now, len(self._dataset.x_train)
        return Explained(self._dataset, n_train, before, now, conv_layer(now, 0).name)

    def _moment(self) -> str:
        """Of which moment the figure is."""
        if not isinstance(self._source, LiveRun):
            return ""
        return _("with the weights after {n:,} steps", n=self._source.moment().n_steps_seen)


def _in_a_thread(draw: Callable[[], None]) -> None:
    """Which the end of the program does not wait for: a figure takes seconds."""
    Thread(target=draw, name="tatami explain", daemon=True).start()


def _makers(what: Explained) -> dict[str, Callable[[], Any]]:
    from tatamilab.experiment.explained_behaviour import behaviour_makers
    from tatamilab.experiment.explained_pictures import filter_makers

    return {**filter_makers(what), **behaviour_makers(what)}


def _texts() -> dict[str, Any]:
    return {
        "about": _("Questions about the network, each answered by a figure and in words."),
        "question": _("Question"),
        "choose": _("Choose a question …"),
        "again": _("Draw again, with the weights of now"),
        "drawing": _("Drawing; this takes some seconds."),
        "figure": _("Figure, wider than the screen: arrow keys move it"),
        "questions": [
            ["filters", _("What have the filters become?")],
            ["where", _("Where does the change of the filters lie?")],
            ["scores", _("What form do the filters have?")],
            ["maps", _("What does each layer make of an image?")],
            ["likes", _("Which patches excite each filter most?")],
            ["plane", _("How do the digits lie in the last hidden layer?")],
            ["accuracy", _("How sure is it, and what does it confuse?")],
            ["mistakes", _("Which mistakes was it surest of, and what had it learned?")],
            ["attribution", _("What does an answer rest on?")],
        ],
        "words": glossary("filter", "map", "calibrated", "confusion", "occlusion"),
    }
