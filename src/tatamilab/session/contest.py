"""`Contest`: a CNN and a plain network trained on the same few images, slice by slice.

Every training is a run of a study: the same draws, initial weights and orders as `tatami study` would use, and so the
same bits.
"""

import time
from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tatamilab.data import Dataset, split_sizes
from tatamilab.engine.program import Program
from tatamilab.session.network import Weights
from tatamilab.session.sample import normalised, normalised_test
from tatamilab.session.turns import KERAS
from tatamilab.session.yielding import yielding
from tatamilab.study import streams
from tatamilab.study.design import check_sizes
from tatamilab.study.networks import Networks
from tatamilab.study.specification import Recipe, Study, make_study

CNN, BPNN = "cnn", "bpnn"

MODELS: dict[str, dict[str, Any]] = {
    "small-data": {"model": "cnn-small-data"},
    "worksheet": {"model": "cnn"},
    "few-filters": {"model": "cnn-small-data", "filters": 4},
    "small-kernel": {"model": "cnn-small-data", "kernel_size": 3},
}
"""Convolutional networks that can be put against the plain one, as a study's arms."""

SLICE_S = 0.05
"""Seconds of training between two looks at what is wanted."""


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


REMEMBERED = 20
"""Initial weights that are kept, for all who ask: other images start from the same, and building a network is slow."""


@lru_cache(maxsize=len(MODELS))
def _question(data: Dataset, model: str, epochs: int) -> tuple[Study, Networks]:
    """What all who ask it share."""
    arms = {CNN: MODELS[model], BPNN: {"model": "bpnn"}}
    recipe, contrasts = {"epochs": epochs}, [f"{CNN} - {BPNN}"]
    study = make_study(model, {"arms": arms, "recipe": recipe, "contrasts": contrasts})
    check_sizes(study, data)
    with KERAS:
        return study, Networks(study, data)


@lru_cache(maxsize=REMEMBERED)
def _start(data: Dataset, model: str, epochs: int, arm: str, seed: int) -> Weights:
    """Where the training of an arm starts."""
    _study, networks = _question(data, model, epochs)
    with KERAS:
        return networks.drawn(arm, seed)


class Arms:
    """Both networks of a question, lowered once, compiled when first needed.

    Args:
        data: what they are for.
        model: a key of `MODELS`.
        epochs: passes over a sample.
    """

    def __init__(self, data: Dataset, model: str, epochs: int) -> None:
        self._question = data, model, epochs
        study, self._networks = _question(*self._question)
        self.recipes: dict[str, Recipe] = study.recipes()
        self.validation_split = study.validation_split
        self._programs: dict[str, Program] = {}

    def program(self, arm: str) -> Program:
        """The program of an arm, on all cores: their number changes no bit."""
        if arm not in self._programs:
            network, recipe = self._networks.by_arm[arm], self.recipes[arm]
            self._programs[arm] = yielding(
                lambda: Program(
                    network.graph, network.training, batch_size=recipe.batch_size, input_dtype="f32"
                )
            )
        return self._programs[arm]

    def start(self, arm: str, seed: int) -> Weights:
        """Where the training of an arm starts."""
        return _start(*self._question, arm, seed)


class Contest:
    """Both trainings of a setting, under way.

    Args:
        data: what the images are drawn from, and tested on.
        arms: of the setting's model.
        setting: what to train with.

    Attributes:
        shares: of the test images that are read rightly, by arm; first the plain network's, which takes little time.
            NaN where a loss was not finite.
    """

    def __init__(self, data: Dataset, arms: Arms, setting: Setting) -> None:
        self.setting = setting
        self.shares: dict[str, float] = {}
        self._data, self._arms = data, arms
        self._began = time.perf_counter()
        self._steps = self._both()

    @property
    def is_over(self) -> bool:
        """Whether both are trained and tested."""
        return len(self.shares) == 2

    @property
    def elapsed_s(self) -> float:
        """Seconds since it began."""
        return time.perf_counter() - self._began

    def go_on(self) -> bool:
        """Train for a slice, or until a network is tested; returns whether one is."""
        known, until = len(self.shares), time.perf_counter() + SLICE_S
        for _step in self._steps:
            if len(self.shares) > known or time.perf_counter() > until:
                break
        return len(self.shares) > known

    def end(self) -> None:
        """Leave undone what is not done, and give back its images."""
        self._steps.close()

    def _both(self) -> Generator[None]:
        setting, data = self.setting, self._data
        chosen = streams.sample(0, setting.draw, setting.size, len(data.x_train))
        n = split_sizes(setting.size, self._arms.validation_split).n_train
        x, y = normalised(data)[chosen[:n]], data.y_train[chosen[:n]]
        for arm in (BPNN, CNN):
            labels = yield from self._labels(arm, x, y)
            self.shares[arm] = float(np.mean(labels == data.y_test)) if len(labels) else float("nan")
            yield

    def _labels(
        self, arm: str, x: NDArray[np.float32], y: NDArray[np.integer]
    ) -> Generator[None, None, NDArray[np.integer]]:
        """The labels of the test images after training; none if the loss was not finite."""
        setting, program, recipe = self.setting, self._arms.program(arm), self._arms.recipes[arm]
        seed = streams.initialisation_seed(0, setting.draw, setting.seed)
        program.start_over(self._arms.start(arm, seed))
        examples, orders = program.examples(x, y), streams.orders(0, setting.draw, setting.seed)
        for _number in range(recipe.epochs):
            totals = program.train(
                examples,
                order=orders.permutation(len(x)),
                learning_rate=recipe.learning_rate,
                seed=seed,
                halt_on_nan=True,
            )
            if not np.isfinite(totals.loss):
                return np.empty(0, np.int64)
            yield
        return program.predict(normalised_test(self._data)).argmax(axis=1)
