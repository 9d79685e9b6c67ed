"""Long trainings and large data: memory stays where it is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")

MEMORY = """
import json, sys, time
import numpy as np
from tatamilab.engine.program import Program

def anonymous_bytes():
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith("RssAnon")))

def program(**how):
    import keras
    from tatamilab.engine.frontend import lower, lower_training
    from tatamilab.models import worksheet_cnn
    model = worksheet_cnn(filters=4)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    graph = lower(model)
    return Program(graph, lower_training(model, ()), batch_size=128, **how)
"""

STEPS = (
    MEMORY
    + """
seconds = float(sys.argv[1])
rng = np.random.default_rng(0)
x, y = rng.random((6000, 28, 28, 1), np.float32), rng.integers(0, 10, 6000)
trained = program()
data = trained.examples(x, y)
times, sizes, steps = [], [], 0
began = last = time.monotonic()
while time.monotonic() - began < seconds:
    steps += trained.train(data, order=rng.permutation(6000), watch=lambda _totals: None).steps
    trained.evaluate(data)
    trained.predict(x[:100])
    if time.monotonic() - last > seconds / 200:
        last = time.monotonic()
        times.append(last - began)
        sizes.append(anonymous_bytes())
late = len(times) // 10
growth, slope = sizes[-1] - sizes[late], float(np.polyfit(times[late:], sizes[late:], 1)[0])
print(json.dumps({"steps": steps, "bytes": sizes[-1], "growth": growth, "bytes_an_hour": slope * 3600}))
"""
)

LARGE = (
    MEMORY
    + """
n, path = int(sys.argv[1]), sys.argv[2]
images = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(n, 28, 28, 1))
rng = np.random.default_rng(0)
for begin in range(0, n, 10_000):
    images[begin : begin + 10_000] = rng.integers(0, 256, (min(10_000, n - begin), 28, 28, 1), np.uint8)
images.flush()
del images
images = np.load(path, mmap_mode="r")
trained = program(input_dtype="u8")
labels = np.arange(n) % 10
trained.train(images[:1000], labels[:1000])
before = anonymous_bytes()
totals = trained.train(images, labels)
print(json.dumps({"images": totals.images, "bytes": anonymous_bytes() - before, "held": images.nbytes}))
"""
)


def told(code: str, *arguments: object) -> dict[str, float]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, float] = json.loads(done.stdout)
    print(found)
    return found


@pytest.mark.parametrize(
    ("seconds", "most_bytes"),
    [
        pytest.param(20, 2 * 2**20, marks=pytest.mark.slow),
        pytest.param(900, 2 * 2**20, marks=pytest.mark.campaign),
        pytest.param(3600, 2 * 2**20, marks=pytest.mark.campaign),
    ],
)
def test_training_on_and_on(seconds: float, most_bytes: int) -> None:
    """Memory after the first tenth of the time, and at its end."""
    assert told(STEPS, seconds)["growth"] <= most_bytes


@pytest.mark.parametrize(
    "n", [pytest.param(100_000, marks=pytest.mark.slow), pytest.param(1_000_000, marks=pytest.mark.campaign)]
)
def test_images_that_stay_on_disk(n: int, tmp_path: Path) -> None:
    """Images of a memory-mapped file are read where they are: no copy of them is made."""
    found = told(LARGE, n, tmp_path / "images.npy")
    assert found["images"] == n
    assert found["bytes"] < 16 * n + 8 * 2**20
