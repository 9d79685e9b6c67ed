"""The README's commands, as a newcomer gives them: from a clean clone, in an empty environment."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tatamilab.experiment import RunOptions, Watcher, read, run

ROOT = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.ja.md")

pytestmark = pytest.mark.slow


def _clean_clone(into: Path) -> Path:
    subprocess.run(["git", "clone", "--quiet", ROOT, into], check=True)
    return into


def test_the_main_command_in_a_fresh_environment(tmp_path: Path) -> None:
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed")
    clone = _clean_clone(tmp_path / "clone")
    for readme in READMES:
        assert re.search(
            r"^pip install uv && uv run tatami run +#", (clone / readme).read_text(), re.MULTILINE
        )
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    environment["UV_PROJECT_ENVIRONMENT"] = str(tmp_path / "environment")
    done = subprocess.run(
        [uv, "run", "tatami", "run", "--epochs", "1"],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (folder,) = (clone / "runs").iterdir()
    record = read(folder)
    assert (record.data.n_train, record.data.n_validation) == (54_000, 6_000)
    assert record.training.steps_per_epoch == 422
    assert record.trained.accuracy > 0.95
    assert (folder / "index.html").is_file()


def test_ten_epochs_recognise_98_percent(tmp_path: Path) -> None:
    record = run(RunOptions(out=tmp_path / "out"), Watcher())
    assert record.untrained.accuracy < 0.2
    assert record.trained.accuracy >= 0.98
