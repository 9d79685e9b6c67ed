"""What a plan's kernels reach here, and what this machine could: timed, on one thread, when asked for.

Nothing measured here enters a plan.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from llvmlite import ir

from tatamilab.engine.buffers import Buffer
from tatamilab.engine.emit.kernel import Build, Kernel
from tatamilab.engine.emit.values import I64, Value
from tatamilab.engine.jit import Loaded, compiled
from tatamilab.engine.plan import Plan
from tatamilab.engine.program import Program
from tatamilab.engine.schedule import BY_REGISTERS
from tatamilab.engine.target import Target

WORKING_SET_BYTES = 256 * 1024
"""What is copied to find how fast the second-level cache is; a chunk of 16 images is made to stay in it."""

TURNS = 20_000
COPIES = 20
REPEATS = 7
ITEMS = WORKING_SET_BYTES // 4


@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """The most that one core does.

    Args:
        flops_per_s: multiply-adds between registers, counted twice.
        bytes_per_s: a copy within the second-level cache, both ways counted.
        ticks_per_s: of the counter that the profile reads.
    """

    flops_per_s: float
    bytes_per_s: float
    ticks_per_s: float


@dataclass(frozen=True, kw_only=True)
class Reached:
    """The time of one kernel's calls on one thread, in seconds: their mean, and the fastest."""

    calls: int
    mean_s: float
    fastest_s: float


def ceiling(target: Target) -> Ceiling:
    """Measure what one core could do, in about 0.1 s."""
    names = ("multiply_add", "copy", "clock")
    buffers = {
        "numbers": Buffer(name="numbers", shape=(ITEMS,)),
        "ticks": Buffer(name="ticks", shape=(8,), dtype="i64"),
    }
    build = Build(
        module=ir.Module("ceiling"),
        target=target,
        buffers=buffers,
        slots={"numbers": 0, "ticks": 1},
        max_chunks=1,
        schedule=BY_REGISTERS[target.registers],
    )
    build.module.triple = target.triple
    accumulators = _multiply_add(build)
    _copy(build)
    _clock(build)
    code = Loaded(compiled(str(build.module), target), target)
    numbers, ticks = _aligned_zeros(ITEMS * 4), np.zeros(8, np.int64)
    table = np.array([numbers.ctypes.data, ticks.ctypes.data], np.int64)
    call = {name: code.function(name) for name in names}

    def seconds(name: str) -> float:
        return _fastest_s(lambda: call[name](table.ctypes.data, 0))

    flops = 2 * accumulators * target.lanes * TURNS
    return Ceiling(
        flops_per_s=flops / seconds("multiply_add"),
        bytes_per_s=COPIES * WORKING_SET_BYTES / seconds("copy"),
        ticks_per_s=_ticks_per_s(call["clock"], table, ticks),
    )


def reached(plan: Plan, ticks_per_s: float, *, n_steps: int = 30) -> dict[str, Reached]:
    """Run a plan for some steps of random images on one thread; the time of each kernel by name.

    Args:
        plan: with `profile`, for this machine.
        ticks_per_s: from `ceiling`.
        n_steps: how many; as many are run first to warm up.
    """
    program = Program(
        plan.graph,
        plan.training,
        batch_size=plan.batch_size,
        target=plan.target,
        n_threads=1,
        input_dtype=plan.input_dtype,
        checked=plan.checked,
        profile=True,
    )
    rng = np.random.default_rng(0)
    program.set_weights({p.name: rng.normal(0, 0.05, p.shape) for p in plan.graph.parameters if p.trainable})
    x = rng.random((n_steps * plan.batch_size, *plan.graph.input.shape), np.float32)
    before: Mapping[str, tuple[int, int, int]] = {}
    for _ in range(2):
        before = program.profile_counts()
        if plan.training:
            program.train(x, _labels(plan, len(x), rng))
        else:
            program.predict(x)
    out = {}
    for name, (calls, ticks, least) in program.profile_counts().items():
        calls, ticks = (now - then for now, then in zip((calls, ticks), before[name][:2], strict=True))
        out[name.removeprefix("infer.")] = Reached(
            calls=calls, mean_s=ticks / calls / ticks_per_s, fastest_s=least / ticks_per_s
        )
    return out


def _labels(plan: Plan, n: int, rng: np.random.Generator) -> np.ndarray:
    assert plan.training
    outputs = plan.graph.output
    if plan.training.loss.kind.startswith("sparse"):
        return rng.integers(0, outputs.size, n)
    targets = np.zeros((n, outputs.size), np.float32)
    targets[np.arange(n), rng.integers(0, outputs.size, n)] = 1
    return targets.reshape(n, *outputs.shape)


def _multiply_add(build: Build) -> int:
    """acc = acc·x + acc in as many independent sums as hide the latency; returns how many."""
    k = Kernel(build, "multiply_add", exported=True)
    numbers = k.view("numbers", element="vector")
    count = 16 if k.target.registers == 32 else 10
    factor = numbers[0,]
    sums = k.zeros(count)
    with k.each(TURNS, carry=sums):
        sums[...] = sums + sums * factor
    for i in range(count):
        numbers[i * k.lanes,] = sums[i]
    k.finish()
    return count


def _copy(build: Build) -> None:
    """The first half over the second, again and again."""
    k = Kernel(build, "copy", exported=True)
    numbers = k.view("numbers", element="vector")
    half, step = ITEMS // 2, 4 * k.lanes
    with k.each(COPIES), k.each(half, step=step) as i:
        at = np.array([i + part * k.lanes for part in range(4)], object)
        numbers[at + half,] = numbers[at,]
    k.finish()


def _clock(build: Build) -> None:
    k = Kernel(build, "clock", exported=True)
    now = k.ir.call(k.intrinsic("llvm.readcyclecounter", I64, []), [])
    k.view("ticks", element="scalar")[0,] = Value(k, now)
    k.finish()


def _fastest_s(call: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def _ticks_per_s(clock: Callable[[int, int], object], table: np.ndarray, ticks: np.ndarray) -> float:
    def look() -> tuple[float, int, float]:
        before = time.perf_counter()
        clock(table.ctypes.data, 0)
        return time.perf_counter() - before, int(ticks[0]), before

    def now() -> tuple[int, float]:
        """By the quickest of some looks: another program may come between the two clocks."""
        _took, count, at = min(look() for _ in range(REPEATS))
        return count, at

    first_ticks, first_s = now()
    time.sleep(0.02)
    last_ticks, last_s = now()
    return (last_ticks - first_ticks) / (last_s - first_s)


def _aligned_zeros(n_bytes: int) -> np.ndarray:
    raw = np.zeros(n_bytes + 64, np.uint8)
    return raw[-raw.ctypes.data % 64 :]
