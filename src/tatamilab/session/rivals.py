"""`Rivals`: a CNN and a plain network trained on the same few images, again with every setting; and how sure that is.

Every training is a run of a study: the same draws, initial weights and orders as `tatami study` would use, and so the
same bits. Here they are made one at a time, in a thread, while someone watches; the newest wish wins.
"""

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tatamilab.data import Dataset, split_sizes
from tatamilab.engine.program import Program
from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.session.sample import normalised, normalised_test
from tatamilab.session.turns import HERE, KERAS, Turns
from tatamilab.session.worker import Worker
from tatamilab.study import streams
from tatamilab.study.design import check_sizes
from tatamilab.study.networks import Networks
from tatamilab.study.specification import Recipe, make_study

CNN, BPNN = "cnn", "bpnn"

MODELS: dict[str, dict[str, Any]] = {
    "small-data": {"model": "cnn-small-data"},
    "worksheet": {"model": "cnn"},
    "few-filters": {"model": "cnn-small-data", "filters": 4},
    "small-kernel": {"model": "cnn-small-data", "kernel_size": 3},
}
"""Convolutional networks that can be put against the plain one, as a study's arms."""

SIZES = (20, 50, 100, 200, 400, 600, 1000, 2000, 5000)
"""Numbers of images that are offered, those for validation included."""

PLANNED = 20
"""Draws of the small study."""

MOST_DRAWS = 1000

SLICE = 1600
"""Images of a turn: about a twenty-fifth of a second."""


@dataclass(frozen=True)
class Setting:
    """What both networks are trained with.

    Attributes:
        size: images, those for validation included.
        draw: which ones: number of a random sample, or `streams.FIRST` for the first of the data set.
        seed: number of the initial weights and the orders.
        model: a key of `MODELS`.
    """

    size: int = 600
    draw: int = streams.FIRST
    seed: int = 0
    model: str = "small-data"


@dataclass(frozen=True)
class Outcome:
    """What came of a setting.

    Attributes:
        setting: which.
        cnn: share of the test images that the CNN reads rightly.
        bpnn: likewise the plain network; both NaN where a loss was not finite.
        elapsed_s: seconds from the wish to the result.
    """

    setting: Setting
    cnn: float
    bpnn: float
    elapsed_s: float


@dataclass(frozen=True)
class Sight:
    """All that is to be shown at one moment; immutable.

    Attributes:
        setting: what was asked for last.
        outcomes: of all settings so far, in order, each setting once, the latest last.
        busy: whether something is being trained.
        differences: CNN - BPNN of the draws of the small study at this size, in their order.
        planned: how many there are to be; 0 while no study was asked for.
        n_test: test images.
        n_sharing: trainings that share this machine now.
    """

    setting: Setting
    outcomes: tuple[Outcome, ...]
    busy: bool
    differences: tuple[float, ...]
    planned: int
    n_test: int
    n_sharing: int


