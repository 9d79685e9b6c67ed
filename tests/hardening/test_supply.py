"""What is handed out: the same bytes from the same source, nothing in it by chance, and it works alone."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import tatamilab
from tatamilab.experiment import read

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "numpy",
    "keras",
    "jax",
    "matplotlib",
    "scipy",
    "pydantic",
    "sqlalchemy",
    "nicegui",
    "llvmlite",
    "PIL",
    "pooch",
)
"""Packages that take long to import."""
IN_SDIST = ("src/", "tests/", "docs/", "tools/", "bench/")
BESIDE = {
    "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "NOTICE", "README.ja.md", "README.md", "SECURITY.md", "conftest.py",
    "hatch_build.py", "pyproject.toml",
}  # fmt: skip
VERSION = tatamilab.__version__


def imported(*command: str) -> set[str]:
    """The heavy packages that a program has imported when it is over."""
    work = "from tatamilab.cli import main; main()" if command else "import tatamilab"
    code = f"import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); {work}"
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)
    return set(done.stderr.split()) & set(HEAVY)


def test_importing_is_light() -> None:
    assert imported() == set()


@pytest.mark.parametrize(
    "words", [["--help"], ["run", "--help"], ["--version"], ["study", "--help"]], ids=" ".join
)
def test_help_is_light(words: list[str]) -> None:
    assert imported(*words) <= {"pydantic"}  # Typer looks for it


def test_licences() -> None:
    """Every package that is needed stands in NOTICE with its licence, and has one that we can live with."""
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "licences.py", "check"], capture_output=True, text=True, check=False
    )
    assert done.stdout == "NOTICE is complete\n"


def tracked() -> set[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no checkout")
    return set(listed.stdout.split("\n")) - {""}


def built(where: Path, umask: int = 0o022) -> dict[str, Path]:
    """Wheel and sdist, built from a clone at `where`."""
    subprocess.run(["git", "clone", "--quiet", ROOT, where], check=True, umask=umask)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", "made"],
        cwd=where,
        check=True,
        umask=umask,
        capture_output=True,
    )
    return {path.suffix: path for path in (where / "made").iterdir()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return built(tmp_path_factory.mktemp("first") / "clone")


@pytest.mark.slow
def test_two_builds_one_hash(made: dict[str, Path], tmp_path: Path) -> None:
    """Another folder, another time, other rights of files: the same bytes."""
    again = built(tmp_path / "somewhere" / "else", umask=0o077)
    hashes = [
        {k: hashlib.sha256(p.read_bytes()).hexdigest() for k, p in both.items()} for both in (made, again)
    ]
    assert hashes[0] == hashes[1]
    assert hashes[0].keys() == {".whl", ".gz"}


@pytest.mark.slow
def test_what_is_in_the_wheel(made: dict[str, Path]) -> None:
    ours = {name.removeprefix("src/") for name in tracked() if name.startswith("src/")}
    ours |= {name.removesuffix(".po") + ".mo" for name in ours if name.endswith(".po")}
    about = f"tatamilab-{VERSION}.dist-info"
    licences = {f"licenses/{name}" for name in ("LICENSE", "NOTICE", "src/tatamilab/data/mnist/LICENSE")}
    ours |= {f"{about}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", *licences)}
    with zipfile.ZipFile(made[".whl"]) as wheel:
        assert set(wheel.namelist()) == ours
        assert sum(member.compress_size for member in wheel.infolist()) < 16 * 2**20


@pytest.mark.slow
def test_what_is_in_the_sdist(made: dict[str, Path]) -> None:
    """All that it takes to build it and to test it."""
    ours = {name for name in tracked() if name.startswith(IN_SDIST)} | (BESIDE & tracked())
    ours |= {
        name.removesuffix(".po") + ".mo" for name in ours if name.endswith(".po") and name.startswith("src/")
    }
    with tarfile.open(made[".gz"]) as sdist:
        names = {member.name.partition("/")[2] for member in sdist if member.isfile()}
    assert names - {"PKG-INFO", ".gitignore"} == ours


def python_called(version: str, uv: str) -> str:
    """A Python of this version that is installed here, by pyenv or otherwise."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    if found := sorted(root.glob(f"versions/{version}.*/bin/python")):
        return str(found[-1])
    find = [uv, "python", "find", "--no-python-downloads", "--no-project", "--system", version]
    asked = subprocess.run(find, capture_output=True, text=True, check=False)
    if asked.returncode:
        pytest.skip(f"there is no Python {version} here")
    return asked.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_the_wheel_alone(version: str, made: dict[str, Path], tmp_path: Path) -> None:
    """In an empty environment, with each Python that is here: installed, and a run."""
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed")
    interpreter = python_called(version, uv)
    environment = tmp_path / "environment"
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    for command in (
        [uv, "venv", "--quiet", "--python", interpreter, environment],
        [uv, "pip", "install", "--quiet", "--python", python, made[".whl"]],
    ):
        subprocess.run(command, cwd=tmp_path, check=True)
    clean = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "KERAS", "TATAMI"))
    }
    clean["TATAMI_CACHE_DIR"] = str(tmp_path / "cache")
    asked = ["run", "--data-size", "600", "--epochs", "2", "--out", "here"]
    done = subprocess.run(
        [python.with_name("tatami"), *asked],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    record = read(tmp_path / "here")
    assert record.versions["python"].startswith(version)
    assert record.training is not None
    assert record.training.trainer == "tatamilab"
