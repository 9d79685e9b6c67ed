"""`Kernel`: one function being emitted, with its loops, tiles, sums and constants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any

import numpy as np
from llvmlite import ir

from tatamilab.engine.buffers import ITEM_BYTES, Buffer
from tatamilab.engine.emit.values import (
    F32,
    I1,
    I8,
    I16,
    I32,
    I64,
    POINTER,
    SCALARS,
    VOID,
    Index,
    Product,
    Splat,
    Tile,
    Value,
    View,
)
from tatamilab.engine.target import Target

ARGUMENTS = ("tid", "piece", "first", "end", "chunks", "step")
"""What every kernel is called with, after the table of addresses: the thread; which chunk of the batch or
slice of the parameters; where in the order the chunk starts and the batch ends; how many chunks the batch has;
which step this is."""

Body = Callable[..., None]


@dataclass(frozen=True, kw_only=True)
class Build:
    """What all kernels of a module share.

    Args:
        module: the LLVM module.
        target: the register file to write for.
        buffers: every buffer by name.
        slots: position of each buffer's address, and of each scalar, in the table.
        max_chunks: chunks in a full batch.
        checked: whether each load and store tests its bounds first.
    """

    module: ir.Module
    target: Target
    buffers: Mapping[str, Buffer]
    slots: Mapping[str, int]
    max_chunks: int
    checked: bool = False


class Kernel:
    """One function being emitted.

    Attributes:
        tid, piece, first, end, chunks, step: its arguments, see `ARGUMENTS`.
    """

    def __init__(self, build: Build, name: str, *, exported: bool = False, infer: bool = False) -> None:
        self.build, self.target, self.module, self.name = build, build.target, build.module, name
        self.lanes, self.groups, self.infer = build.target.lanes, build.target.groups, infer
        arguments = [POINTER] + [I64] * (1 if exported else len(ARGUMENTS))
        self.fn = ir.Function(build.module, ir.FunctionType(VOID, arguments), name)
        for argument, its_name in zip(self.fn.args, ("table", *ARGUMENTS), strict=False):
            argument.name = its_name
        if not exported:
            self.fn.linkage = "internal"
            self.fn.attributes.add("noinline")
        self.ir = ir.IRBuilder(self.fn.append_basic_block("entry"))
        self.table, *rest = self.fn.args
        self.tid, *others = rest
        self.piece, self.first, self.end, self.chunks, self.step = others or (I64(0),) * 5
        self.vector = ir.VectorType(F32, self.lanes)
        self.integers = ir.VectorType(I32, self.lanes)
        self._bases: dict[Any, ir.Value] = {}
        self._slots: dict[str, ir.Value] = {}

    # -- constants and intrinsics ---------------------------------------------------------------------------

    def constant(self, x: float, type_: ir.Type | None = None) -> Value:
        """`x` in every lane, or as `type_`."""
        t = type_ or self.vector
        return Value(self, Splat(t, x) if isinstance(t, ir.VectorType) else ir.Constant(t, x))

    def zeros(self, *shape: int) -> Tile:
        """A tile of accumulators that start at zero."""
        return np.full(shape, self.constant(0.0), object)

    def intrinsic(self, name: str, returns: ir.Type, arguments: Sequence[ir.Type]) -> ir.Function:
        """An LLVM intrinsic or a C function, declared once."""
        known = self.module.globals.get(name)
        return known or ir.Function(self.module, ir.FunctionType(returns, arguments), name)

    def call(self, name: str, *arguments: Value) -> Value:
        """A floating-point intrinsic on values of one type: `call("llvm.sqrt", x)`."""
        t = arguments[0].v.type
        suffix = f"v{t.count}f32" if isinstance(t, ir.VectorType) else ("f32" if t == F32 else "f64")
        fn = self.intrinsic(f"{name}.{suffix}", t, [t] * len(arguments))
        return Value(self, self.ir.call(fn, [a.v for a in arguments]))

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        """a·b + c, rounded once where the target can (elsewhere `llvm.fma` would call libm)."""
        return self.call("llvm.fma" if self.target.fma else "llvm.fmuladd", a, b, c)

    def broadcast(self, scalar: ir.Value) -> ir.Value:
        """A scalar copied into every lane."""
        t = ir.VectorType(scalar.type, self.lanes)
        undefined = Splat(t, ir.Undefined)
        one = self.ir.insert_element(undefined, scalar, I32(0))
        return self.ir.shuffle_vector(one, undefined, ir.Constant(self.integers, None))

    # -- choices, element by element of a tile --------------------------------------------------------------

    def map(self, f: Callable[..., Any], *tiles: Any) -> Any:
        """`f` of each element; a plain value gives a plain value."""
        if not any(isinstance(t, np.ndarray) for t in tiles):
            return f(*tiles)
        return np.frompyfunc(f, len(tiles), 1)(*tiles)

    def compare(self, how: str, a: Any, b: Any, *, unordered: bool = False) -> Any:
        """A mask; `unordered` comparisons are also true where either side is NaN."""
        build = self.ir.fcmp_unordered if unordered else self.ir.fcmp_ordered
        return self.map(lambda x, y: Value(self, build(how, x.v, x._other(y))), a, b)

    def where(self, mask: Any, a: Any, b: Any) -> Any:
        """`a` where the mask is set, else `b`."""
        return self.map(lambda m, x, y: Value(self, self.ir.select(m.v, x.v, x._other(y))), mask, a, b)

    def both(self, a: Any, b: Any) -> Any:
        """Mask and mask."""
        return self.map(lambda x, y: Value(self, self.ir.and_(x.v, y.v)), a, b)

    def either(self, a: Any, b: Any) -> Any:
        """Mask or mask."""
        return self.map(lambda x, y: Value(self, self.ir.or_(x.v, y.v)), a, b)

    def invert(self, a: Any) -> Any:
        """Not mask."""
        return self.map(lambda x: Value(self, self.ir.not_(x.v)), a)

    def relu(self, x: Any) -> Any:
        """max(x, 0); NaN stays NaN."""
        return self.map(lambda v: self.where(self.compare("<", v, 0.0), self.constant(0.0), v), x)

    def maximum(self, a: Any, b: Any) -> Any:
        """The larger; `a` where they are equal; NaN if either is NaN."""
        larger = self.either(self.compare(">", b, a), self.compare("!=", b, b, unordered=True))
        return self.where(larger, b, a)

    def pack(self, mask: Value) -> Value:
        """A mask as 16 bits in memory, one a lane."""
        bits = self.ir.bitcast(mask.v, ir.IntType(self.lanes))
        return Value(self, bits if self.lanes == 16 else self.ir.zext(bits, I16))

    def unpack(self, bits: Value) -> Value:
        """The mask that `pack` made."""
        v = bits.v if self.lanes == 16 else self.ir.trunc(bits.v, ir.IntType(self.lanes))
        return Value(self, self.ir.bitcast(v, ir.VectorType(I1, self.lanes)))

    # -- loops ----------------------------------------------------------------------------------------------

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

    # -- memory ---------------------------------------------------------------------------------------------

    def slot(self, name: str, type_: ir.Type = I64) -> ir.Value:
        """An entry of the table: the address of a buffer, or a scalar of the call."""
        if name not in self._slots:
            with self.ir.goto_entry_block():
                at = self.ir.gep(self.table, [I64(8 * self.build.slots[name])], source_etype=I8)
                self._slots[name] = self.ir.load(at, typ=type_, align=8, name=name)
        return self._slots[name]

    def view(
        self,
        name: str,
        *,
        shape: tuple[int, ...] | None = None,
        element: str = "splat",
        at: int | None = None,
        all_chunks: bool = False,
    ) -> View:
        """A buffer as this kernel sees it.

        A buffer of images gives one vector of images an element, with the group of images as its last index.
        Any other gives, by `element`, a scalar in every lane ("splat"), a "scalar", or a "vector" of as many
        neighbours as there are lanes.

        Args:
            name: of the buffer.
            shape: another shape of as many elements, for a buffer without margins.
            element: how a buffer without images is loaded.
            at: element at which the view starts, in a buffer of one axis.
            all_chunks: put the chunk before the other axes, instead of taking this kernel's own.
        """
        buffer = self.build.buffers[name]
        strides, extents = buffer.strides, buffer.shape
        if shape is not None and shape != buffer.shape:
            assert buffer.padded_shape == buffer.shape, name
            assert at is not None or prod(shape) == prod(buffer.shape), (name, shape, buffer.shape)
            extents = shape
            strides = tuple(buffer.item_bytes * prod(shape[a + 1 :]) for a in range(len(shape)))
        base = self.slot(name, POINTER)
        content = buffer.content_bytes
        if buffer.scope == "chunk" and all_chunks:
            extents, strides = (self.build.max_chunks, *extents), (buffer.stride_bytes, *strides)
            content = buffer.stride_bytes * self.build.max_chunks
        elif buffer.scope != "shared":
            owner = self.tid if buffer.scope == "thread" or self.infer else self.piece
            with self.ir.goto_entry_block():
                offset = self.ir.mul(owner, I64(buffer.stride_bytes))
                base = self.ir.gep(base, [offset], source_etype=I8)
        start = buffer.origin + (at or 0) * buffer.item_bytes
        if start:
            with self.ir.goto_entry_block():
                base = self.ir.gep(base, [I64(start)], source_etype=I8)
        scalar = SCALARS[buffer.dtype]
        align = ITEM_BYTES[buffer.dtype]
        limits = (-start, content - start)
        if buffer.images:
            lanes = ir.VectorType(scalar, self.lanes)
            size = ITEM_BYTES[buffer.dtype] * self.lanes
            return View(
                self, name, base, (*extents, self.groups), (*strides, size), lanes, limits=limits, align=size
            )
        if element == "vector":
            scalar = ir.VectorType(scalar, self.lanes)
        return View(
            self, name, base, extents, strides, scalar, splat=element == "splat", limits=limits, align=align
        )

    def address(self, view: View, byte: Index) -> ir.Value:
        """Pointer into a view; the part that varies is computed once in a stretch without branches."""
        if self.build.checked:
            return self._checked_address(view, byte)
        key = (self.ir.block, view.base, frozenset(byte.terms.items()))
        if key not in self._bases:
            self._bases[key] = (
                self.ir.gep(view.base, [self.number(Index(byte.terms))], source_etype=I8)
                if byte.terms
                else view.base
            )
        base = self._bases[key]
        return self.ir.gep(base, [I64(byte.constant)], source_etype=I8) if byte.constant else base

    def _checked_address(self, view: View, byte: Index) -> ir.Value:
        """The address if it is inside the view; else a spare place, and the fault is written down."""
        at = self.number(byte)
        low, high = view.limits
        width = element_bytes(view.element)
        inside = self.ir.and_(
            self.ir.icmp_signed(">=", at, I64(low)), self.ir.icmp_signed("<=", at, I64(high - width))
        )
        faults = self.slot("faults", POINTER)
        with self.ir.if_then(self.ir.not_(inside), likely=False):
            kernel = self.build.slots[view.name]
            for word, value in enumerate((I64(1), I64(kernel), at, I64(self._number()))):
                self.ir.store(value, self.ir.gep(faults, [I64(8 * word)], source_etype=I8))
        spare = self.ir.gep(faults, [I64(128)], source_etype=I8)
        return self.ir.select(inside, self.ir.gep(view.base, [at], source_etype=I8), spare)

    def _number(self) -> int:
        """Position of this function in the module, to name it after a fault."""
        return [f.name for f in self.module.functions].index(self.name)

    # -- across the lanes -----------------------------------------------------------------------------------

    def sum_lanes(self, a: Value | Product) -> Value:
        """Σ over the lanes, as a scalar, by halves: ((0+8)+(4+12))+…"""
        v = a.value() if isinstance(a, Product) else a
        vector, width = v.v, self.lanes
        while width > 1:
            width //= 2
            low = self._shuffle(vector, vector, range(width))
            high = self._shuffle(vector, vector, range(width, 2 * width))
            vector = self.ir.fadd(low, high)
        return Value(self, self.ir.extract_element(vector, I32(0)))

    def sums_of_lanes(self, accumulators: Sequence[Value]) -> Value:
        """As many accumulators as lanes → one vector: lane t holds the lane sum of accumulator t.

        A butterfly: lanes − 1 additions of shuffled pairs in place of one sum an accumulator.
        """
        assert len(accumulators) == self.lanes
        rows, width = [a.v for a in accumulators], self.lanes
        while len(rows) > 1:
            n, half = len(rows) // 2, width // 2
            low = [
                source * self.lanes + block + i
                for block in range(0, self.lanes, width)
                for source in (0, 1)
                for i in range(half)
            ]
            high = [lane + half for lane in low]
            rows = [
                self.ir.fadd(self._shuffle(a, b, low), self._shuffle(a, b, high))
                for a, b in zip(rows[:n], rows[n:], strict=True)
            ]
            width = half
        return Value(self, rows[0])

    def _shuffle(self, a: ir.Value, b: ir.Value, lanes: Sequence[int]) -> ir.Value:
        return self.ir.shuffle_vector(a, b, lane_numbers(tuple(lanes)))

    def store_sums(self, out: View, index: Sequence[Any], accumulators: Tile) -> None:
        """out[index] = Σ over the lanes of each accumulator of a tile.

        Args:
            out: a view of scalars.
            index: an array of indices for each axis of `out`, which together broadcast to the tile's shape.
            accumulators: the tile.
        """
        where = [a.ravel() for a in np.broadcast_arrays(*index, accumulators)[:-1]]
        flat, n = accumulators.ravel(), accumulators.size
        run = accumulators.shape[-1]
        whole = n - n % self.lanes if self.lanes % run == 0 and out.strides[-1] == 4 else 0
        for start in range(0, whole, self.lanes):
            sums = self.sums_of_lanes(flat[start : start + self.lanes])
            for offset in range(0, self.lanes, run):
                at = tuple(axis[start + offset] for axis in where)
                out.store_run(at, self.part(sums, offset, run))
        for i in range(whole, n):
            out[tuple(axis[i] for axis in where)] = self.sum_lanes(flat[i])

    def transpose(self, rows: Sequence[Value]) -> list[Value]:
        """As many vectors as lanes, as a square matrix, transposed: lane i of row j becomes lane j of row i.

        Source: Eklundh (1972), exchanging ever smaller blocks across the diagonal.
        """
        out = [row.v for row in rows]
        half = self.lanes // 2
        while half:
            low = [i if not i & half else self.lanes + i - half for i in range(self.lanes)]
            high = [i + half if not i & half else self.lanes + i for i in range(self.lanes)]
            for i in range(self.lanes):
                if not i & half:
                    a, b = out[i], out[i | half]
                    out[i], out[i | half] = self._shuffle(a, b, low), self._shuffle(a, b, high)
            half //= 2
        return [Value(self, row) for row in out]

    def part(self, v: Value, start: int, count: int) -> Value:
        """`count` neighbouring lanes."""
        return Value(self, self._shuffle(v.v, v.v, range(start, start + count)))

    def finish(self) -> ir.Function:
        """Close the function."""
        self.ir.ret_void()
        return self.fn


@cache
def lane_numbers(lanes: tuple[int, ...]) -> ir.Constant:
    """The mask of a shuffle; the same ones come again and again."""
    return ir.Constant(ir.VectorType(I32, len(lanes)), lanes)


def element_bytes(t: ir.Type) -> int:
    """Bytes of one load of type `t`."""
    if isinstance(t, ir.VectorType):
        return int(t.count) * element_bytes(t.element)
    return {F32: 4, I8: 1, I16: 2, I32: 4}.get(t, 8)
