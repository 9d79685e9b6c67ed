"""Across the lanes of a vector: sums, transpositions, masks as bits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir

from tatamilab.engine.emit.arithmetic import Arithmetic
from tatamilab.engine.emit.values import I1, I16, I32, Product, Tile, Value, View


class Lanes(Arithmetic):
    """The part of `Kernel` in which lanes meet; everywhere else each image is alone."""

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

    def pack(self, mask: Value) -> Value:
        """A mask as 16 bits in memory, one a lane."""
        bits = self.ir.bitcast(mask.v, ir.IntType(self.lanes))
        return Value(self, bits if self.lanes == 16 else self.ir.zext(bits, I16))

    def unpack(self, bits: Value) -> Value:
        """The mask that `pack` made."""
        v = bits.v if self.lanes == 16 else self.ir.trunc(bits.v, ir.IntType(self.lanes))
        return Value(self, self.ir.bitcast(v, ir.VectorType(I1, self.lanes)))


@cache
def lane_numbers(lanes: tuple[int, ...]) -> ir.Constant:
    """The mask of a shuffle; the same ones come again and again."""
    return ir.Constant(ir.VectorType(I32, len(lanes)), lanes)
