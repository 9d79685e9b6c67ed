"""The seam of the TensorFlow backend, in an environment of its own: native steps give what TensorFlow gives."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("on_tensorflow.py")
TENSORFLOW = ("tensorflow-cpu==2.21.0", "tensorboard")


def environment() -> list[str]:
    """The packages that tatamilab needs, as they are installed here, and TensorFlow."""
    wanted = [Requirement(line) for line in requires("tatamilab") or ()]
    own = [f"{one.name}=={version(one.name)}" for one in wanted if one.marker is None]
    return [f"--with={package}" for package in (*own, *TENSORFLOW)]


@pytest.mark.slow
def test_native_steps_give_what_tensorflow_gives() -> None:
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv, which makes the environment, is not installed")
    python = f"--python={sys.version_info.major}.{sys.version_info.minor}"
    make = [uv, "run", "--quiet", "--no-project", python, *environment(), "python"]
    variables = os.environ | {"PYTHONPATH": str(ROOT / "src"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    if subprocess.run([*make, "-c", ""], env=variables, capture_output=True, timeout=900).returncode:
        pytest.skip("an environment with TensorFlow can't be made here")
    done = subprocess.run(
        [*make, str(SCRIPT)], env=variables, cwd=ROOT, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr[-5000:]
    assert done.stdout.splitlines()[-1] == "all the same"
