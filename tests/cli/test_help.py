"""Help: quick, whole, in both languages, and the same as the README says."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tatamilab.experiment import RunOptions

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["Usage: tatami run [OPTIONS]", "Options", "Show this help.", "(default: mnist)"]),
        (
            "ja",
            [
                "使い方: tatami run [オプション]",
                "オプション",
                "このヘルプを表示します。",
                "（既定値: mnist）",
            ],
        ),
    ],
)
def test_run_help_speaks_the_language(process, lang: str, words: list[str]) -> None:
    said = process("run", "--help", "--lang", lang)
    assert (said.code, said.err) == (0, "")
    for word in words:
        assert word in said.out
    other = re.compile(r"[ぁ-んァ-ヶ一-龠]")
    assert bool(other.search(said.out)) is (lang == "ja")


def test_japanese_help_fits_a_terminal(process) -> None:
    from rich.cells import cell_len

    out = process("run", "--help", LANG="ja_JP.UTF-8", COLUMNS="80").out
    assert max(cell_len(line) for line in out.splitlines()) <= 80
    assert "…" not in out


def test_every_option_of_a_run_has_its_flag(process) -> None:
    out = process("run", "--help").out
    for name in RunOptions.__dataclass_fields__:
        assert f"--{name.replace('_', '-')} " in out


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_the_readme_names_options_that_exist(process, readme: str) -> None:
    commands = (("run",), ("study",), ("worksheet",), ("report",), ())
    out = "".join(process(*words, "--help").out for words in commands)
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", (ROOT / readme).read_text(encoding="utf-8")))
    of_others = {"--system", "--python"}
    assert named
    assert {flag for flag in named - of_others if flag not in out} == set()


def test_no_command_shows_the_help(process) -> None:
    bare, asked = process(), process("--help")
    assert bare == asked
    assert bare.code == 0
    assert "COMMAND" in bare.out


def test_version(process) -> None:
    from tatamilab import __version__

    assert process("--version").out == f"tatami {__version__}\n"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from tatamilab import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'keras', 'jax', 'numpy', 'matplotlib', 'pydantic', 'scipy', 'PIL'} & sys.modules.keys()\n"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "times"), reason="needs the children's processor time")
def test_help_is_quick(process) -> None:
    """A third of what the import of Keras takes, on whatever machine; it takes a twelfth."""

    def cpu_s(work: Callable[[], object]) -> float:
        before = os.times()
        work()
        after = os.times()
        return after.children_user - before.children_user

    def keras() -> object:
        return subprocess.run([sys.executable, "-c", "import keras"], check=True)

    assert 3 * min(cpu_s(lambda: process("--help")) for _ in range(3)) < cpu_s(keras)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_is_made_for_each_shell(process, shell: str) -> None:
    said = process("completion", shell)
    assert said.code == 0
    assert "_TATAMI_COMPLETE" in said.out


def test_completion_suggests_commands_options_and_values(process) -> None:
    def suggested(*words: str) -> set[str]:
        line = " ".join(("tatami", *words))
        environment = {"_TATAMI_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}
        return set(process(**environment).out.split())

    assert {"run", "data", "models", "doctor"} <= suggested("")
    assert "--epochs" in suggested("run", "--e")
    assert suggested("run", "--optimizer", "ada") >= {"adam", "adamw"}
    assert suggested("run", "--data", "f") == {"fashion-mnist"}
    assert suggested("run", "--model", "b") == {"bpnn"}
