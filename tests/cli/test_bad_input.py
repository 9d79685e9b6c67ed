"""Bad input: one sentence on standard error, word for word; exit code 2; nothing written."""

from pathlib import Path

import numpy as np
import pytest

SENTENCES = [
    (
        "run --data mnits",
        "Unknown data set 'mnits'; the nearest known name is 'mnist'.",
        None,
    ),
    (
        "run --data-size 0",
        "The data size must be from 1 to 60,000, the number of training images; received 0.",
        None,
    ),
    ("run --data-size -3", None, None),
    ("run --data-size 60001", None, None),
    ("run --validation-split 0.999999", None, None),
    (
        "run --model cnnn",
        "Unknown model 'cnnn'; the nearest known name is 'cnn'.",
        None,
    ),
    ("run --model not-there.keras", None, None),
    ("run --model not_there:build", None, None),
    (
        "run --data-size abc",
        "--data-size takes a whole number, but 'abc' was given.",
        "--data-size には整数を指定してください。指定された値は 'abc' です。",
    ),
    (
        "run --data-size=",
        "--data-size takes a whole number, but '' was given.",
        "--data-size には整数を指定してください。指定された値は '' です。",
    ),
    ("run --draw=", None, None),
    ("run --lr=", None, None),
    (
        "run --lr fast",
        "--lr takes a number, but 'fast' was given.",
        "--lr には数を指定してください。指定された値は 'fast' です。",
    ),
    (
        "run --lr nan",
        "lr must be a number above 0, but nan was given; the worksheet uses 0.001.",
        "lr（学習率）は 0 より大きい数でなければなりません。指定された値は nan です。"
        "ワークシートでは 0.001 を使います。",
    ),
    (
        "run --optimizer adan",
        "Unknown optimizer 'adan'; the nearest known one is 'adam'.",
        "optimizer に 'adan' は指定できません。最も近いのは 'adam' です。",
    ),
    (
        "run --epoch 3",
        "Unknown option --epoch; the nearest known one is --epochs; see 'tatami run --help'.",
        "オプション --epoch はありません。最も近いのは --epochs です。"
        "'tatami run --help' を参照してください。",
    ),
    (
        "--xyz",
        "Unknown option --xyz; see 'tatami --help'.",
        "オプション --xyz はありません。'tatami --help' を参照してください。",
    ),
    (
        "run --epochs",
        "The option --epochs needs a value; see 'tatami run --help'.",
        "オプション --epochs には値が必要です。'tatami run --help' を参照してください。",
    ),
    (
        "run --json=3",
        "The option --json takes no value; see 'tatami run --help'.",
        "オプション --json に値は付けられません。'tatami run --help' を参照してください。",
    ),
    (
        "run faster",
        "Unexpected argument 'faster'; see 'tatami run --help'.",
        "余分な引数 'faster' があります。'tatami run --help' を参照してください。",
    ),
    (
        "data fech",
        "Unknown command 'fech'; the nearest known one is 'fetch'; see 'tatami data --help'.",
        "コマンド 'fech' はありません。最も近いのは 'fetch' です。'tatami data --help' を参照してください。",
    ),
    (
        "data remove",
        "Unknown command 'remove'; known ones are fetch, list, verify.",
        "コマンド 'remove' はありません。指定できるのは fetch, list, verify です。",
    ),
    (
        "data fetch",
        "tatami data fetch needs NAME; see 'tatami data fetch --help'.",
        "tatami data fetch には NAME が必要です。'tatami data fetch --help' を参照してください。",
    ),
    (
        "completion tcsh",
        "No completion for the shell 'tcsh'; name one of bash, zsh, fish, powershell.",
        "シェル 'tcsh' の補完はありません。bash, zsh, fish, powershell のどれかを指定してください。",
    ),
    (
        "run --out /dev/null",
        "The output /dev/null is a file; give a folder with --out.",
        "出力先 /dev/null はファイルです。--out にはフォルダを指定してください。",
    ),
]


@pytest.mark.parametrize(("line", "english", "japanese"), SENTENCES, ids=[line for line, _e, _j in SENTENCES])
def test_one_sentence_and_nothing_written(
    tatami, tmp_path: Path, line: str, english: str | None, japanese: str | None
) -> None:
    for lang, expected in (("en", english), ("ja", japanese)):
        said = tatami("--lang", lang, *line.split())
        assert said.code == 2
        assert said.out == ""
        assert said.err.count("\n") == 1
        assert "Traceback" not in said.err
        if expected is not None:
            assert said.err == expected + "\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("--lang", "fr"), ("--lang=fr",), ("run", "--lang", "fr")])
def test_unknown_language_is_refused_in_the_locales(tatami, monkeypatch, words: tuple[str, ...]) -> None:
    assert tatami(*words).err == "Unknown lang 'fr'; known ones are ja, en.\n"
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    said = tatami(*words)
    assert (said.code, said.err) == (2, "lang に 'fr' は指定できません。指定できるのは ja, en です。\n")


def test_a_folder_that_is_not_empty(tatami, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    said = tatami("run", "--out", "full")
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "The output folder full is not empty; choose another with --out, or add --force to replace an older "
        "run in it.\n"
    )
    assert [file.name for file in tmp_path.rglob("*")] == ["full", "mine.txt"]


def test_labels_outside_the_range(tatami, tmp_path: Path) -> None:
    x, y = np.zeros((20, 8, 8), np.uint8), np.arange(20) % 3 - 1
    np.savez(tmp_path / "bad.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    said = tatami("run", "--data", "bad.npz")
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["bad.npz"]


def test_a_real_process_says_the_same(process, tmp_path: Path) -> None:
    said = process("run", "--lr", "0", LANG="ja_JP.UTF-8")
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "lr（学習率）は 0 より大きい数でなければなりません。指定された値は 0.0 です。"
        "ワークシートでは 0.001 を使います。\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_letters_that_a_terminal_lacks_are_no_reason_to_fail(process) -> None:
    said = process("run", "--lr", "0", "--lang", "ja", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert said.code == 2
    assert said.err.startswith("lr?")
