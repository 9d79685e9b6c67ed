"""An image moved by whole pixels, and turned: whether a network still reads it so."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage


def shifted(image: ArrayLike, reach: int) -> NDArray[np.float32]:
    """The image moved down and to the right by -reach to reach pixels each; what comes in is 0.

        y[a,b] = image moved by a - reach rows and b - reach columns

    Args:
        image: (h, w).
        reach: below h and w.

    Returns:
        float32 (2·reach + 1, 2·reach + 1, h, w).

    Example:
        >>> shifted([[1.0, 2.0], [3.0, 4.0]], 1)[1, 2].tolist()
        [[0.0, 1.0], [0.0, 3.0]]
    """
    x = np.asarray(image, dtype=np.float32)
    padded = np.pad(x, reach)
    windows = np.lib.stride_tricks.sliding_window_view(padded, x.shape)
    return np.ascontiguousarray(windows[::-1, ::-1])


def turned(image: ArrayLike, degrees: ArrayLike) -> NDArray[np.float32]:
    """The image turned about its middle, anticlockwise, by each angle; between pixels linearly.

    Args:
        image: (h, w).
        degrees: (n,).

    Returns:
        float32 (n, h, w).
    """
    x = np.asarray(image, dtype=np.float32)
    angles = np.asarray(degrees, dtype=np.float64)
    return np.stack([ndimage.rotate(x, angle, reshape=False, order=1) for angle in angles]).astype(np.float32)
