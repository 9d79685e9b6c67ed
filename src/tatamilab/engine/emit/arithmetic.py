"""Constants, intrinsics and choices: what a kernel computes with, element by element of a tile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from tatamilab.engine.emit.values import F32, I32, Splat, Tile, Value
from tatamilab.engine.target import Target


class Arithmetic:
    """The part of `Kernel` that makes values from values.

    Attributes:
        module, fn, ir: the LLVM module, the function in it, and where instructions go next.
        target: the register file to write for.
        lanes, groups: of its vectors.
        vector, integers: their types, of float32 and of int32.
    """

    module: ir.Module
    fn: ir.Function
    ir: ir.IRBuilder
    target: Target
    lanes: int
    groups: int
    vector: ir.VectorType
    integers: ir.VectorType

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
