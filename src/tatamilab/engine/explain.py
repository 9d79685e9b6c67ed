"""What a plan will do, kernel by kernel: equation, loops, buffers, arithmetic, bytes.

The figures are no formulas beside the code, which could come to say something else: each kernel is emitted
once more by a `Kernel` that counts its instructions, times the turns of the loops around them. Where a kernel
branches, both sides are counted (that touches a few stores at the edges of a tile).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

from llvmlite import ir
from llvmlite.ir.instructions import CallInstr, LoadInstr, StoreInstr

from tatamilab.engine.emit.kernel import ARGUMENTS, Build, Kernel
from tatamilab.engine.emit.values import Index, Tile, View, element_bytes
from tatamilab.engine.graph import Conv2D
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.memory import buffers, slots
from tatamilab.engine.operations import Call, parameter_stages, prediction, training_stages
from tatamilab.engine.plan import Plan
from tatamilab.engine.target import IMAGES_PER_CHUNK

ARITHMETIC = frozenset({"fadd", "fsub", "fmul", "fdiv", "fneg"})
MULTIPLY_ADDS = frozenset({"llvm.fma", "llvm.fmuladd"})


@dataclass(frozen=True, kw_only=True)
class KernelFacts:
    """One kernel of a plan; what is counted is counted for one call of a full piece.

    Args:
        name: of the LLVM function.
        what: "forward", "weight gradient", …
        equation: what it computes.
        schedule: the loops around most of its work, the outermost first, as axis×turns; F(m,r) for Toom–Cook.
        accumulators: vectors that the innermost of them carries from turn to turn.
        pieces: calls in a step of a full batch.
        multiply_adds: a·b + c, of one number each.
        flops: additions, multiplications and divisions of one number each; a multiply-add is two.
        reads: bytes of each buffer that it reads, each byte counted once.
        writes: the same for what it writes.
    """

    name: str
    what: str
    equation: str
    schedule: str
    accumulators: int
    pieces: int
    multiply_adds: int
    flops: int
    reads: Mapping[str, int]
    writes: Mapping[str, int]

    @property
    def moved_bytes(self) -> int:
        """Bytes that must be read and written at the least."""
        return sum(self.reads.values()) + sum(self.writes.values())

    @property
    def intensity(self) -> float:
        """Flops for each byte moved."""
        return self.flops / max(self.moved_bytes, 1)

    def bound_s(self, flops_per_s: float, bytes_per_s: float) -> float:
        """The roofline: no call can take less time than its arithmetic, nor than its bytes from memory.

        Source: Williams, Waterman and Patterson (2009).
        """
        return max(self.flops / flops_per_s, self.moved_bytes / bytes_per_s)


def explain(plan: Plan) -> tuple[KernelFacts, ...]:
    """The kernels of a step of training, in order; of a prediction, if the plan only predicts.

    Raises:
        Unsupported: a layer, loss or optimizer has no native form.
    """
    if plan.training is None:
        return tuple(_facts(plan, call, training=False) for call in prediction(plan))
    stages = [*training_stages(plan), *parameter_stages(plan)]
    calls = [call for stage in stages for call in stage]
    return tuple(_facts(plan, call, training=True) for call in calls)


def _facts(plan: Plan, call: Call, *, training: bool) -> KernelFacts:
    build = Build(
        module=ir.Module(call.name),
        target=plan.target,
        buffers={b.name: b for b in buffers(plan)},
        slots=slots(plan),
        max_chunks=plan.max_chunks,
        schedule=plan.schedule,
    )
    k = CountingKernel(build, call.name, infer=not training)
    call.emit(k, Context(k, plan, training=training))
    nest = (k.arithmetic or k.movement).most_common(1)[0][0]
    return KernelFacts(
        name=call.name,
        what=call.what,
        equation=call.equation,
        schedule=" ".join([*_algorithm(plan, call), *(f"{loop.axis}×{loop.turns}" for loop in nest)]),
        accumulators=nest[-1].carried if nest else 0,
        pieces=call.pieces,
        multiply_adds=k.multiply_adds,
        flops=k.flops,
        reads=k.moved(k.loaded),
        writes=k.moved(k.stored),
    )


def _algorithm(plan: Plan, call: Call) -> list[str]:
    """How a convolution's products are saved, if they are.

    F(m, r) gives m outputs of r taps; F(2×m, h×r) does so for two rows of a kernel of h rows.
    """
    m = plan.column_tile(call.block) if call.block else None
    if call.block is None or m is None:
        return []
    assert isinstance(call.block.node, Conv2D)
    height, taps = plan.graph.parameter(call.block.node.kernel).shape[:2]
    rows = plan.row_tile(call.block)
    return [f"F({rows}×{m},{height}×{taps})" if rows else f"F({m},{taps})"]


@dataclass(frozen=True)
class Loop:
    """A loop being emitted: its axis, its counter, its turns, and how many vectors it carries."""

    axis: str
    counter: ir.Value
    turns: int
    carried: int


Nest = tuple[Loop, ...]


class CountingKernel(Kernel):
    """A kernel that is emitted to be counted.

    Attributes:
        flops, multiply_adds: of single numbers, in one call.
        loaded, stored: bytes of each buffer that the addresses visit, in one call.
        arithmetic, movement: flops, and bytes, inside each nest of loops.
    """

    def __init__(self, build: Build, name: str, **how: Any) -> None:
        super().__init__(build, name, **how)
        self.ir = _CountingBuilder(self)
        self.flops = self.multiply_adds = 0
        self.loaded: Counter[str] = Counter()
        self.stored: Counter[str] = Counter()
        self.arithmetic: Counter[Nest] = Counter()
        self.movement: Counter[Nest] = Counter()
        self._loops: tuple[Loop, ...] = ()
        self._extents: dict[str, dict[int, int]] = defaultdict(
            dict
        )  # buffer → where a view starts → its bytes
        self._place_at: dict[
            ir.Value, tuple[str, int]
        ] = {}  # pointer → buffer, and how many places it visits
        first_piece = dict.fromkeys(ARGUMENTS, 0) | {
            "end": build.max_chunks * IMAGES_PER_CHUNK,
            "chunks": build.max_chunks,
        }
        self._known = {getattr(self, name): value for name, value in first_piece.items()}

    @contextmanager
    def each(
        self,
        stop: int | ir.Value,
        *,
        start: int | ir.Value = 0,
        step: int = 1,
        carry: Tile | None = None,
        name: str = "i",
    ) -> Iterator[Index]:
        """A loop as `Kernel.each` makes it, whose turns are remembered while its body is emitted."""
        turns = -(-(self._evaluate(stop) - self._evaluate(start)) // step)
        around = self._loops
        with super().each(stop, start=start, step=step, carry=carry, name=name) as index:
            (counter,) = index.terms
            carried = 0 if carry is None else carry.size
            self._loops = (*around, Loop(name, counter, max(turns, 0), carried))
            yield index
            self._loops = around

    def address(self, view: View, byte: Index) -> ir.Value:
        """A pointer into a view, which remembers its buffer."""
        at = super().address(view, byte)
        visited = prod(loop.turns for loop in self._loops if loop.counter in byte.terms)
        self._place_at[at] = (view.name, visited)
        self._extents[view.name][view.limits[0]] = prod(view.shape) * view.strides[-1]
        return at

    def tally(self, instruction: ir.Instruction) -> None:
        """Count one instruction, as often as the loops around it turn."""
        lanes = getattr(instruction.type, "count", 1)
        if isinstance(instruction, LoadInstr):
            self._move(self.loaded, instruction.operands[0], instruction.type)
        elif isinstance(instruction, StoreInstr):
            self._move(self.stored, instruction.operands[1], instruction.operands[0].type)
        elif isinstance(instruction, CallInstr):
            if instruction.callee.name.rpartition(".")[0] in MULTIPLY_ADDS:
                self.multiply_adds += lanes * self._turns()
                self._work(2 * lanes)
        elif instruction.opname in ARITHMETIC:
            self._work(lanes)

    def moved(self, through: Counter[str]) -> dict[str, int]:
        """Bytes of each buffer: the places that the addresses visit, but no more than there are."""
        return {name: min(n, sum(self._extents[name].values())) for name, n in through.items()}

    def _turns(self) -> int:
        return prod(loop.turns for loop in self._loops)

    def _work(self, flops: int) -> None:
        self.flops += flops * self._turns()
        self.arithmetic[self._loops] += flops * self._turns()

    def _move(self, through: Counter[str], pointer: ir.Value, type_: ir.Type) -> None:
        if pointer in self._place_at:
            name, visited = self._place_at[pointer]
            through[name] += element_bytes(type_) * visited
            self.movement[self._loops] += element_bytes(type_) * self._turns()

    def _evaluate(self, value: int | ir.Value) -> int:
        """A loop's bound in the first piece of a full batch."""
        if isinstance(value, int):
            return value
        if isinstance(value, ir.Constant):
            return int(value.constant)
        if value in self._known:
            return self._known[value]
        operands = [self._evaluate(operand) for operand in value.operands]
        match value.opname:
            case "add":
                return operands[0] + operands[1]
            case "sub":
                return operands[0] - operands[1]
            case "mul":
                return operands[0] * operands[1]
            case "sdiv":
                return operands[0] // operands[1]
            case "select":
                return operands[1] if operands[0] else operands[2]
            case "icmp" if value.op == "slt":
                return int(operands[0] < operands[1])
        raise NotImplementedError(f"{self.name}: a loop ends at {value}")


class _CountingBuilder(ir.IRBuilder):
    """A builder that shows each instruction to its kernel."""

    def __init__(self, kernel: CountingKernel) -> None:
        super().__init__(kernel.ir.block)
        self._kernel = kernel

    def _insert(self, instruction: ir.Instruction) -> None:
        super()._insert(instruction)
        self._kernel.tally(instruction)
