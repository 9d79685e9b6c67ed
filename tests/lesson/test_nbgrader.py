"""The worksheet in nbgrader's own hands: it makes an assignment of it, and what comes back can be read."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tatamilab.lesson import handins
from tatamilab.lesson.tasks import tasks_of
from tatamilab.lesson.worksheets import WORKSHEETS, write
from tatamilab.lesson.worksheets.writing import POINTS

NBGRADER = "nbgrader>=0.9.5,<0.10"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def nbgrader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of nbgrader's programs, in an environment of its own: it is for teachers, not for this project."""
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("needs uv to install nbgrader beside this environment")
    place = tmp_path_factory.mktemp("nbgrader")
    subprocess.run([uv, "venv", "--quiet", place / "env"], check=True)
    wanted = [uv, "pip", "install", "--quiet", "--python", place / "env", NBGRADER]
    got = subprocess.run(wanted, capture_output=True, text=True, check=False)
    if got.returncode:
        pytest.skip(f"nbgrader could not be fetched: {got.stderr.strip()[-200:]}")
    return place / "env" / "bin"


@pytest.mark.parametrize("name", WORKSHEETS)
def test_an_assignment_is_made_of_it(name: str, nbgrader: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", f"{nbgrader}:/usr/bin:/bin")
    (tmp_path / "nbgrader_config.py").write_text("get_config().CourseDirectory.course_id = 'course'\n")
    source = tmp_path / "source" / name / f"{name}.ipynb"
    source.parent.mkdir(parents=True)
    write(name, "ja", source, "ipynb")
    command = [nbgrader / "nbgrader", "generate_assignment", name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]

    asked = [task.name for task in tasks_of(name)]
    code = (
        "from nbgrader.api import Gradebook\n"
        f"with Gradebook('sqlite:///gradebook.db') as book: print(book.find_assignment({name!r}).max_written_score)"
    )
    told = subprocess.run(
        [nbgrader / "python", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert float(told.stdout) == POINTS * len(asked)

    released = json.loads((tmp_path / "release" / name / f"{name}.ipynb").read_text(encoding="utf-8"))
    assert handins.notebook_content(json.dumps(released).encode()).answers == dict.fromkeys(asked, "")
    for cell in released["cells"]:
        if cell["metadata"].get("nbgrader"):
            cell["source"] = f"Answer {cell['metadata']['nbgrader']['grade_id']}"
    answered = handins.notebook_content(json.dumps(released).encode()).answers
    assert answered == {task: f"Answer {task.lower()}" for task in asked}
