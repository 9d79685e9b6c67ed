"""Which backend Keras gets; each case in a Python of its own, since it is decided once a process."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tatamilab import backend


def run(code: str, home: Path, **environment: str) -> str:
    """What `code` prints in a fresh Python whose home folder is `home`."""
    decided = ("KERAS_BACKEND", "KERAS_HOME", backend.COMPILATION_CACHE, *backend.CACHE_SETTINGS)
    kept = {k: v for k, v in os.environ.items() if k not in decided}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=kept | {"HOME": str(home), "USERPROFILE": str(home)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def write_keras_json(home: Path, content: object) -> Path:
    path = home / ".keras" / "keras.json"
    path.parent.mkdir()
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


CHOOSE = "from tatamilab import backend; import os; print(backend.choose(), os.environ['KERAS_BACKEND'])"
CHOOSE_FOR_COMMAND = CHOOSE.replace("choose()", "choose(command=True)")
WITH_TENSORFLOW = "import sys; sys.path.insert(0, '.'); " + CHOOSE


def test_importing_the_package_imports_no_keras_and_decides_nothing(home):
    code = (
        "import os, sys; import tatamilab, tatamilab.data, tatamilab.models, tatamilab.machine; "
        "print('keras' in sys.modules, 'jax' in sys.modules, os.environ.get('KERAS_BACKEND'))"
    )
    assert run(code, home) == "False False None"
    assert not (home / ".keras").exists()


def test_jax_where_nothing_says_otherwise(home):
    assert run(CHOOSE, home) == "jax jax"
    assert run(CHOOSE_FOR_COMMAND, home) == "jax jax"


def test_the_environment_is_obeyed(home):
    assert run(CHOOSE, home, KERAS_BACKEND="torch") == "torch torch"
    assert run(CHOOSE_FOR_COMMAND, home, KERAS_BACKEND="torch") == "torch torch"


@pytest.mark.skipif(find_spec("tensorflow") is not None, reason="TensorFlow is installed here")
def test_keras_json_that_names_what_is_not_installed(home):
    """Keras writes "tensorflow" there even where TensorFlow is missing."""
    path = write_keras_json(home, {"backend": "tensorflow"})
    before = path.read_text(), path.stat().st_mtime_ns
    assert run(CHOOSE, home) == "jax jax"
    code = "from tatamilab.models import bpnn; bpnn(); import keras; print(keras.backend.backend())"
    assert run(code, home) == "jax"
    assert (path.read_text(), path.stat().st_mtime_ns) == before


@pytest.fixture
def tensorflow(home, monkeypatch):
    """A package called tensorflow that can be found, in a folder that is the current one."""
    (home / "tensorflow").mkdir()
    (home / "tensorflow" / "__init__.py").write_text("raise ImportError('must only be looked for')")
    monkeypatch.chdir(home)


def test_keras_json_that_names_what_is_installed(home, tensorflow):
    write_keras_json(home, {"backend": "tensorflow"})
    assert run(WITH_TENSORFLOW, home) == "tensorflow tensorflow"
    assert run(WITH_TENSORFLOW.replace("choose()", "choose(command=True)"), home) == "jax jax"


def test_keras_home(home, tmp_path, tensorflow):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "keras.json").write_text('{"backend": "tensorflow"}')
    assert run(WITH_TENSORFLOW, home, KERAS_HOME=str(tmp_path / "elsewhere")) == "tensorflow tensorflow"


@pytest.mark.parametrize("content", ["", "{", "[]", '"tensorflow"', {"backend": "os"}, {"backend": 3}, {}])
def test_keras_json_that_says_nothing_useful(home, content, monkeypatch):
    write_keras_json(home, content)
    monkeypatch.setenv("KERAS_HOME", str(home / ".keras"))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    assert backend.preview() == "jax"


def test_keras_that_is_already_imported_is_obeyed(home):
    code = (
        "import os; os.environ['KERAS_BACKEND'] = 'numpy'; import keras; del os.environ['KERAS_BACKEND']; "
        "from tatamilab import backend; print(backend.choose(), os.environ.get('KERAS_BACKEND'))"
    )
    assert run(code, home) == "numpy None"


def test_asking_changes_nothing(home):
    code = "from tatamilab import backend; import os; print(backend.preview(), 'KERAS_BACKEND' in os.environ)"
    assert run(code, home) == "jax False"


DRAW = (
    "from tatamilab import backend; backend.choose(); import keras; print(keras.random.uniform((3,), seed=1))"
)


@pytest.mark.slow
def test_what_jax_compiles_is_kept_for_the_next_process(home: Path) -> None:
    cache = home / "kept"
    first = run(DRAW, home, TATAMI_CACHE_DIR=str(cache))
    kept = {p.name: p.stat().st_mtime_ns for p in cache.rglob("*-cache")}
    assert kept
    assert run(DRAW, home, TATAMI_CACHE_DIR=str(cache)) == first
    assert {p.name: p.stat().st_mtime_ns for p in cache.rglob("*-cache")} == kept


@pytest.mark.parametrize("folder", ["theirs", ""])
def test_a_cache_of_jax_that_the_user_chose_or_turned_off_is_left_alone(home: Path, folder: str) -> None:
    chosen = str(home / folder) if folder else ""
    code = "from tatamilab import backend; backend.choose(); import os; print(os.environ['JAX_COMPILATION_CACHE_DIR'])"
    assert run(code, home, TATAMI_CACHE_DIR=str(home / "ours"), JAX_COMPILATION_CACHE_DIR=chosen) == chosen
    assert not (home / "ours").exists()


@pytest.mark.slow
def test_a_disk_that_takes_nothing_is_no_error(home: Path) -> None:
    (home / "file").write_text("no folder")
    assert run(DRAW, home, TATAMI_CACHE_DIR=str(home / "file")) == run(
        DRAW, home, TATAMI_CACHE_DIR=str(home / "ours")
    )
