"""How few filters a run's network needs: removed from it, and trained with fewer from the start."""

import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from tatamilab import backend
from tatamilab.analysis import filter_norms, score_filters
from tatamilab.analysis.contrasts import Mean, mean_over_networks
from tatamilab.analysis.removal import RemovalCurves, removal_curves
from tatamilab.engine import threads
from tatamilab.engine.frontend import weights_of
from tatamilab.errors import BadInput
from tatamilab.experiment import folder
from tatamilab.experiment.explained_run import ExplainedRun
from tatamilab.experiment.interruption import Interruption, interruptible
from tatamilab.experiment.rerunning import parameter_names, program_of, steps_of, train_again
from tatamilab.files import read_arrays, read_json, write_whole
from tatamilab.i18n import _
from tatamilab.instruments.model_facts import conv_layer

backend.choose()  # before Keras is first imported
import keras  # noqa: E402

SIZES = (1, 2, 4, 8, 16, 32, 64)
"""Numbers of filters that networks are trained with."""

SEEDS = (0, 1, 2)

SCORES = ("norm", "orientation")
"""By which filters are removed, the least first."""

_REMOVED = "removed.npz"


@dataclass(frozen=True)
class Step:
    """A training is over.

    Attributes:
        size: number of filters.
        seed: of the start and of the order of the images.
        accuracy: on the test images, 0-1.
        done: trainings that are there now.
        total: trainings there will be.
    """

    size: int
    seed: int
    accuracy: float
    done: int
    total: int


@dataclass(frozen=True, eq=False)
class HowFew:
    """What fewer filters come to.

    Attributes:
        curves: filters removed from the run's network, nothing trained anew; by `SCORES`.
        retrained: by number of filters, the accuracy of networks trained with so many from the start.
    """

    curves: RemovalCurves
    retrained: dict[int, Mean]


def how_few(run: ExplainedRun, told: Callable[[Step], object] | None = None) -> HowFew | None:
    """Remove filters, and train networks of `SIZES` filters with each of `SEEDS` by the run's own recipe.

    Each training is kept in the run's folder at once, so an interrupted call goes on where it was.

    Args:
        run: the run; its layer must be a Conv2D.
        told: called after each training.

    Returns:
        Both; None after Ctrl-C, which keeps the trainings that are whole.

    Raises:
        BadInput: another kind of layer, or a model in which the number of filters cannot be changed.
        Unsupported: the engine cannot train the model.
        OutputError: the run's folder cannot be written.
    """
    target = conv_layer(run.model, run.layer)
    if type(target).__name__ != "Conv2D":
        raise BadInput(
            _(
                "Filters can be removed from a Conv2D layer; {layer!r} is a {kind}.",
                layer=run.layer,
                kind=type(target).__name__,
            )
        )
    with folder.speaking_of(run.folder), interruptible() as interruption:
        _place(run).mkdir(parents=True, exist_ok=True)
        if not _Trainings(run, told).complete(interruption):
            return None
        path = _place(run) / _REMOVED
        if _read_curves(path) is None:
            write_whole(path, _packed(_removed(run)))
    return kept_how_few(run)


def kept_how_few(run: ExplainedRun) -> HowFew | None:
    """What an earlier call of `how_few` left whole in the run's folder; None if there is nothing."""
    curves = _read_curves(_place(run) / _REMOVED)
    accuracies = {size: [_read_accuracy(run, size, seed) for seed in SEEDS] for size in SIZES}
    whole = {
        size: [one for one in values if one is not None]
        for size, values in accuracies.items()
        if None not in values
    }
    if curves is None or len(whole) < len(SIZES):
        return None
    return HowFew(curves, {size: mean_over_networks(values) for size, values in whole.items()})


