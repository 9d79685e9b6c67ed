"""Threads: claims of pieces, the barrier between stages, and a relaxing look.

The team is persistent inside a native call. Counters only grow, so that nothing has to be reset between
stages, and results never depend on who computed what.
"""

from collections.abc import Callable

from llvmlite import ir
from llvmlite.ir.instructions import StoreAtomicInstr

from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.emit.values import I8, I32, I64, POINTER, VOID
from tatamilab.engine.memory import PROGRESS

LOOKS = 200
"""Looks at the barrier's counter before yielding between looks."""

FLAG_BYTES = 64


def counter(k: Kernel, name: str) -> ir.Value:
    """Address of a shared counter."""
    at = I64(FLAG_BYTES * PROGRESS.index(name))
    return k.ir.gep(k.slot("progress", POINTER), [at], source_etype=I8)


def store_atomic(k: Kernel, value: ir.Value, at: ir.Value, order: str) -> None:
    """An atomic store (llvmlite 0.50's own asks an opaque pointer for its pointee, and fails)."""
    k.ir._insert(StoreAtomicInstr(k.ir.block, value, at, order, 8))


def relax(k: Kernel) -> None:
    """Tell the core that this is a wait."""
    if k.target.name == "neon":
        k.ir.call(k.intrinsic("llvm.aarch64.hint", VOID, [I32]), [I32(1)])
    else:
        k.ir.call(k.intrinsic("llvm.x86.sse2.pause", VOID, []), [])


def barrier(k: Kernel, generation: ir.Value) -> None:
    """Wait until every thread has been here `generation` times: look often for a while, then yield between looks."""
    arrived = counter(k, "arrived")
    k.ir.atomic_rmw("add", arrived, I64(1), "acq_rel")
    goal = k.ir.mul(generation, k.slot("team"))
    names = ("look", "wait", "spin", "yield", "met")
    look, wait, spin, give, met = (k.fn.append_basic_block(f"barrier.{name}") for name in names)
    before = k.ir.block
    k.ir.branch(look)
    k.ir.position_at_end(look)
    turns = k.ir.phi(I64)
    turns.add_incoming(I64(0), before)
    here = k.ir.load_atomic(arrived, "acquire", 8, typ=I64)
    k.ir.cbranch(k.ir.icmp_signed("<", here, goal), wait, met)
    k.ir.position_at_end(wait)
    more = k.ir.add(turns, I64(1))
    k.ir.cbranch(k.ir.icmp_signed("<", turns, I64(LOOKS)), spin, give)
    k.ir.position_at_end(spin)
    relax(k)
    turns.add_incoming(more, spin)
    k.ir.branch(look)
    k.ir.position_at_end(give)
    yield_name = "SwitchToThread" if "windows" in k.target.triple else "sched_yield"
    k.ir.call(k.intrinsic(yield_name, I32, []), [])
    turns.add_incoming(turns, give)
    k.ir.branch(look)
    k.ir.position_at_end(met)


def pieces(k: Kernel, count: ir.Value, ticket: ir.Value, body: Callable[[ir.Value], None]) -> None:
    """Every piece once: a thread starts with its own share, then helps the others.

    Args:
        k: the driver.
        count: pieces of this stage.
        ticket: a number that grows from stage to stage: whoever writes it first has the piece.
        body: emits the work on one piece.
    """
    flags = k.slot("flags", POINTER)
    share = k.ir.sdiv(k.ir.mul(k.tid, count), k.slot("team"))
    with k.each(count, name="claim") as i:
        piece = k.ir.srem(k.ir.add(share, k.number(i)), count)
        mine = k.ir.gep(flags, [k.ir.mul(piece, I64(FLAG_BYTES))], source_etype=I8)
        seen = k.ir.load_atomic(mine, "monotonic", 8, typ=I64)
        with k.when(k.ir.icmp_signed("!=", seen, ticket)):
            before = k.ir.atomic_rmw("xchg", mine, ticket, "monotonic")
            with k.when(k.ir.icmp_signed("!=", before, ticket)):
                body(piece)
