"""Keras models become what a worker is given: graphs, and initial weights drawn by Keras's own initializers.

The only module of this package that imports Keras, and that in the parent alone. A model is lowered once an arm; for
each initialisation seed Keras builds it anew (some 10 ms), so a run starts from the weights of `tatami run --seed`.
"""

import hashlib
import multiprocessing
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tatamilab import backend
from tatamilab.data import Dataset, load
from tatamilab.engine.frontend import lower, lower_training, weights_of
from tatamilab.engine.graph import Conv2D, Graph, Unsupported, multiply_adds
from tatamilab.engine.naming import numbered
from tatamilab.engine.plan import Plan
from tatamilab.engine.target import choose
from tatamilab.errors import BadInput
from tatamilab.experiment.options import OPTIMIZERS
from tatamilab.i18n import _, language, using
from tatamilab.models import load_model
from tatamilab.study.design import Network
from tatamilab.study.places import begin_worker, first_task, none_begins
from tatamilab.study.specification import Recipe, Study

Weights = dict[str, NDArray[np.float32]]


class Networks:
    """The networks of a study's arms.

    Args:
        study: whose arms they are.
        data: its data set.
        target: name of the vector unit that all workers have; None for the widest here.

    Attributes:
        by_arm: what each arm trains.

    Raises:
        BadInput: no such model, or it does not fit the data; a frozen arm has no convolution.
        Unsupported: the engine cannot train an arm, which a study needs.
    """

    def __init__(self, study: Study, data: Dataset, target: str | None = None) -> None:
        backend.choose(command=True)
        self._shape, self._n_classes = data.image_shape, data.n_classes
        self._target = choose(target)
        self._recipes = study.recipes()
        self._graphs: dict[tuple[Any, ...], Graph] = {}
        self.by_arm = {arm: self._network(recipe) for arm, recipe in self._recipes.items()}
        self._start = cache(self._drawn)

    def start(self, arm: str, seed: int) -> Weights:
        """The initial weights of an arm, by parameter name."""
        return self._start(_model_of(self._recipes[arm]), seed)

    def drawn(self, arm: str, seed: int) -> Weights:
        """The same, and not remembered: for who asks for many."""
        return self._drawn(_model_of(self._recipes[arm]), seed)

    def close(self) -> None:
        """Nothing is held that must be given back."""

    def _drawn(self, key: tuple[Any, ...], seed: int) -> Weights:
        built = load_model(key[0], self._shape, self._n_classes, seed=seed, options=dict(key[1:]))
        return weights_of(built, self._graphs[key])

    def _network(self, recipe: Recipe) -> Network:
        import keras

        model = load_model(recipe.model, self._shape, self._n_classes, seed=0, options=recipe.options)
        optimizer = getattr(keras.optimizers, OPTIMIZERS[recipe.optimizer])(recipe.learning_rate)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        try:
            graph, training = numbered(lower(model)), lower_training(model, ())
        except Unsupported as reason:
            raise BadInput(
                _("A study trains with the native engine only, and the model {model}: {reason}.",
                  model=recipe.model, reason=reason)
            ) from reason  # fmt: skip
        self._graphs[_model_of(recipe)] = graph
        start = _hash_of(weights_of(model, graph))
        if recipe.frozen:
            graph = frozen_first(graph, recipe.model)
        plan = Plan(graph=graph, training=training, batch_size=recipe.batch_size, target=self._target)
        return Network(graph, training, plan.hash, self._target.name, start, multiply_adds(graph))


class NetworksApart:
    """The same as `Networks`, made in a process of its own.

    Keras draws the seeds of its initializers from Python's global generator, which it seeds before. A thread that
    draws from it meanwhile, as Dask's do, would change the weights.

    Args:
        study, target: as for `Networks`.

    Raises:
        BadInput: as `Networks` does.
    """

    def __init__(self, study: Study, target: str | None = None) -> None:
        self._process = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=begin_worker)
        try:
            made = first_task(self._process, _make, study, target, language())
            self.by_arm: dict[str, Network] = made.result()
        except BrokenProcessPool as error:
            self.close()
            raise none_begins() from error
        except BaseException:
            self.close()
            raise

    def start(self, arm: str, seed: int) -> Weights:
        """The initial weights of an arm, by parameter name."""
        return self._process.submit(_start, arm, seed).result()

    def close(self) -> None:
        """End the process."""
        self._process.shutdown()


_made: Networks | None = None
"""What the process of `NetworksApart` has made."""


def _make(study: Study, target: str | None, lang: str) -> dict[str, Network]:
    global _made
    with using(lang):
        _made = Networks(study, load(study.data), target)
    return _made.by_arm


def _start(arm: str, seed: int) -> Weights:
    assert _made is not None
    return _made.start(arm, seed)


def _model_of(recipe: Recipe) -> tuple[Any, ...]:
    """What tells models apart: the name, and the keywords of the function."""
    return (recipe.model, *sorted(recipe.options.items()))


def frozen_first(graph: Graph, model: str) -> Graph:
    """The graph with its first convolution, filters and bias, left as it starts.

    Raises:
        BadInput: it has none.
    """
    first = next((node for node in graph.nodes if isinstance(node, Conv2D)), None)
    if first is None:
        raise BadInput(_("frozen needs a convolution, and the model {model} has none.", model=model))
    frozen = (first.kernel, first.bias)
    parameters = (
        replace(one, trainable=one.trainable and one.name not in frozen) for one in graph.parameters
    )
    return replace(graph, parameters=tuple(parameters))


def _hash_of(weights: Mapping[str, NDArray[np.float32]]) -> str:
    whole = hashlib.sha256()
    for value in weights.values():
        whole.update(value.tobytes())
    return whole.hexdigest()[:16]