class _Trainings:
    """The trainings that are missing, a thread for each core and a program for each number of filters."""

    def __init__(self, run: ExplainedRun, told: Callable[[Step], object] | None) -> None:
        self._run, self._told, self._turn = run, told, Lock()
        self._total = len(SIZES) * len(SEEDS)
        missing = {
            size: [seed for seed in SEEDS if _read_accuracy(run, size, seed) is None] for size in SIZES
        }
        self._missing = {size: seeds for size, seeds in missing.items() if seeds}
        self._done = self._total - sum(map(len, self._missing.values()))

    def complete(self, interruption: Interruption) -> bool:
        """Train what is missing; False after Ctrl-C."""
        with ThreadPoolExecutor(threads.default()) as pool:
            largest_first = sorted(self._missing.items(), reverse=True)
            running = [
                pool.submit(self._train, size, self._starts(size, seeds), interruption)
                for size, seeds in largest_first
            ]
            for future in running:
                future.result()
        return not interruption.asked

    def _starts(self, size: int, seeds: list[int]) -> dict[int, keras.Model]:
        return {seed: _with_filters(self._run, size, seed) for seed in seeds}

    def _train(self, size: int, starts: dict[int, keras.Model], interruption: Interruption) -> None:
        run = self._run
        n_steps, an_epoch = steps_of(run), -(-run.record.data.n_train // run.options.batch_size)
        stops = np.unique([*range(an_epoch, n_steps, an_epoch), n_steps])
        with self._turn:  # Keras compiles
            program = program_of(run, next(iter(starts.values())), n_threads=1)
        for seed, model in starts.items():
            program.start_over(weights_of(model, program.plan.graph))
            for _done in train_again(run, program, seed, stops):
                if interruption.asked:
                    return
            right = program.predict(run.x_test).argmax(axis=1) == run.dataset.y_test
            self._keep(size, seed, float(np.mean(right)))

    def _keep(self, size: int, seed: int, accuracy: float) -> None:
        with self._turn:
            write_whole(_file(self._run, size, seed), json.dumps({"accuracy": accuracy}) + "\n")
            self._done += 1
            if self._told:
                self._told(Step(size, seed, accuracy, self._done, self._total))


def _with_filters(run: ExplainedRun, size: int, seed: int) -> keras.Model:
    """The run's network with another number of filters, at a random start."""

    def copied(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config()
        return type(layer).from_config({**config, "filters": size} if layer.name == run.layer else config)

    keras.utils.set_random_seed(seed)
    try:
        return keras.models.clone_model(run.before_model, clone_function=copied)
    except ValueError as problem:
        raise BadInput(
            _(
                "The layer {layer!r} cannot have {size} filters in the model {model!r}.",
                layer=run.layer,
                size=size,
                model=run.model.name,
            )
        ) from problem


def _removed(run: ExplainedRun) -> RemovalCurves:
    """The run's network with filters removed: weights and bias 0, so that behind a ReLU their maps are 0."""
    model, target = run.model, conv_layer(run.model, run.layer)
    program = program_of(run, model)
    names = parameter_names(program, model)
    own = {name: program.get_weights()[name] for name in (names[id(weight)] for weight in target.weights)}

    def accuracy(mask: NDArray[np.bool_]) -> float:
        program.set_weights({name: weight * mask for name, weight in own.items()})
        return float(np.mean(program.predict(run.x_test).argmax(axis=1) == run.dataset.y_test))

    return removal_curves(
        accuracy, {"norm": filter_norms(run.after), "orientation": score_filters(run.after).orientation}
    )


def _place(run: ExplainedRun) -> Path:
    layers = [layer.name for layer in run.model.layers]
    return run.folder / folder.EXPLAINED / f"how-few-{layers.index(run.layer)}"


def _file(run: ExplainedRun, size: int, seed: int) -> Path:
    return _place(run) / f"{size}-{seed}.json"


def _read_accuracy(run: ExplainedRun, size: int, seed: int) -> float | None:
    """A training's accuracy; None if it is not there whole, so that it is trained again."""
    try:
        return float(read_json(_file(run, size, seed).read_bytes())["accuracy"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _packed(curves: RemovalCurves) -> bytes:
    written = io.BytesIO()
    np.savez(written, allow_pickle=False, kept=curves.kept, at_random=curves.at_random, **curves.by_score)
    return written.getvalue()


def _read_curves(path: Path) -> RemovalCurves | None:
    try:
        kept = read_arrays(path.read_bytes())
        return RemovalCurves(kept["kept"], {name: kept[name] for name in SCORES}, kept["at_random"])
    except (OSError, ValueError, KeyError):
        return None
