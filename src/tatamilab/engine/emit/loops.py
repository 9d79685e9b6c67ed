"""Loops, tiles and sums: the order in which a kernel computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from llvmlite import ir

from tatamilab.engine.emit.arithmetic import Arithmetic
from tatamilab.engine.emit.values import I64, Index, Tile, Value

Body = Callable[..., None]


class Loops(Arithmetic):
    """The part of `Kernel` that repeats, unrolls and branches."""

    def index(self, value: ir.Value) -> Index:
        """An i64 value as an index."""
        return Index({value: 1})

    def number(self, index: Index | int) -> ir.Value:
        """The i64 value of an affine index."""
        if isinstance(index, int):
            return I64(index)
        total: ir.Value = I64(index.constant)
        for counter, k in index.terms.items():
            term = self.ir.mul(counter, I64(k)) if k != 1 else counter
            total = (
                term if isinstance(total, ir.Constant) and total.constant == 0 else self.ir.add(total, term)
            )
        return total

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
        """A loop that tests before entering. `carry` is kept in registers from turn to turn."""
        stop, start = (I64(v) if isinstance(v, int) else v for v in (stop, start))
        before = self.ir.block
        head, body, after = (self.fn.append_basic_block(name + s) for s in ("", ".body", ".end"))
        self.ir.branch(head)
        self.ir.position_at_end(head)
        counter = self.ir.phi(I64, name)
        counter.add_incoming(start, before)
        phis = []
        for at in np.ndindex(carry.shape) if carry is not None else ():
            assert carry is not None
            phi = self.ir.phi(carry[at].v.type)
            phi.add_incoming(carry[at].v, before)
            phis.append((at, phi))
            carry[at] = Value(self, phi)
        self.ir.cbranch(self.ir.icmp_signed("<", counter, stop), body, after)
        self.ir.position_at_end(body)
        yield Index({counter: 1})
        for at, phi in phis:
            assert carry is not None
            phi.add_incoming(carry[at].v, self.ir.block)
            carry[at] = Value(self, phi)
        counter.add_incoming(self.ir.add(counter, I64(step)), self.ir.block)
        self.ir.branch(head)
        self.ir.position_at_end(after)

    @contextmanager
    def every(self, extents: Sequence[int]) -> Iterator[tuple[Index, ...]]:
        """A loop for each extent, the last the innermost; gives all counters."""
        with ExitStack() as loops:
            yield tuple(loops.enter_context(self.each(n, name=f"axis{a}")) for a, n in enumerate(extents))

    def tiles(self, extents: Mapping[str, int], tile: Mapping[str, int], body: Body) -> None:
        """Call `body` so that every point of the box is covered once, `tile` points at a time.

        Axes loop in the order given; `body` gets for each axis an array of indices, shaped so that the arrays
        of all axes broadcast against one another in that order. What a tile does not divide is a second,
        smaller body: extents are known, so nothing is tested at run time.
        """
        axes = list(extents)

        def nest(depth: int, chosen: list[Any]) -> None:
            if depth == len(axes):
                body(*chosen)
                return
            extent, size = extents[axes[depth]], min(tile.get(axes[depth], 1), extents[axes[depth]])
            shape = [1] * len(axes)

            def at(base: Any, count: int) -> Tile:
                shape[depth] = count
                points = np.empty(count, object)
                points[:] = [base + i for i in range(count)]
                return points.reshape(shape)

            full = extent // size
            if full == 1:
                nest(depth + 1, [*chosen, at(0, size)])
            else:
                with self.each(full * size, step=size, name=axes[depth]) as i:
                    nest(depth + 1, [*chosen, at(i, size)])
            if extent % size:
                nest(depth + 1, [*chosen, at(full * size, extent % size)])

        if all(extents.values()):
            nest(0, [])

    def sum(
        self,
        over: Mapping[str, int],
        start: Tile,
        term: Callable[..., Any],
        unroll: Mapping[str, int] | None = None,
    ) -> Tile:
        """`start` + Σ `term`, kept in registers. `unroll` says how many turns of an axis one body holds."""
        acc = np.array(start, dtype=object)
        unroll = unroll or {}
        axes = list(over)

        def nest(depth: int, chosen: list[Any]) -> None:
            nonlocal acc
            if depth == len(axes):
                acc[...] = acc + term(*chosen)
                return
            extent = over[axes[depth]]
            size = min(unroll.get(axes[depth], 1), extent)
            full = extent // size if size else 0
            if full == 1:
                for i in range(size):
                    nest(depth + 1, [*chosen, i])
            elif full:
                with self.each(full * size, step=size, carry=acc, name=axes[depth]) as turn:
                    for offset in range(size):
                        nest(depth + 1, [*chosen, turn + offset])
            for i in range(full * size, extent):
                nest(depth + 1, [*chosen, i])

        nest(0, [])
        return acc

    def cut(self) -> None:
        """Let no load or store move across this place: a fence for the compiler, which emits nothing.

        LLVM schedules long bodies as a whole, hoists loads to where their latency hides, and then spills
        accumulators; a few cuts keep live ranges as short as they are written.
        """
        self.ir.fence("seq_cst", "singlethread")

    def revise(
        self, condition: ir.Value, tiles: Sequence[Tile], f: Callable[[], Sequence[Tile]]
    ) -> list[Tile]:
        """`f()` in the rare case that `condition` holds, else `tiles` as they are."""
        before = self.ir.block
        with self.ir.if_then(condition, likely=False):
            revised = f()
            end = self.ir.block
        out = []
        for old, new in zip(tiles, revised, strict=True):
            merged = np.empty(old.shape, object)
            for at in np.ndindex(old.shape):
                phi = self.ir.phi(old[at].v.type)
                phi.add_incoming(old[at].v, before)
                phi.add_incoming(new[at].v, end)
                merged[at] = Value(self, phi)
            out.append(merged)
        return out

    @contextmanager
    def when(self, condition: ir.Value, *, likely: bool | None = None) -> Iterator[None]:
        """Only if `condition` holds."""
        with self.ir.if_then(condition, likely=likely):
            yield
