"""The matrices A, B and G, and how a row of one is applied."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from tatamilab.engine.blocks import Block
from tatamilab.engine.emit.kernel import Kernel
from tatamilab.engine.graph import Conv2D
from tatamilab.engine.kernels.context import Context

POINTS = tuple(Fraction(p) for p in ("0", "1", "-1", "1/2", "-1/2", "2", "-2"))
"""Where the polynomials are evaluated, beside infinity: small powers of two, whose arithmetic is exact."""


@dataclass(frozen=True)
class Transforms:
    """The three matrices for m outputs of r taps; all float32 when emitted.

    Args:
        outputs: A, (m, n).
        kernel: G, (n, r).
        input: B, (n, n); each row is scaled so that its largest entry is ±1, and G's the other way.
    """

    outputs: np.ndarray
    kernel: np.ndarray
    input: np.ndarray

    @property
    def pairs(self) -> list[tuple[int, ...]]:
        """Points ±p side by side, whose even and odd parts are shared; others alone."""
        n = len(self.input)
        out: list[tuple[int, ...]] = [(0,)]
        at = 1
        while at < n - 1:
            out.append((at, at + 1) if at + 1 < n - 1 else (at,))
            at += len(out[-1])
        return [*out, (n - 1,)]


@cache
def transforms(m: int, r: int) -> Transforms:
    """The matrices for m outputs of r taps.

    Example:
        >>> t = transforms(2, 3)
        >>> t.outputs.shape, t.kernel.shape, t.input.shape
        ((2, 4), (4, 3), (4, 4))
    """
    n = m + r - 1
    points = POINTS[: n - 1]

    def evaluate(terms: int) -> np.ndarray:
        rows = [[float(p**e) for e in range(terms)] for p in points]
        return np.array([*rows, [0.0] * (terms - 1) + [1.0]])

    inverse = np.linalg.inv(evaluate(n)).T
    scale = 1 / np.abs(inverse).max(axis=1, keepdims=True)
    inverse = np.where(np.abs(inverse) < 1e-12, 0, inverse)
    return Transforms(outputs=evaluate(m).T, kernel=evaluate(r) / scale, input=inverse * scale)


def combine(k: Kernel, coefficients: np.ndarray, terms: list[Any]) -> Any:
    """Σ coefficient × term without the zeros; ones are not multiplied. None if nothing is left."""
    total: Any = None
    for coefficient, term in zip(coefficients, terms, strict=True):
        factor = float(coefficient)
        if factor == 0:
            continue
        if total is None:
            total = term if factor == 1 else k.map(lambda v, f=factor: (v * f).value(), term)
        elif factor == 1:
            total = total + term
        elif factor == -1:
            total = total - term
        else:
            total = total + k.map(lambda v, f=factor: v * f, term)
    return total


def apply_paired(k: Kernel, matrix: np.ndarray, pair: tuple[int, ...], terms: list[Any]) -> list[Any]:
    """Rows `pair` of matrix · terms. Rows of ±p differ in the signs of the odd terms only, up to one sign."""
    if len(pair) == 1:
        return [combine(k, matrix[pair[0]], terms)]
    plus, minus = matrix[pair[0]], matrix[pair[1]]
    for sign in (1, -1):
        even, odd = (plus + sign * minus) / 2, (plus - sign * minus) / 2
        if not np.any((even != 0) & (odd != 0)):
            a, b = combine(k, even, terms), combine(k, odd, terms)
            return [a + b, a - b if sign == 1 else b - a]
    return [combine(k, matrix[t], terms) for t in pair]


def apply(k: Kernel, matrix: np.ndarray, pairs: list[tuple[int, ...]], terms: list[Any]) -> list[Any]:
    """matrix · terms, with the pairs of points sharing what they have in common."""
    return [value for pair in pairs for value in apply_paired(k, matrix, pair, terms)]


@dataclass(frozen=True)
class Shape:
    """Extents of a convolution that is computed this way."""

    m: int
    taps: int
    height: int
    depth: int
    filters: int
    rows: int
    columns: int

    @property
    def n(self) -> int:
        """Points."""
        return self.m + self.taps - 1

    @property
    def tiles(self) -> int:
        """Column tiles; the last may reach over the edge."""
        return -(-self.columns // self.m)


def shape_of(c: Context, block: Block) -> Shape:
    """The extents, with the rows and columns that a pool drops not counted."""
    node = block.node
    assert isinstance(node, Conv2D)
    height, taps, depth, filters = c.plan.graph.parameter(node.kernel).shape
    rows, columns, _ = node.shape
    if block.pool:
        rows, columns = 2 * block.shape[0], 2 * block.shape[1]
    m = c.plan.column_tile(block)
    assert m is not None
    return Shape(m, taps, height, depth, filters, rows, columns)
