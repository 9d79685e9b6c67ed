"""Keras's own tests, from the installed wheel, with acceleration off and on: the same ones must pass.

    python tools/keras_own_tests.py                                        # every part that acceleration touches
    python tools/keras_own_tests.py callbacks trainers/trainer_test.py     # some folders and files

One process a file, each way, by the Python that runs this. Many of these files import TensorFlow or torch beside
the backend that they test: where those are missing nothing of the file runs, and it is listed so. `KERAS_BACKEND`
names the backend, "jax" unless it is set. Prints, for each file, what passes only one way, and at the end the
counts; exits with 1 if anything passes only without acceleration, or a file takes longer than `LIMIT_S`.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PARTS = (
    "trainers",
    "callbacks",
    "layers/convolutional",
    "layers/pooling",
    "layers/core",
    "layers/normalization",
    "layers/regularization",
    "optimizers",
    "saving",
    "losses",
    "metrics",
)
LIMIT_S = 900
"""Seconds that a file may take, each way."""

PLUGIN = """
import json, os
import pytest

passed = []

def pytest_configure(config):
    if os.environ.get("ACCELERATED") == "1":
        import tatamilab
        tatamilab.accelerate()

def pytest_runtest_logreport(report):
    if report.when == "call" and report.passed:
        passed.append(report.nodeid.partition("::")[2])

def pytest_sessionfinish(session):
    from tatamilab import stats
    with open(os.environ["RESULT"], "w") as file:
        json.dump({"passed": passed, "native": stats().native}, file)
"""


def run(file: Path, folder: Path, *, accelerated: bool) -> tuple[set[str], int]:
    """The tests of one file that pass, and how many calls were native.

    Raises:
        TimeoutExpired: it takes too long to say.
    """
    result = folder / "result.json"
    result.unlink(missing_ok=True)
    environment = os.environ | {
        "ACCELERATED": str(int(accelerated)),
        "KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "jax"),
        "PYTHONPATH": os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "RESULT": str(result),
    }
    options = ["-q", "-p", "accelerated_or_not", "-p", "no:cacheprovider", "-c", os.devnull]
    command = [sys.executable, "-m", "pytest", *options, "--rootdir", str(file.parent), str(file)]
    subprocess.run(command, env=environment, cwd=folder, timeout=LIMIT_S, capture_output=True, check=False)
    if not result.exists():
        return set(), 0
    told = json.loads(result.read_text(encoding="utf-8"))
    return set(told["passed"]), told["native"]


def files(part: Path) -> list[Path]:
    """The files with tests that a name stands for."""
    return [part] if part.is_file() else sorted(part.rglob("*_test.py"))


def main(parts: list[str]) -> int:
    spec = importlib.util.find_spec("keras")
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).parent / "src"
    totals = {"files": 0, "off": 0, "on": 0, "native": 0, "lost": 0}
    too_long = 0
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "accelerated_or_not.py").write_text(PLUGIN, encoding="utf-8")
        for part in parts or PARTS:
            for file in files(source / part):
                name = file.relative_to(source)
                try:
                    off, _ = run(file, folder, accelerated=False)
                    on, native = run(file, folder, accelerated=True)
                except subprocess.TimeoutExpired:
                    print(f"{name}: took more than {LIMIT_S} s, and counts for nothing", flush=True)
                    too_long += 1
                    continue
                lost, gained = sorted(off - on), sorted(on - off)
                none = "" if off or on else "; nothing of it runs here"
                print(f"{name}: {len(off)} off, {len(on)} on, {native} native calls{none}", flush=True)
                for test in lost:
                    print(f"  only off: {test}", flush=True)
                for test in gained:
                    print(f"  only on: {test}", flush=True)
                counts = (1, len(off), len(on), native, len(lost))
                totals = {key: totals[key] + n for key, n in zip(totals, counts, strict=True)}
    print(totals)
    return 1 if totals["lost"] or too_long else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
