"""The arithmetic behind one number of a convolution layer's output."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab.errors import BadInput
from tatamilab.i18n import _


@dataclass(frozen=True, eq=False)
class PixelArithmetic:
    """How one output of a convolution came about.

    Attributes:
        place: row and column of the output.
        filter: its channel.
        corner: row and column of the patch's first pixel in the input; negative in the padding.
        patch: float64 (h, w, c), what the filter saw, zeros in the padding.
        kernel: float64 (h, w, c), the filter.
        products: float64 (h, w, c), patch × kernel.
        bias: of the filter.
        linear: sum of the products, plus the bias: what the activation is applied to.
    """

    place: tuple[int, int]
    filter: int
    corner: tuple[int, int]
    patch: NDArray[np.float64]
    kernel: NDArray[np.float64]
    products: NDArray[np.float64]
    bias: float
    linear: float


def pixel_arithmetic(
    image: ArrayLike,
    kernel: ArrayLike,
    bias: ArrayLike,
    place: tuple[int, int],
    filter: int,
    *,
    strides: tuple[int, int] = (1, 1),
    padding: str = "valid",
    dilation: tuple[int, int] = (1, 1),
) -> PixelArithmetic:
    """The numbers behind output (i, j) of one filter.

        y[i,j,o] = b[o] + Σ_{u,v,c} x[s·i + d·u - p, s·j + d·v - q, c] · w[u,v,c,o]

    This is a correlation: the kernel lies on the patch as it is drawn. A convolution in the mathematician's sense would
    turn it by 180° first; the layer does not, and learned filters would only come out turned.

    Args:
        image: what the layer reads (rows, columns, c).
        kernel: (h, w, c, o).
        bias: (o,).
        place: row and column of the output, from 0.
        filter: o, from 0.
        strides: s, rows and columns.
        padding: "valid" (p = q = 0) or "same" (Keras's: the surplus pixel of an odd padding is at the end).
        dilation: d, rows and columns.

    Raises:
        BadInput: there is no such output or filter.

    Numerics:
        float64; the network adds float32 numbers in another order and differs by rounding.
    """
    x, w = np.asarray(image, dtype=np.float64), np.asarray(kernel, dtype=np.float64)
    sizes = _output_size(x.shape[:2], w.shape[:2], strides, padding, dilation)
    if not (0 <= place[0] < sizes[0] and 0 <= place[1] < sizes[1] and 0 <= filter < w.shape[3]):
        raise BadInput(
            _(
                "The layer's output has {rows} rows, {columns} columns and {filters} filters, each counted "
                "from 0; there is no place {place} of filter {filter}.",
                rows=sizes[0],
                columns=sizes[1],
                filters=w.shape[3],
                place=place,
                filter=filter,
            )
        )
    before = _padding_before(x.shape[:2], w.shape[:2], sizes, strides, padding, dilation)
    rows, columns = (
        strides[axis] * place[axis] - before[axis] + dilation[axis] * np.arange(w.shape[axis])
        for axis in range(2)
    )
    patch = _taken(x, rows, columns)
    products = patch * w[..., filter]
    b = float(np.asarray(bias)[filter])
    corner = (int(rows[0]), int(columns[0]))
    return PixelArithmetic(
        place, filter, corner, patch, w[..., filter], products, b, float(products.sum() + b)
    )


def _output_size(
    image: tuple[int, ...],
    kernel: tuple[int, ...],
    strides: tuple[int, int],
    padding: str,
    dilation: tuple[int, int],
) -> list[int]:
    if padding == "same":
        return [-(-image[axis] // strides[axis]) for axis in range(2)]
    return [(image[axis] - dilation[axis] * (kernel[axis] - 1) - 1) // strides[axis] + 1 for axis in range(2)]


def _padding_before(
    image: tuple[int, ...],
    kernel: tuple[int, ...],
    sizes: list[int],
    strides: tuple[int, int],
    padding: str,
    dilation: tuple[int, int],
) -> list[int]:
    if padding != "same":
        return [0, 0]
    reach = [strides[axis] * (sizes[axis] - 1) + dilation[axis] * (kernel[axis] - 1) + 1 for axis in range(2)]
    return [max(reach[axis] - image[axis], 0) // 2 for axis in range(2)]


def _taken(
    x: NDArray[np.float64], rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The pixels at these rows and columns, 0 outside of the image."""
    inside_rows, inside_columns = (rows >= 0) & (rows < x.shape[0]), (columns >= 0) & (columns < x.shape[1])
    patch = x[np.ix_(np.clip(rows, 0, x.shape[0] - 1), np.clip(columns, 0, x.shape[1] - 1))]
    return np.where((inside_rows[:, None] & inside_columns)[..., None], patch, 0.0)