class Rivals(Worker[Setting, Outcome | None]):
    """Trains both networks anew for whatever is asked.

    Args:
        data: what the images are drawn from, and tested on.
        epochs: passes over the sample.
        turns: who may compute when.
    """

    def __init__(self, data: Dataset, *, epochs: int = 50, turns: Turns = HERE) -> None:
        super().__init__("tatami rivals")
        self._data, self._epochs, self._turns = data, epochs, turns
        self._x_test = normalised_test(data)
        self._known: dict[Setting, Outcome] = {}
        self._shown: tuple[Setting, ...] = ()
        self._arms: dict[str, _Arms] = {}
        self._setting = Setting()
        self._wanted: list[Setting] = []
        self._study: tuple[Setting, ...] = ()

    # -- what is asked of it ---------------------------------------------------------------------------------

    def ask(self, setting: Setting) -> None:
        """Train for this setting; what is in hand for another one ends after its next few steps.

        Raises:
            BadInput: a number that makes no sense.
        """
        setting = self._checked(setting)
        with self._changed:
            same_question = self._study and _question(setting) == _question(self._study[0])
            self._setting = setting
            self._study = self._study if same_question else ()
            self._want([setting, *self._study])
        self._tell()

    def measure(self) -> None:
        """Begin the small study behind the present setting: both networks on `PLANNED` random draws."""
        with self._changed:
            self._study = tuple(replace(self._setting, draw=draw, seed=0) for draw in range(PLANNED))
            self._want([self._setting, *self._study])
        self._tell()

    def stop(self) -> None:
        """Leave undone what is not done; what is there stays."""
        with self._changed:
            self._want([])
        self._tell()

    def clear(self) -> None:
        """Forget the points of earlier settings; what was trained stays known."""
        with self._changed:
            self._shown = self._shown[-1:]
        self._tell()

    def close(self) -> None:
        """Leave undone what is not done, and end the thread."""
        self.stop()
        super().close()

    def wait(self, timeout_s: float = 60.0) -> None:
        """Wait until nothing is left to do."""
        self._wait(timeout_s)

    # -- what it tells ---------------------------------------------------------------------------------------

    def sight(self) -> Sight:
        """How it stands."""
        with self._changed:
            done = [self._known[one] for one in self._study if one in self._known]
            return Sight(
                setting=self._setting,
                outcomes=tuple(self._known[one] for one in self._shown),
                busy=self._busy or bool(self._wanted),
                differences=tuple(one.cnn - one.bpnn for one in done),
                planned=len(self._study),
                n_test=len(self._data.y_test),
                n_sharing=self._turns.n_sharing,
            )

    # -- the thread ------------------------------------------------------------------------------------------

    def _want(self, settings: list[Setting]) -> None:
        self._wanted = settings
        self._wake()

    def _take(self) -> Setting:
        return self._wanted[0]

    def _keep(self, setting: Setting, outcome: Outcome | None) -> None:
        if outcome is None:
            return
        self._known[setting] = outcome
        if setting == self._setting:
            self._shown = (*(one for one in self._shown if one != setting), setting)
        self._wanted = [one for one in self._wanted if one != setting]

    def _do(self, setting: Setting) -> Outcome | None:
        """Train both, if that is not known yet; None if something else is wanted meanwhile."""
        if setting in self._known:
            return self._known[setting]
        began = time.perf_counter()
        if setting.model not in self._arms:
            self._arms[setting.model] = _Arms(self._data, setting.model, self._epochs)
        arms = self._arms[setting.model]
        chosen = streams.sample(0, setting.draw, setting.size, len(self._data.x_train))
        n = split_sizes(setting.size, arms.validation_split).n_train
        x, y = normalised(self._data)[chosen[:n]], self._data.y_train[chosen[:n]]
        shares = {}
        for arm in (CNN, BPNN):
            labels = self._labels(setting, arms, arm, x, y)
            if labels is None:
                return None
            shares[arm] = float(np.mean(labels == self._data.y_test)) if len(labels) else float("nan")
        return Outcome(setting, shares[CNN], shares[BPNN], time.perf_counter() - began)

    def _labels(
        self, setting: Setting, arms: "_Arms", arm: str, x: NDArray[np.float32], y: NDArray[np.integer]
    ) -> NDArray[np.integer] | None:
        """The labels of the test images after training; none if the loss was not finite; None if interrupted."""
        program, recipe = arms.program(arm), arms.recipes[arm]
        seed = streams.initialisation_seed(0, setting.draw, setting.seed)
        program.start_over(arms.start(arm, seed))
        examples, orders = program.examples(x, y), streams.orders(0, setting.draw, setting.seed)
        count = max(SLICE // recipe.batch_size, 1) * recipe.batch_size
        for _number in range(recipe.epochs):
            order = orders.permutation(len(x))
            for part in (order[first : first + count] for first in range(0, len(x), count)):
                if self._is_over or self._wanted[:1] != [setting]:
                    return None
                with self._turns.taken():
                    totals = program.train(
                        examples, order=part, learning_rate=recipe.learning_rate, seed=seed, halt_on_nan=True
                    )
                if not np.isfinite(totals.loss):
                    return np.empty(0, np.int64)
        with self._turns.taken():
            return program.predict(self._x_test).argmax(axis=1)

    def _checked(self, setting: Setting) -> Setting:
        n = len(self._data.x_train)
        if not 2 <= setting.size <= n or not streams.FIRST <= setting.draw < MOST_DRAWS:
            raise BadInput(
                _(
                    "The size must be from 2 to {n} images, the draw from 0 to {draws}; received {size} and {draw}.",
                    n=n,
                    draws=MOST_DRAWS - 1,
                    size=setting.size,
                    draw=setting.draw,
                )
            )
        if not 0 <= setting.seed < MOST_DRAWS or setting.model not in MODELS:
            raise BadInput(
                _(
                    "The seed must be from 0 to {seeds}, the model one of {known}; received {seed} and {model!r}.",
                    seeds=MOST_DRAWS - 1,
                    known=", ".join(MODELS),
                    seed=setting.seed,
                    model=setting.model,
                )
            )
        return setting


class _Arms:
    """Both networks of a question, lowered once, compiled when first needed."""

    def __init__(self, data: Dataset, model: str, epochs: int) -> None:
        study = make_study(
            model,
            {
                "arms": {CNN: MODELS[model], BPNN: {"model": "bpnn"}},
                "recipe": {"epochs": epochs},
                "contrasts": [f"{CNN} - {BPNN}"],
            },
        )
        check_sizes(study, data)
        self.recipes: dict[str, Recipe] = study.recipes()
        self.validation_split = study.validation_split
        with KERAS:
            self._networks = Networks(study, data)
        self._programs: dict[str, Program] = {}

    def program(self, arm: str) -> Program:
        """The program of an arm, on all cores: their number changes no bit."""
        if arm not in self._programs:
            network, recipe = self._networks.by_arm[arm], self.recipes[arm]
            self._programs[arm] = Program(
                network.graph, network.training, batch_size=recipe.batch_size, input_dtype="f32"
            )
        return self._programs[arm]

    def start(self, arm: str, seed: int) -> dict[str, NDArray[np.float32]]:
        """Where the training of an arm starts."""
        with KERAS:
            return self._networks.start(arm, seed)


def _question(setting: Setting) -> tuple[int, str]:
    return setting.size, setting.model
