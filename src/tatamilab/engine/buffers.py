"""Memory as the plan sees it: names, axes, scopes. No addresses here."""

from dataclasses import dataclass
from math import prod
from typing import Literal

from tatamilab.engine.target import IMAGES_PER_CHUNK

Scope = Literal["shared", "thread", "chunk"]
ITEM_BYTES = {"f32": 4, "f64": 8, "u8": 1, "u16": 2, "i32": 4, "i64": 8}
GUARD_BYTES = 256
"""Kept free after every buffer: a vector load at the end of a row may look past it, a store never does."""


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """One array, or one for each thread, or one for each chunk of a batch.

    Args:
        name: unique in a plan.
        shape: extents of the axes, without the images.
        images: whether each element is 16 values, one an image, contiguous and last.
        dtype: "f32", "f64", "u8", "i32" or "i64".
        scope: "shared" by all; private to a "thread"; kept for each "chunk" of the batch.
        margin: extra elements (before, after) on the first two axes; they hold zeros for ever.
        external: the caller gives the memory with each call.
    """

    name: str
    shape: tuple[int, ...]
    images: bool = False
    dtype: str = "f32"
    scope: Scope = "shared"
    margin: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))
    external: bool = False

    @property
    def padded_shape(self) -> tuple[int, ...]:
        """Extents with the margins."""
        if self.margin == ((0, 0), (0, 0)):
            return self.shape
        (top, bottom), (left, right) = self.margin
        rows, columns, *rest = self.shape
        return (rows + top + bottom, columns + left + right, *rest)

    @property
    def item_bytes(self) -> int:
        """Bytes between neighbours along the last axis."""
        return ITEM_BYTES[self.dtype] * (IMAGES_PER_CHUNK if self.images else 1)

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes between neighbours along each axis."""
        shape = self.padded_shape
        return tuple(self.item_bytes * prod(shape[axis + 1 :]) for axis in range(len(shape)))

    @property
    def origin(self) -> int:
        """Byte of the first element that is not margin."""
        (top, _), (left, _) = self.margin
        return sum(n * s for n, s in zip((top, left), self.strides, strict=False)) if top or left else 0

    @property
    def content_bytes(self) -> int:
        """Bytes of one instance, margins included."""
        return self.item_bytes * prod(self.padded_shape)

    @property
    def stride_bytes(self) -> int:
        """Bytes from one thread's or chunk's instance to the next: whole cache lines, and a guard."""
        return -(-self.content_bytes // 64) * 64 + GUARD_BYTES
