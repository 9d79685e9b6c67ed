"""`Kernel`: one function being emitted, with its loops, tiles, sums and constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from llvmlite import ir

from tatamilab.engine.buffers import ITEM_BYTES, Buffer
from tatamilab.engine.emit.lanes import Lanes
from tatamilab.engine.emit.loops import Loops
from tatamilab.engine.emit.values import (
    F32,
    I8,
    I32,
    I64,
    POINTER,
    SCALARS,
    VOID,
    Index,
    View,
    element_bytes,
)
from tatamilab.engine.schedule import Schedule
from tatamilab.engine.target import Target

ARGUMENTS = ("tid", "piece", "first", "end", "chunks", "step")
"""What every kernel is called with, after the table of addresses: the thread; which chunk of the batch or
slice of the parameters; where in the order the chunk starts and the batch ends; how many chunks the batch has;
which step this is."""


@dataclass(frozen=True, kw_only=True)
class Build:
    """What all kernels of a module share.

    Args:
        module: the LLVM module.
        target: the register file to write for.
        buffers: every buffer by name.
        slots: position of each buffer's address, and of each scalar, in the table.
        max_chunks: chunks in a full batch.
        schedule: how much is in registers at once.
        checked: whether each load and store tests its bounds first.
    """

    module: ir.Module
    target: Target
    buffers: Mapping[str, Buffer]
    slots: Mapping[str, int]
    max_chunks: int
    schedule: Schedule
    checked: bool = False


class Kernel(Loops, Lanes):
    """One function being emitted.

    Attributes:
        tid, piece, first, end, chunks, step: its arguments, see `ARGUMENTS`.
    """

    def __init__(self, build: Build, name: str, *, exported: bool = False, infer: bool = False) -> None:
        self.build, self.target, self.module, self.name = build, build.target, build.module, name
        self.lanes, self.groups, self.infer = build.target.lanes, build.target.groups, infer
        self.schedule = build.schedule
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

    def finish(self) -> ir.Function:
        """Close the function."""
        self.ir.ret_void()
        return self.fn
