"""Compiling: lazily, dumped when asked, refused in one sentence."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from lab_graph import TRAINING, dense_graph, lab_graph, plan_of

from tatamilab.engine import cache, jit
from tatamilab.engine.availability import EngineUnavailable, require_engine
from tatamilab.engine.program import Program
from tatamilab.engine.target import NAMED


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TATAMI_CACHE_DIR", str(tmp_path / "cache"))


def test_each_function_is_compiled_when_it_is_first_called() -> None:
    program = Program(dense_graph(), TRAINING)
    assert cache.summary().entries == 1
    program.predict(np.zeros((1, 8), np.float32))
    assert cache.summary().entries == 2


def test_a_dump_holds_graph_plan_ir_and_assembly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TATAMI_DUMP", str(tmp_path / "dump"))
    program = Program(lab_graph(12, 4, 6), TRAINING)
    program.predict(np.zeros((1, 12, 12, 1), np.float32))
    folder = tmp_path / "dump" / f"{program.plan.hash}-{program.plan.target.name}"
    assert {path.name for path in folder.iterdir()} == {
        "graph.txt", "plan.txt", "train.ll", "train.s", "infer.ll", "infer.s",
    }  # fmt: skip
    plan = (folder / "plan.txt").read_text(encoding="utf-8")
    assert "pool (4, 4, 4) = Conv2D, relu, pool of x" in plan
    assert "dense.relu.forward ×8: y[o] = b[o] + Σ_f x[f] · w[f,o]." in plan
    assert 'define internal void @"dense.relu.forward"(ptr %"table", i64 %"tid"' in (
        folder / "train.ll"
    ).read_text(encoding="utf-8")
    assert "dense.relu.forward" in (folder / "train.s").read_text(encoding="utf-8")


def test_a_dump_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("TATAMI_DUMP", str(tmp_path / "file"))
    refused(
        lambda: Program(dense_graph(), TRAINING),
        en=f"TATAMI_DUMP names {tmp_path / 'file'}, which cannot be written: Not a directory.",
        ja=f"TATAMI_DUMP が指す {tmp_path / 'file'} に書き込めません：Not a directory。",
    )


def test_turned_off(monkeypatch: pytest.MonkeyPatch, refused) -> None:
    require_engine()
    monkeypatch.setenv("TATAMI_DISABLE", "1")
    refused(
        require_engine,
        error=EngineUnavailable,
        en="The native engine is turned off by TATAMI_DISABLE=1.",
        ja="TATAMI_DISABLE=1 により、専用エンジンは使わない設定になっています。",
    )


def test_llvm_is_missing(monkeypatch: pytest.MonkeyPatch, refused) -> None:
    from tatamilab.engine.target import host_triple, runnable

    for known in (host_triple, runnable):
        known.cache_clear()
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    try:
        refused(
            require_engine,
            error=EngineUnavailable,
            en="LLVM cannot be loaded: import of llvmlite halted; None in sys.modules.",
            ja="LLVM を読み込めません: import of llvmlite halted; None in sys.modules。",
        )
    finally:
        for known in (host_triple, runnable):
            known.cache_clear()


def test_llvm_fails(refused) -> None:
    refused(
        lambda: jit.compiled("no IR", NAMED["avx2"]),
        error=EngineUnavailable,
        en="LLVM cannot compile this model: LLVM IR parsing error.",
        ja="LLVM でこのモデルをコンパイルできません: LLVM IR parsing error。",
    )


def test_the_code_of_a_plan_is_the_same_each_time() -> None:
    def objects() -> list[bytes]:
        return [jit.machine_code(plan_of(dense_graph()), name) for name in ("train", "infer")]

    first = objects()
    cache.clear()
    assert objects() == first


def test_importing_the_engine_imports_nothing_heavy() -> None:
    code = (
        "import sys, tatamilab.engine.program\n"
        "heavy = {'keras', 'jax', 'scipy', 'matplotlib', 'PIL', 'requests', 'rich'}\n"
        "sys.exit(repr(heavy & sys.modules.keys()) if heavy & sys.modules.keys() else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
