"""The worksheet's experiment once, as the tutorial has it: scores, filters, mistakes."""

from pathlib import Path
from typing import Any

import numpy as np
from shown import Measured

from tatamilab import data
from tatamilab.experiment import RunOptions, Watcher, read, run


def trained_once(folder: Path, *, short: bool) -> Path:
    """The folder of the run, made if it isn't there."""
    out = folder / "run"
    if not (out / "run.json").is_file():
        options = RunOptions(out=out, lang="en", data_size=600 if short else None, epochs=2 if short else 10)
        run(options, Watcher())
    return out


def measure(folder: Path, *, short: bool) -> Measured:
    out = trained_once(folder, short=short)
    record = read(out)
    assert record.untrained
    assert record.trained
    assert record.training
    saved = np.load(out / "predictions.npz")
    values = {
        "n_train": record.data.n_train,
        "n_test": record.data.n_test,
        "steps": record.training.steps_per_epoch,
        "parameters": record.model.n_parameters,
        "untrained": record.untrained.accuracy,
        "trained": record.trained.accuracy,
        "low": record.trained.low,
        "high": record.trained.high,
        "mistakes": record.trained.n - record.trained.correct,
    }
    figures = {
        "filters": lambda: _filters(out),
        "mistakes": lambda: _mistakes(saved),
        "pixel": lambda: _pixel(out),
        "maps": lambda: _maps(out),
    }
    return Measured(values, figures)


def _network(out: Path, name: str = "model") -> Any:
    import keras

    return keras.models.load_model(out / f"{name}.keras")


def _digit() -> Any:
    """The first test image, a 7."""
    return data.load("mnist").normalised().x_test[0]


def _pixel(out: Path) -> tuple[Any, str]:
    from tatamilab.instruments import describe_pixel, plot_pixel

    return plot_pixel(_network(out), _digit()), describe_pixel(_network(out), _digit())


def _maps(out: Path) -> tuple[Any, str]:
    from tatamilab.instruments import describe_activation_maps, plot_activation_maps

    return plot_activation_maps(_network(out), _digit()), describe_activation_maps(_network(out), _digit())


def _filters(out: Path) -> tuple[Any, str]:
    from tatamilab.instruments import describe_filters, plot_filters

    before, after = _network(out, "initial"), _network(out)
    return plot_filters(after, before=before), describe_filters(after, before=before)


def _mistakes(saved: Any) -> tuple[Any, str]:
    from tatamilab.instruments import describe_mistakes, plot_mistakes

    true, predicted = saved["y_test"], saved["predicted"]
    figure = plot_mistakes(data.load("mnist").x_test, true, predicted, saved["probabilities"], rows=3)
    return figure, describe_mistakes(true, predicted)
