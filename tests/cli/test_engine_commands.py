"""`tatami engine`: explain and clear-cache, said in both languages, and what they refuse."""

import json
import re
from pathlib import Path

import pytest

from tatamilab.engine import tune


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TATAMI_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("LANG", "en_US.UTF-8")


def test_explain_prints_a_row_and_an_equation_a_kernel(tatami) -> None:
    said = tatami("engine", "explain", "bpnn", "--target", "avx2")
    assert (said.code, said.err) == (0, "")
    assert "for avx2: batches of 128, in chunks of 16 images" in said.out
    # Keras numbers the layers of a process: "dense", "dense_1", …
    rows = [line for line in said.out.splitlines() if re.match(r"dense(_\d+)?/relu\.forward", line)]
    assert len(rows) == 2
    assert "25,088" in rows[0]
    assert rows[1].endswith("y[o] = b[o] + Σ_f x[f] · w[f,o].")


def test_explain_as_json(tatami) -> None:
    said = tatami("engine", "explain", "cnn", "--json", "--batch-size", "64", "--target", "neon")
    found = json.loads(said.out)
    assert (found["target"], found["batch_size"], found["ceiling"]) == ("neon", 64, None)
    update = next(kernel for kernel in found["kernels"] if kernel["name"] == "update")
    assert update["writes"].keys() == {"weights", "slot0", "slot1"}


def test_explain_measured(tatami) -> None:
    said = tatami("engine", "explain", "bpnn", "--measure", "--json", "--batch-size", "32")
    found = json.loads(said.out)
    assert found["ceiling"]["flops_per_s"] > 1e9
    for kernel in found["kernels"]:
        assert kernel["mean_s"] >= kernel["fastest_s"] >= 0
        assert kernel["bound_s"] >= 0


def test_tune_writes_what_it_found_and_explain_takes_it(
    tatami, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tune, "CANDIDATES", {"dense_outputs": (4,)})
    said = tatami("engine", "tune", "bpnn", "--batch-size", "32", "--out", "mine.json")
    *trials, last = said.out.splitlines()
    assert (said.code, said.err) == (0, "")
    assert re.fullmatch(r"dense_outputs +4  ×\d\.\d{3}(  ✓)?", trials[0])
    assert last == "Written to mine.json; it is used where TATAMI_SCHEDULE names it."
    table = json.loads((tmp_path / "mine.json").read_text())
    (row,) = table.values()
    row["dense_outputs"] = 8
    (tmp_path / "mine.json").write_text(json.dumps(table))
    monkeypatch.setenv("TATAMI_SCHEDULE", "mine.json")
    found = json.loads(tatami("engine", "explain", "bpnn", "--json").out)
    forward = next(kernel for kernel in found["kernels"] if kernel["name"].endswith("relu.forward"))
    assert forward["accumulators"] == 8


def test_clear_cache_says_what_it_removed(tatami, tmp_path: Path) -> None:
    tatami("engine", "explain", "bpnn", "--measure", "--json")
    folder = tmp_path / "cache" / "compiled"
    (entry,) = folder.glob("*.o")
    megabytes = entry.stat().st_size / 1e6
    said = tatami("engine", "clear-cache")
    assert said.out == f"Removed {megabytes:.1f} MB of compiled code from {folder}.\n"
    assert list(folder.iterdir()) == []
    said = tatami("engine", "clear-cache", "--lang", "ja")
    assert said.out == f"コンパイル済みのコード 0.0 MB を {folder} から削除しました。\n"


@pytest.mark.parametrize(
    ("words", "en", "ja"),
    [
        (
            ["explain"],
            "tatami engine explain needs MODEL; see 'tatami engine explain --help'.",
            None,
        ),
        (
            ["explain", "cnn", "--target", "avx9"],
            "Unknown target 'avx9'; known ones are avx512, avx2, sse4, neon.",
            "'avx9' という対象はありません。指定できるのは avx512, avx2, sse4, neon です。",
        ),
        (
            ["explain", "cnn", "--batch-size", "0"],
            "--batch-size must be at least 1; received 0.",
            "--batch-size には1以上を指定してください（指定された値: 0）。",
        ),
    ],
)
def test_what_is_refused(tatami, words: list[str], en: str, ja: str | None) -> None:
    for lang, expected in (("en", en), ("ja", ja)):
        if expected is not None:
            said = tatami("engine", *words, "--lang", lang)
            assert (said.code, said.out, said.err) == (2, "", expected + "\n")


def test_turned_off(tatami, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TATAMI_DISABLE", "1")
    said = tatami("engine", "explain", "cnn", "--lang", "en")
    assert (said.code, said.err) == (2, "The native engine is turned off by TATAMI_DISABLE=1.\n")
