"""The cache of compiled code: found, not found, damaged, crowded, shared, refused."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lab_graph import TRAINING, dense_graph, plan_of

from tatamilab.engine import cache, jit
from tatamilab.engine.program import Program


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TATAMI_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "compiled"


def only_entry(folder: Path) -> Path:
    (entry,) = folder.glob("*.o")
    return entry


def test_what_is_written_is_read(folder: Path) -> None:
    assert cache.read("a") is None
    cache.write("a", b"machine code")
    assert cache.read("a") == b"machine code"
    assert cache.summary() == cache.Summary(folder, 1, cache.HEADER_BYTES + len(b"machine code"))
    assert cache.clear() == 1
    assert cache.summary().entries == 0


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content[:5],
        lambda content: b"",
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: b"other" + content[5:],
    ],
    ids=["cut short", "cut in the header", "empty", "a bit", "of another kind"],
)
def test_a_damaged_entry_counts_as_absent_and_is_replaced(folder: Path, damage) -> None:
    cache.write("a", b"machine code")
    entry = only_entry(folder)
    entry.write_bytes(damage(entry.read_bytes()))
    assert cache.read("a") is None
    assert not entry.exists()
    cache.write("a", b"machine code")
    assert cache.read("a") == b"machine code"


def test_those_not_used_for_long_make_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry_bytes = cache.HEADER_BYTES + 100
    monkeypatch.setattr(cache, "LARGEST_BYTES", 3 * entry_bytes)
    for age, name in enumerate("abc"):
        cache.write(name, name.encode() * 100)
        os.utime(folder / f"{name}.o", ns=(age, age))
    assert cache.read("a") is not None  # used now: "b" is the oldest from here on
    cache.write("d", b"d" * 100)
    assert {path.stem for path in folder.glob("*.o")} == {"a", "c", "d"}


@pytest.mark.skipif(os.name == "nt", reason="needs owners of files")
def test_machine_code_of_another_user_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.write("a", b"machine code")
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert cache.read("a") is None


def test_where_nothing_can_be_written_there_is_no_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TATAMI_CACHE_DIR", str(tmp_path / "file"))
    cache.write("a", b"machine code")
    assert cache.read("a") is None
    assert cache.summary().entries == cache.clear() == 0
    Program(dense_graph(), TRAINING)


def test_a_key_names_all_that_decides_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(dense_graph())
    keys = [
        cache.key(plan, "train"),
        cache.key(plan, "infer"),
        cache.key(plan_of(dense_graph(units=4)), "train"),
        cache.key(plan_of(dense_graph(), batch_size=64), "train"),
        cache.key(plan_of(dense_graph(), checked=True), "train"),
        cache.key(plan_of(dense_graph(), profile=True), "train"),
        cache.key(plan_of(dense_graph(), input_dtype="u8"), "train"),
        cache.key(plan_of(dense_graph(), replace(plan.target, features="+avx2")), "train"),
        cache.key(plan_of(dense_graph(), replace(plan.target, cpu="haswell")), "train"),
    ]
    assert keys[0] == cache.key(plan_of(dense_graph()), "train")
    monkeypatch.setattr(cache, "_source_hash", lambda: "a kernel was changed")
    keys.append(cache.key(plan, "train"))
    monkeypatch.setattr(cache, "__version__", "another")
    keys.append(cache.key(plan, "train"))
    assert len(set(keys)) == len(keys)


def test_a_hit_builds_no_ir_and_computes_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = np.random.default_rng(0).random((40, 8), np.float32), np.arange(40) % 3

    def weights() -> list[np.ndarray]:
        program = Program(dense_graph(), TRAINING, batch_size=16, n_threads=1)
        program.set_weights({"kernel": np.linspace(-1, 1, 24, dtype=np.float32).reshape(8, 3)})
        program.train(x, y)
        return [*program.get_weights().values(), program.predict(x)]

    cold = weights()
    assert cache.summary().entries == 2
    monkeypatch.setattr(jit, "compiled", None)
    monkeypatch.setitem(sys.modules, "tatamilab.engine.assemble", None)
    for ours, before in zip(weights(), cold, strict=True):
        np.testing.assert_array_equal(ours, before)


def test_processes_that_write_at_once_leave_whole_entries(folder: Path) -> None:
    code = (
        "import sys; from tatamilab.engine import cache\n"
        "for turn in range(30):\n"
        "    cache.write('same', bytes([int(sys.argv[1])]) * 50_000)\n"
        "    held = cache.read('same')\n"
        "    assert held is None or (len(held) == 50_000 and len(set(held)) == 1)\n"
    )
    several = [subprocess.Popen([sys.executable, "-c", code, str(n)]) for n in range(3)]
    assert [one.wait() for one in several] == [0, 0, 0]
    assert [path.name for path in folder.iterdir()] == ["same.o"]
