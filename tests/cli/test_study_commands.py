"""`tatami study`, `tatami studies` and `tatami runs`, as a user gives them."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Said = Any
Run = Callable[..., Said]
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


def test_from_a_file_to_an_answer(tatami: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(SMALL)
    asked = tatami("study", "mine.toml", "--on", "local:1", "--out", "here")
    assert (asked.code, asked.err) == (0, "")
    assert "Right on the 10,000 test images after training on 60" in " ".join(asked.out.split())
    assert (tmp_path / "here" / "pairs.png").is_file()
    listed = tatami("studies", "list").out
    assert listed.endswith("6 of 6 runs\n")
    shown = tatami("studies", "show", "mine", "--lang", "ja").out
    assert "正解率" in shown
    exported = tatami("studies", "export", "mine").out
    assert exported == (tmp_path / "here" / "runs.csv").read_text()
    assert exported.count("\n") == 7
    same = tatami("studies", "compare", "mine", "mine").out.splitlines()
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
            "b2-1-2：draws に指定できるのは、2 以上の値です（指定された値：1）。",
        ),
        (
            ("runs", "list", "--runs", "nowhere"),
            "There is no folder nowhere with runs; `tatami run` makes one, --runs names another.",
            "実行結果のフォルダ nowhere がありません。`tatami run` で作るか、--runs で別のフォルダを指定してください。",
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
        said = tatami(*words, "--lang", lang)
        assert (said.code, said.out, said.err) == (2, "", expected + "\n")
    assert list(tmp_path.iterdir()) == []


def test_runs_are_listed_from_their_folders(tatami: Run, tmp_path: Path) -> None:
    for name, end in (
        ("20250401-100000-cnn-0", '"finished", "trained": {"accuracy": 0.9876}'),
        ("20250401-090000-cnn-0", '"interrupted", "trained": null'),
    ):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(
            f'{{"started": "{name}", "model": {{"name": "cnn"}}, "data": {{"name": "mnist"}}, "status": {end}}}'
        )
    assert tatami("runs", "list").out.splitlines() == [
        "20250401-090000-cnn-0  20250401-090000-cnn-0  cnn  mnist  –  interrupted",
        "20250401-100000-cnn-0  20250401-100000-cnn-0  cnn  mnist  98.76%  finished",
    ]
    assert tatami("runs", "reindex").out == "The index of runs was made anew; runs: 2.\n"


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_trained(
    tatami: Run, tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text(SMALL)
    (tmp_path / "afile").write_text("mine")
    reason = os.strerror(errno.ENOTDIR)
    for lang, expected in (
        ("en", f"Writing to afile failed: {reason}; choose another folder with --out."),
        ("ja", f"afile への書き込みに失敗しました（{reason}）。--out で別のフォルダを指定してください。"),
    ):
        for words in (("study", "mine.toml"), ("studies", "show", "mine")):
            said = tatami(*words, "--out", "afile", "--lang", lang)
            assert (said.code, said.out, said.err) == (2, "", expected + "\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["afile", "mine.toml"]


@pytest.mark.slow
def test_a_model_that_the_engine_cannot_train(process: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import keras\n"
        "def lstm(input_shape, n_classes):\n"
        "    return keras.Sequential([keras.Input(input_shape), keras.layers.Reshape((28, 28)),\n"
        "        keras.layers.LSTM(4), keras.layers.Dense(n_classes, activation='softmax')])\n"
    )
    (tmp_path / "x.toml").write_text('[factors]\nmodel = ["mine:lstm", "bpnn"]\n')
    said = process("study", "x.toml")
    assert said.code == 2
    assert said.err.startswith("A study trains with the native engine only, and the model mine:lstm: ")
    assert said.err.count("\n") == 1


@pytest.mark.slow
def test_json(process: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(SMALL)
    said = json.loads(process("study", "mine.toml", "--json", "--on", "local:1").out)
    assert said["runs"]["finished"] == 6
    assert list(said["contrasts"]) == ["wide - narrow"]
