"""Code for every target, run here or not: whether it uses vectors, whether it spills, whether it changed."""

import re
from collections import Counter
from pathlib import Path

import pytest
from lab_graph import dense_graph, lab_graph, plan_of

from tatamilab.engine.assemble import assemble
from tatamilab.engine.jit import assembly
from tatamilab.engine.target import NAMED

GOLDEN = Path(__file__).parent / "golden"
GOLDEN_TARGETS = ("avx512", "sse4")
KERNELS = ("infer.dense.forward", "infer.softmax.forward")
VECTOR = {
    "avx512": re.compile(r"\bv(fn?m(add|sub)\d+|add|sub|mul)ps\b.*%zmm"),
    "avx2": re.compile(r"\bv(fn?m(add|sub)\d+|add|sub|mul)ps\b.*%ymm"),
    "sse4": re.compile(r"\b(add|sub|mul)ps\b.*%xmm"),
    "neon": re.compile(r"\bf(mla|mls|add|sub|mul)\s+v\d+\.4s"),
}
SCALAR = {
    "avx512": re.compile(r"\bv(fn?m(add|sub)\d+|add|sub|mul)ss\b"),
    "avx2": re.compile(r"\bv(fn?m(add|sub)\d+|add|sub|mul)ss\b"),
    "sse4": re.compile(r"\b(add|sub|mul)ss\b"),
    "neon": re.compile(r"\bf(n?madd|n?msub|add|sub|mul)\s+s\d"),
}
X86_SPILL = re.compile(r"\bv?mov[au]p[sd]\s+%[xyz]mm\d+, .*\(%r[sb]p\)")
SPILL = {
    "avx512": X86_SPILL,
    "avx2": X86_SPILL,
    "sse4": X86_SPILL,
    "neon": re.compile(r"\bst[rp]\s+q\d+.*\[(sp|x29)"),
}
MOST_SPILLS = {"avx512": (8, 60), "avx2": (90, 180), "sse4": (260, 230), "neon": (100, 300)}
"""Vectors stored to the stack in the worksheet's training: by all kernels but the loss; and by the loss,
which holds ten classes at once and takes a hundredth of the time."""

LABEL = re.compile(r'^"?([A-Za-z_][\w./]*)"?:')


def worksheet_assembly(target: str) -> dict[str, list[str]]:
    """The lines of each function."""
    plan = plan_of(lab_graph(), target, batch_size=128)
    functions: dict[str, list[str]] = {"": []}
    name = ""
    for line in assembly(str(assemble(plan, "train")), plan.target).splitlines():
        if label := LABEL.match(line):
            name = label[1]
        functions.setdefault(name, []).append(line)
    return functions


@pytest.mark.parametrize("target", NAMED)
def test_arithmetic_is_done_in_vectors_that_stay_in_registers(target: str) -> None:
    functions = worksheet_assembly(target)
    count: Counter[str] = Counter()
    for name, lines in functions.items():
        for line in lines:
            count["vector"] += bool(VECTOR[target].search(line))
            count["scalar"] += bool(SCALAR[target].search(line))
            count["spill in the loss" if name == "loss" else "spill"] += bool(SPILL[target].search(line))
    most, most_in_the_loss = MOST_SPILLS[target]
    assert count["vector"] > 1000
    assert count["scalar"] < 0.1 * count["vector"]
    assert count["spill"] <= most
    assert count["spill in the loss"] <= most_in_the_loss


@pytest.mark.parametrize("target", NAMED)
def test_multiply_adds_call_no_library(target: str) -> None:
    calls = [
        line
        for lines in worksheet_assembly(target).values()
        for line in lines
        if re.search(r"\b(callq?|jmp|bl)\b.*\b(fma|exp|log|sqrt|rint)", line)
    ]
    assert calls == []


@pytest.mark.parametrize("target", GOLDEN_TARGETS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_ir_is_as_it_was(kernel: str, target: str) -> None:
    """Shows what a changed emitter changes; if it is meant: `python tests/engine/test_targets.py`."""
    expected = GOLDEN / f"{kernel}.{target}.ll"
    assert function_ir(kernel, target) == expected.read_text(encoding="utf-8")


def function_ir(kernel: str, target: str) -> str:
    """One kernel of a small dense network, for a fixed target whatever runs the test."""
    module = assemble(plan_of(dense_graph(), target), "infer")
    (function,) = (f for f in module.functions if f.name == kernel)
    return normalised(str(function))


def normalised(text: str) -> str:
    """Values numbered in the order in which they appear, so that only the code matters."""
    numbers: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return f"%{numbers.setdefault(match[0], str(len(numbers)))}"

    lines = (line.rstrip() for line in re.sub(r'%"\.\d+"', number, text).splitlines())
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for kernel in KERNELS:
        for target in GOLDEN_TARGETS:
            (GOLDEN / f"{kernel}.{target}.ll").write_text(function_ir(kernel, target), encoding="utf-8")
