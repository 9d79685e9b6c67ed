"""What each command says when all is well, and when something unexpected happens."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tatamilab import experiment
from tatamilab.data import load
from tatamilab.experiment import read


@pytest.fixture(scope="module")
def few_images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An .npz with a few of MNIST's zeros and ones, for runs that must be short."""
    mnist = load("mnist", data_size=400)
    train, test = mnist.y_train < 2, mnist.y_test < 2
    path: Path = tmp_path_factory.mktemp("few") / "few.npz"
    np.savez(
        path,
        x_train=mnist.x_train[train][:64],
        y_train=mnist.y_train[train][:64],
        x_test=mnist.x_test[test][:100],
        y_test=mnist.y_test[test][:100],
    )
    return path


def test_json_is_one_document_and_nothing_else(process, tmp_path: Path, few_images: Path) -> None:
    said = process("run", "--data", few_images, "--model", "bpnn", "--epochs", "2", "--out", "out", "--json")
    assert (said.code, said.err) == (0, "")
    document = json.loads(said.out)
    assert document == json.loads((tmp_path / "out" / "run.json").read_text())
    assert document["options"]["epochs"] == 2


def test_quiet_prints_the_folder(tatami, tmp_path: Path, few_images: Path) -> None:
    said = tatami("run", "--data", few_images, "--model", "bpnn", "--epochs", 1, "--seed", 3, "--quiet")
    assert (said.code, said.err) == (0, "")
    assert re.fullmatch(r"runs/\d{8}-\d{6}-bpnn-3\n", said.out)
    assert read(tmp_path / said.out.strip()).options["seed"] == 3


def test_lines_tell_the_whole_run(tatami, tmp_path: Path, few_images: Path) -> None:
    words = ("run", "--data", few_images, "--model", "bpnn", "--epochs", 2, "--lang", "ja", "--out", "out")
    said = tatami(*words)
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert sum(line.startswith("エポック ") for line in lines) == 2
    assert len(lines) < 60
    assert lines[-1] == "結果はすべて out にあります。out/index.html を開くと見られます。"
    again = tatami(*words, "--force")
    assert again.code == 0


def test_an_unexpected_failure_names_a_report(
    tatami, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_args: object) -> None:
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr(experiment, "run", fail, raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    said = tatami("run")
    (report,) = tmp_path.glob("tatami-report-*.txt")
    assert said.code == 1
    assert said.err == (
        f"Something unexpected went wrong (ZeroDivisionError: division); the details are in {report}, and "
        "with TATAMI_DEBUG=1 in the environment they are shown here.\n"
    )
    assert "Traceback" in report.read_text()
    monkeypatch.setenv("TATAMI_DEBUG", "1")
    assert "Traceback" in tatami("run").err


def test_models(tatami) -> None:
    said = tatami("models", "--lang", "en")
    assert said.out.startswith(
        "cnn: 93,222 parameters\n    28×28×1 → 24×24×32 → 12×12×32 → 4608 → 20 → 10\n"
        "bpnn: 25,450 parameters\n"
    )


def test_data_list_and_verify(tatami, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TATAMI_CACHE_DIR", str(tmp_path / "cache"))
    said = tatami("data", "list", "--lang", "ja")
    assert said.code == 0
    assert "28×28×1、学習用 60,000 枚、テスト用 10,000 枚、10 クラス" in said.out
    assert "パッケージに同梱（ネットワーク不要）" in said.out
    assert "`tatami data fetch kmnist`" in said.out
    said = tatami("data", "verify", "mnist", "--lang", "en")
    assert said.out.count(": as published (SHA-256 ") == 4
    assert tatami("data", "verify").code == 0


def test_fetching_from_a_folder(tatami, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = Path("/usr/share/datasets/fashion-mnist")
    if not mirror.is_dir():
        pytest.skip("Debian's dataset-fashion-mnist is not installed")
    monkeypatch.setenv("TATAMI_CACHE_DIR", str(tmp_path / "cache"))
    said = tatami("data", "fetch", "fashion-mnist", "--data-mirror", mirror, "--lang", "en")
    assert (said.code, said.err) == (0, "")
    assert said.out == f"fashion-mnist is in {tmp_path / 'cache' / 'data' / 'fashion-mnist'}.\n"


@pytest.mark.parametrize(("lang", "nothing"), [("en", "Nothing to do."), ("ja", "対応は不要です。")])
def test_doctor_gives_each_fact_its_advice(tatami, lang: str, nothing: str) -> None:
    said = tatami("doctor", "--lang", lang)
    assert said.code == 0
    lines = said.out.splitlines()
    assert all(line[:2] in ("✓ ", "! ") for line in lines[::2])
    assert all(line.startswith("    ") and line.endswith((".", "。", ']"')) for line in lines[1::2])
    assert nothing in said.out
    for fact in ("Python", "Keras", "L1", "float32", "[dask]", "[lab]", "[notebook]"):
        assert fact in said.out
