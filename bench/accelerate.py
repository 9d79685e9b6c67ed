"""Measures what acceleration costs and what it gains: `uv run python bench/accelerate.py --help`.

Overheads are measured in this process, on networks so small that there is little beside them. With `--script` a
script that was written for TensorFlow's Keras is run as it is, the whole process with its imports and figures: by
`python -m tatamilab`, and by Keras on TensorFlow in an environment of its own, in turns. Of each the smallest time
counts, since noise only ever adds.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from keras import layers

import tatamilab
from engine_cases import TENSORFLOW
from harness import machine
from harness.programs import Program
from tatamilab.acceleration import suspended
from tatamilab.data import load

ROOT = Path(__file__).resolve().parents[1]
N_STEPS, BATCH = 400, 32
N_FITS = 30
WANTED_RATIO = 4
"""Times as fast as under Keras on TensorFlow that a whole script is to be."""


class Listener(keras.callbacks.Callback):
    """A batch hook of the user's own, which does nothing."""

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        pass


def network() -> keras.Model:
    model = keras.Sequential([keras.Input((32,)), layers.Dense(16, "relu"), layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def shortest(act: Callable[[], object], rounds: int) -> float:
    """Seconds of the fastest of some calls, after one that isn't counted."""
    act()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return min(times)


def overheads(rounds: int) -> dict[str, float]:
    """Milliseconds: of a step by level, of a call of `train_on_batch`, and of a `fit` more."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(N_STEPS * BATCH, 32)).astype(np.float32)
    y = generator.integers(0, 10, len(x))
    found: dict[str, float] = {}

    def per_step(name: str, model: keras.Model, **options: object) -> None:
        found[name] = shortest(lambda: model.fit(x, y, verbose=0, **options), rounds) / N_STEPS * 1e3

    def per_call(name: str, model: keras.Model) -> None:
        def calls() -> None:
            for _ in range(N_STEPS):
                model.train_on_batch(x[:BATCH], y[:BATCH])

        found[name] = shortest(calls, rounds) / N_STEPS * 1e3

    with tatamilab.accelerated(strict=True):
        model = network()
        per_step("a step, whole epochs", model)
        per_step("a step, with a batch hook", model, callbacks=[Listener()])
        per_call("train_on_batch", model)
        found["a fit of one epoch more"] = loop_overhead(rounds)
    with suspended():
        model = network()
        per_step("a step, Keras with a batch hook", model, callbacks=[Listener()])
        per_call("train_on_batch, Keras", model)
    found["the batch hook"] = found["a step, with a batch hook"] - found["a step, whole epochs"]
    return found


def loop_overhead(rounds: int) -> float:
    """What each call of `fit(epochs=1)` costs more than an epoch of one long fit, with the worksheet's network."""
    data = load("mnist", data_size=BATCH).normalised()
    from tatamilab.models import worksheet_cnn

    model = worksheet_cnn()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

    def fit(epochs: int) -> None:
        model.fit(data.x_train, data.y_train, epochs=epochs, verbose=0)

    one = shortest(lambda: fit(N_FITS), rounds)
    loop = shortest(lambda: [fit(1) for _ in range(N_FITS)], rounds)
    return (loop - one) / (N_FITS - 1) * 1e3


def whole_processes(script: Path, rounds: int) -> dict[str, float]:
    """Seconds that a script takes each way, from the start of its process to its end."""
    with tempfile.TemporaryDirectory(prefix="tatamilab-bench-") as folder:
        images, mnist = Path(folder) / "mnist.npz", load("mnist")
        arrays = {name: getattr(mnist, name).squeeze() for name in ("x_train", "y_train", "x_test", "y_test")}
        np.savez(images, **arrays)
        path = str(script.resolve())
        packages = (*TENSORFLOW, "matplotlib")
        ways = {
            "tatamilab": [sys.executable, "-m", "tatamilab", path],
            "Keras on TensorFlow": Program("", "peers.script", (path, str(images)), packages).command(),
        }
        environment = {
            **{name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"},
            "KERAS_HOME": folder,
            "MPLBACKEND": "Agg",
            "PYTHONPATH": str(ROOT / "bench"),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for at in range(rounds + 1):  # the first fills caches, and is not counted
            for name, command in ways.items():
                began = time.perf_counter()
                done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
                if done.returncode:
                    raise SystemExit(f"{name}: {done.stderr[-2000:]}")
                if at:
                    times[name].append(time.perf_counter() - began)
        return {name: min(each) for name, each in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--script", type=Path, metavar="FILE.py", help="written for tensorflow.keras, on MNIST"
    )
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="of each overhead (7)")
    parser.add_argument("--script-rounds", type=int, default=2, metavar="N", help="of the script (2)")
    parser.add_argument("--only-script", action="store_true", help="leave out the overheads")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures there")
    chosen = parser.parse_args()
    machine.use_cores()
    record: dict[str, object] = {"machine": machine.facts()}
    if not chosen.only_script:
        record["overheads_ms"] = found = overheads(chosen.rounds)
        for name, milliseconds in found.items():
            print(f"{name:34} {milliseconds:8.3f} ms")
    if chosen.script:
        record["script_s"] = times = whole_processes(chosen.script, chosen.script_rounds)
        for name, seconds in times.items():
            print(f"{chosen.script.name}, {name:22} {seconds:8.2f} s")
        ratio = times["Keras on TensorFlow"] / times["tatamilab"]
        verdict = "reached" if ratio >= WANTED_RATIO else "NOT REACHED"
        print(f"{ratio:.1f} times as fast (at least {WANTED_RATIO}): {verdict}")
    if chosen.json:
        chosen.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
