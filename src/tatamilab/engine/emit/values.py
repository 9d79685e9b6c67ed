"""Values, affine indices, views of memory: the nouns of the notation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import ir

if TYPE_CHECKING:
    from tatamilab.engine.emit.arithmetic import Arithmetic
    from tatamilab.engine.emit.kernel import Kernel

F32, F64 = ir.FloatType(), ir.DoubleType()
I1, I8, I16, I32, I64 = (ir.IntType(bits) for bits in (1, 8, 16, 32, 64))
POINTER, VOID = ir.PointerType(), ir.VoidType()
SCALARS = {"f32": F32, "f64": F64, "u8": I8, "u16": I16, "i32": I32, "i64": I64}

Tile = Any
"""An object array of `Value`: the accumulators, or the operands, of a register tile."""


class Splat(ir.Constant):
    """A number in every lane, written once: lists of sixteen would be most of a module's text."""

    def get_reference(self) -> str:
        """How LLVM reads it."""
        return f"splat ({self.constant[0]})"


class Index:
    """An affine expression of loop counters: Σ coefficient × counter, plus a constant."""

    __slots__ = ("constant", "terms")

    def __init__(self, terms: Mapping[ir.Value, int], constant: int = 0) -> None:
        self.terms = terms
        self.constant = constant

    def __add__(self, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        if not isinstance(other, Index):
            return Index(self.terms, self.constant + int(other))
        terms = dict(self.terms)
        for counter, coefficient in other.terms.items():
            terms[counter] = terms.get(counter, 0) + coefficient
        return Index(terms, self.constant + other.constant)

    def __sub__(self, other: int) -> Index:
        return Index(self.terms, self.constant - other)

    def __mul__(self, factor: Any) -> Any:
        if isinstance(factor, np.ndarray):
            return NotImplemented
        return Index({c: k * int(factor) for c, k in self.terms.items()}, self.constant * int(factor))

    __radd__, __rmul__ = __add__, __mul__


class Value:
    """An LLVM value with arithmetic; mixing types raises."""

    __slots__ = ("k", "v")

    def __init__(self, k: Arithmetic, v: ir.Value) -> None:
        self.k = k
        self.v = v

    def _other(self, other: Any) -> ir.Value:
        if isinstance(other, Product):
            other = other.value()
        if isinstance(other, (int, float)):
            return self.k.constant(other, self.v.type).v
        if other.v.type != self.v.type:
            raise TypeError(f"{self.v.type} with {other.v.type}")
        return other.v

    def _binary(self, other: Any, build: Callable[[ir.Value, ir.Value], ir.Value]) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return Value(self.k, build(self.v, self._other(other)))

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Product):
            return self.k.fma(other.a, other.b, self)
        return self._binary(other, self.k.ir.fadd)

    def __sub__(self, other: Any) -> Any:
        return self._binary(other, self.k.ir.fsub)

    def __rsub__(self, other: float) -> Value:
        return self.k.constant(other, self.v.type) - self

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return Product(self, Value(self.k, self._other(other)))

    def __truediv__(self, other: Any) -> Any:
        return self._binary(other, self.k.ir.fdiv)

    def __rtruediv__(self, other: float) -> Value:
        return self.k.constant(other, self.v.type) / self

    def __neg__(self) -> Value:
        return Value(self.k, self.k.ir.fneg(self.v))

    __radd__, __rmul__ = __add__, __mul__


class Product:
    """a·b not yet computed: adding it to something makes a fused multiply-add."""

    __slots__ = ("a", "b")

    def __init__(self, a: Value, b: Value) -> None:
        self.a = a
        self.b = b

    def value(self) -> Value:
        """The product itself, rounded."""
        return Value(self.a.k, self.a.k.ir.fmul(self.a.v, self.b.v))

    def __add__(self, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        if isinstance(other, (int, float)):
            return self.value() + other
        return (other.value() if isinstance(other, Product) else other) + self

    def __sub__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, np.ndarray) else self.value() - other

    def __rsub__(self, other: Any) -> Any:
        return self.value().__rsub__(other)

    def __mul__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, np.ndarray) else self.value() * other

    def __truediv__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, np.ndarray) else self.value() / other

    __radd__, __rmul__ = __add__, __mul__


class View:
    """Memory with axes, seen in one way.

    Args:
        k: the kernel being emitted.
        name: for messages.
        base: pointer to element (0, 0, …).
        shape: extent of each axis.
        strides: bytes between neighbours along each axis.
        element: the LLVM type of one load.
        splat: whether a loaded scalar is copied into every lane.
        limits: (lowest, highest + 1) byte that may be touched, relative to `base`.
    """

    def __init__(
        self,
        k: Kernel,
        name: str,
        base: ir.Value,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        element: ir.Type,
        *,
        splat: bool = False,
        limits: tuple[int, int],
        align: int = 4,
    ) -> None:
        self.k, self.name, self.base = k, name, base
        self.shape, self.strides = shape, strides
        self.element, self.splat, self.limits, self.align = element, splat, limits, align

    def address(self, index: tuple[Any, ...]) -> ir.Value:
        """Pointer to one element."""
        if len(index) != len(self.shape):
            raise IndexError(f"{self.name}: {len(index)} indices for {len(self.shape)} axes")
        total = Index({}, 0)
        for i, stride in zip(index, self.strides, strict=True):
            total = total + (i * stride if isinstance(i, Index) else int(i) * stride)
        return self.k.address(self, total)

    def __getitem__(self, index: Any) -> Any:
        def load(at: tuple[Any, ...]) -> Value:
            loaded = self.k.ir.load(self.address(at), typ=self.element, align=self.align)
            return Value(self.k, self.k.broadcast(loaded) if self.splat else loaded)

        arrays: Any = np.broadcast_arrays(*(np.asarray(i, dtype=object) for i in _tuple(index)))
        if arrays[0].ndim == 0:
            return load(tuple(a.item() for a in arrays))
        tile: Tile = np.empty(arrays[0].shape, object)
        for at in np.ndindex(tile.shape):
            tile[at] = load(tuple(a[at] for a in arrays))
        return tile

    def store_run(self, index: tuple[Any, ...], value: Value) -> None:
        """Store neighbouring scalars along the last axis from the lanes of a vector, starting at `index`."""
        self.k.ir.store(value.v, self.address(index), align=self.align)

    def __setitem__(self, index: Any, value: Any) -> None:
        arrays: Any = np.broadcast_arrays(*(np.asarray(i, dtype=object) for i in (*_tuple(index), value)))
        for at in np.ndindex(arrays[0].shape):
            v = arrays[-1][at]
            v = v.value() if isinstance(v, Product) else v
            if v.v.type != self.element:
                raise TypeError(f"{self.name} holds {self.element}, got {v.v.type}")
            self.k.ir.store(v.v, self.address(tuple(a[at] for a in arrays[:-1])), align=self.align)


def _tuple(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def element_bytes(t: ir.Type) -> int:
    """Bytes of one load of type `t`."""
    if isinstance(t, ir.VectorType):
        return int(t.count) * element_bytes(t.element)
    return {F32: 4, I8: 1, I16: 2, I32: 4}.get(t, 8)
