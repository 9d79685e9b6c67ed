"""How long studies take, and how many times as long the same runs take through Keras on TensorFlow.

    python bench/study.py                 each study in a fresh store, as a user runs it: start-up and figures included
    python bench/study.py --peers ""      without Keras

Keras runs five of the CNN's trainings, one after the other with all cores; a study does as many in the time of its
own divided by the runs that go on side by side. Run it on a machine that has nothing else to do.
"""

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from engine_cases import TENSORFLOW
from harness import machine
from harness.programs import Program
from tatamilab.data import load

HERE = Path(__file__).parent
TATAMI = Path(sys.executable).with_name("tatami")
SIZES = "60,100,150,200,300,400,600"
N_KERAS = 5
KERAS = Program(
    "Keras on TensorFlow",
    "peers.keras_study",
    packages=TENSORFLOW,
    variables={"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
)

STUDIES = {
    "b2-1-2": ("one", "b2-1-2"),
    "the same finished": ("one", "b2-1-2"),
    "--why beyond it": ("one", "b2-1-2", "--why"),
    "7 sizes of 22 draws": ("two", "b2-1-2", "--sizes", SIZES, "--draws", "22"),
}
"""Store and words of each; no name has a comma, as --studies takes several."""


def study_s(store: str, *words: str, folder: Path) -> float:
    """Wall-clock seconds of a command."""
    began = time.perf_counter()
    command = [TATAMI, "study", *words, "--store", f"sqlite:///{store}.db"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def our_run_s(store: Path) -> float:
    """Mean seconds of the CNN's runs on 600 images, each on one thread."""
    query = """SELECT avg(elapsed_s) FROM runs JOIN study_runs USING (key) WHERE arm = 'cnn' AND size = 600"""
    with sqlite3.connect(store) as connection:
        return float(connection.execute(query).fetchone()[0])


def keras_run_s(folder: Path) -> list[float]:
    """Seconds of runs through Keras, in an environment of its own."""
    arrays = load("mnist", data_size=600).normalised()
    np.savez(folder / "data.npz", x=arrays.x_train, y=arrays.y_train, x_test=arrays.x_test)
    program = KERAS.given(str(folder / "data.npz"), str(N_KERAS))
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(
        program.command(),
        cwd=HERE,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**environment, **program.variables},
    )
    return [float(line) for line in done.stdout.split()]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--studies", default=",".join(STUDIES), metavar="NAMES", help="(all)")
    parser.add_argument("--peers", default="keras", metavar="NAMES", help="keras, or none (keras)")
    chosen = parser.parse_args()
    machine.use_cores()
    with tempfile.TemporaryDirectory(prefix="tatamilab-bench-") as temporary:
        folder = Path(temporary)
        for name in chosen.studies.split(","):
            print(f"{name:<20}{study_s(*STUDIES[name], folder=folder):8.1f} s", flush=True)
        if chosen.peers:
            ours, theirs = our_run_s(folder / "one.db"), keras_run_s(folder)
            print("a CNN's run through Keras:", ", ".join(f"{one:.1f}" for one in theirs), "s")
            print(f"ours, one thread: {ours:.2f} s; Keras's fastest takes", end=" ")
            print(
                f"{min(theirs) / ours * machine.N_CORES:.1f}× as long as ours of {machine.N_CORES} side by side"
            )


if __name__ == "__main__":
    main()
