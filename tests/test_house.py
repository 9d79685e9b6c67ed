"""The house rules that a tool can check: format, types, layers, catalogues."""

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import tatamilab

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["lint-imports"],
        ["python", "tools/catalogues.py", "check"],
    ],
    ids=lambda command: " ".join(command),
)
def test_rule(command: list[str]) -> None:
    done = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "package", [one.name for one in pkgutil.iter_modules(tatamilab.__path__, "tatamilab.") if one.ispkg]
)
def test_a_package_has_what_it_offers(package: str) -> None:
    module = importlib.import_module(package)
    offered = getattr(module, "__all__", ())
    assert [name for name in offered if not hasattr(module, name)] == []
    assert sorted(set(offered)) == sorted(offered)
