"""`tatami study` and `tatami studies`, as a user gives them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TATAMI = Path(sys.executable).with_name("tatami")
SMALL = """
sizes = [60]
draws = 2
contrasts = ["wide - narrow"]

[recipe]
epochs = 2

[arms.wide]
model = "bpnn"
units = 16

[arms.narrow]
model = "bpnn"
units = 4
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def tatami(tmp_path: Path) -> Run:
    def call(*words: str, lang: str = "en") -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "LANG": lang, "LC_ALL": lang, "COLUMNS": "100"}
        return subprocess.run(
            [TATAMI, *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return call


def test_from_a_file_to_an_answer(tatami: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(SMALL)
    asked = tatami("study", "mine.toml", "--on", "local:1", "--out", "here")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert "Right on the 10,000 test images after training on 60" in " ".join(asked.stdout.split())
    assert (tmp_path / "here" / "pairs.png").is_file()
    listed = tatami("studies", "list").stdout
    assert listed.endswith("6 of 6 runs\n")
    shown = tatami("studies", "show", "mine", lang="ja").stdout
    assert "検証用の 6 枚" in shown or "正解率" in shown
    exported = tatami("studies", "export", "mine").stdout
    assert exported == (tmp_path / "here" / "runs.csv").read_text()
    assert exported.count("\n") == 7
    same = tatami("studies", "compare", "mine", "mine").stdout.splitlines()
    assert same[0] == "wide, 60 images: difference of 2 shared samples +0.00 points (+0.00 to +0.00)."


@pytest.mark.parametrize(
    ("words", "en", "ja"),
    [
        (
            ("study", "b2"),
            "Unknown study 'b2'; known are b2-1-2, filters, learning-rate, or a FILE.toml.",
            "調査 'b2' はありません。使えるのは b2-1-2, filters, learning-rate、または FILE.toml です。",
        ),
        (
            ("study", "filters", "--why"),
            "--why belongs to b2-1-2; received 'filters'.",
            "--why は b2-1-2 だけで使えます。'filters' が指定されました。",
        ),
        (
            ("study", "b2-1-2", "--draws", "1"),
            "b2-1-2: draws must be 2 or more; received 1.",
            "b2-1-2：draws に書けるのは2 以上です。1 が指定されました。",
        ),
        (
            ("studies", "list"),
            "There is no store sqlite:///studies/studies.db yet; `tatami study b2-1-2` makes one.",
            "保存先 sqlite:///studies/studies.db はまだありません。`tatami study b2-1-2` を実行すると作られます。",
        ),
    ],
)
def test_refused_in_one_sentence(
    tatami: Run, tmp_path: Path, words: tuple[str, ...], en: str, ja: str
) -> None:
    for lang, expected in (("en", en), ("ja", ja)):
        said = tatami(*words, lang=lang)
        assert (said.returncode, said.stdout, said.stderr) == (2, "", expected + "\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_model_that_the_engine_cannot_train(tatami: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import keras\n"
        "def lstm(input_shape, n_classes):\n"
        "    return keras.Sequential([keras.Input(input_shape), keras.layers.Reshape((28, 28)),\n"
        "        keras.layers.LSTM(4), keras.layers.Dense(n_classes, activation='softmax')])\n"
    )
    (tmp_path / "x.toml").write_text('[factors]\nmodel = ["mine:lstm", "bpnn"]\n')
    said = tatami("study", "x.toml")
    assert said.returncode == 2
    assert said.stderr.startswith("A study trains with the native engine only, and the model mine:lstm: ")
    assert said.stderr.count("\n") == 1


@pytest.mark.slow
def test_json(tatami: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(SMALL)
    said = json.loads(tatami("study", "mine.toml", "--json", "--on", "local:1").stdout)
    assert said["runs"]["finished"] == 6
    assert list(said["contrasts"]) == ["wide - narrow"]
