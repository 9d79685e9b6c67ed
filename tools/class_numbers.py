"""Measure what a class can expect of B2-1, for the answer key: `python tools/class_numbers.py` rewrites the figures.

The worksheet's own recipe: the whole training set with several seeds, filters learned and frozen, the first 600 images,
and twenty samples drawn by made-up student IDs. About two minutes on two cores.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import tatamilab
from tatamilab import machine
from tatamilab.acceleration import datasets
from tatamilab.analysis.study_effects import mean_over_draws
from tatamilab.data import load
from tatamilab.lesson.students import draw_of
from tatamilab.models import bpnn, small_data_cnn, worksheet_cnn

if TYPE_CHECKING:
    import keras

OUT = Path(__file__).resolve().parents[1] / "src" / "tatamilab" / "lesson" / "kit" / "expected.json"
SEEDS = range(5)
IDS = [f"22X{k:04d}" for k in range(1, 21)]


def frozen_cnn() -> "keras.Model":
    """The worksheet's network with the filters left at their random start, as in "Going deeper", 5."""
    model = worksheet_cnn()
    model.layers[0].trainable = False
    return model


def accuracy(make: Callable, seed: int, epochs: int, data_size: int | None, draw: int | None) -> float:
    import keras

    arrays = load("mnist", data_size=data_size, draw=draw).normalised()
    keras.utils.set_random_seed(seed)
    model = make()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.evaluate(arrays.x_test, arrays.y_test, verbose=0)
    model.fit(arrays.x_train, arrays.y_train, batch_size=128, epochs=epochs, validation_split=0.1, verbose=0)
    return float(model.evaluate(arrays.x_test, arrays.y_test, verbose=0)[1])


def spread(values: Sequence[float]) -> dict[str, float]:
    return {"n": len(values), "low": min(values), "mean": float(np.mean(values)), "high": max(values)}


def main() -> None:
    tatamilab.accelerate()
    datasets.patch()
    cnn = [accuracy(small_data_cnn, 0, 50, 600, draw_of(one)) for one in IDS]
    plain = [accuracy(bpnn, 0, 50, 600, draw_of(one)) for one in IDS]
    difference = mean_over_draws(np.subtract(cnn, plain))
    facts = machine.facts()
    numbers = {
        "measured": date.today().isoformat(),
        "cpu": facts["cpu_name"],
        "keras": facts["versions"]["keras"],
        "whole": spread([accuracy(worksheet_cnn, seed, 10, None, None) for seed in SEEDS]),
        "frozen": spread([accuracy(frozen_cnn, seed, 10, None, None) for seed in SEEDS]),
        "first_cnn": spread([accuracy(small_data_cnn, seed, 50, 600, None) for seed in SEEDS]),
        "first_bpnn": spread([accuracy(bpnn, seed, 50, 600, None) for seed in SEEDS]),
        "own_cnn": spread(cnn),
        "own_bpnn": spread(plain),
        "difference": {
            "n": difference.n,
            "low": difference.low,
            "mean": difference.mean,
            "high": difference.high,
        },
    }
    OUT.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
