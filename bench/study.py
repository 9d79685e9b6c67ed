"""How long studies take, and how many times as long the same runs take through Keras on TensorFlow.

    python bench/study.py [OUT]          a fresh store each: the worksheet's question, 308 runs, --why, a finished study
    python bench/study.py OUT --keras    also five of the CNN's runs through Keras-TensorFlow

Run it on a machine that has nothing else to do.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TATAMI = Path(sys.executable).with_name("tatami")
SIZES = "60,100,150,200,300,400,600"
N_KERAS = 5

KERAS = 5

KERAS = 5

PEER = """
import time, numpy as np, keras
(x, y), (x_test, y_test) = keras.datasets.mnist.load_data() if False else (None, None), (None, None)
"""

KERAS = """
import os, sys, time
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import keras
data = np.load(sys.argv[1])
x, y, x_test = data["x"], data["y"], data["x_test"]
keras.utils.set_random_seed(0)
for run in range(int(sys.argv[2])):
    begin = time.perf_counter()
    model = keras.Sequential([
        keras.Input((28, 28, 1)), keras.layers.Conv2D(32, 5, activation="relu"), keras.layers.MaxPooling2D(2),
        keras.layers.Flatten(), keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=128, epochs=50, validation_split=0.1, verbose=0)
    model.predict(x_test, batch_size=1000, verbose=0)
    print(time.perf_counter() - begin, flush=True)
"""


def seconds(*words: str, cwd: Path) -> float:
    """Wall-clock seconds of a command, start-up included."""
    began = time.perf_counter()
    subprocess.run([TATAMI, *words], cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def keras_run_s(folder: Path) -> list[float]:
    """Seconds of five runs through Keras-TensorFlow in an environment of its own, one after the other on all cores."""
    import numpy as np

    from tatamilab.data import load

    arrays = load("mnist", data_size=600).normalised()
    np.savez(folder / "data.npz", x=arrays.x_train, y=arrays.y_train, x_test=arrays.x_test)
    (folder / "peer.py").write_text(KERAS)
    uv = shutil.which("uv") or "uv"
    command = [uv, "run", "--no-project", "--with", "tensorflow-cpu", "--with", "keras", "python", "peer.py"]
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(
        [*command, "data.npz", str(N_KERAS)],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    return [float(line) for line in done.stdout.split()]


def main() -> None:
    arguments = [word for word in sys.argv[1:] if word != "--keras"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(arguments[0] if arguments else temporary).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        default_s = seconds("study", "b2-1-2", "--store", "sqlite:///one.db", cwd=folder)
        print(f"b2-1-2: {default_s:.1f} s")
        print(
            f"finished, again: {seconds('study', 'b2-1-2', '--store', 'sqlite:///one.db', cwd=folder):.1f} s"
        )
        print(
            f"--why beyond it: {seconds('study', 'b2-1-2', '--why', '--store', 'sqlite:///one.db', cwd=folder):.1f} s"
        )
        sizes = ("--sizes", SIZES, "--draws", "22")
        print(
            f"308 runs: {seconds('study', 'b2-1-2', *sizes, '--store', 'sqlite:///two.db', cwd=folder):.1f} s"
        )
        if "--keras" in sys.argv:
            each = keras_run_s(folder)
            print(f"a CNN run through Keras-TensorFlow: {[round(one, 1) for one in each]} s")


if __name__ == "__main__":
    main()
