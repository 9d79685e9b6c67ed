"""Reads one image file of any kind that Pillow knows, as red, green and blue bytes."""

import io
import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tatamilab.data.dataset import Images
from tatamilab.i18n import _

if TYPE_CHECKING:
    from PIL import Image


MOST_PIXELS = 36_000_000
"""Pixels of an image, beyond which it would take too much memory: 6000 × 6000."""


class UnreadableImage(Exception):
    """An image cannot be read; the message is the reason, as part of a sentence."""


class Picture(NamedTuple):
    """One image.

    Args:
        original: as it is, uint8 (h, w, 3); `None` if it is too large to be kept so.
        resized: its central square, resized, uint8 (side, side, 3).
        size: its columns and rows.
        is_grey: whether red, green and blue are equal everywhere.
        had_transparency: whether it was laid on white.
    """

    original: Images | None
    resized: Images
    size: tuple[int, int]
    is_grey: bool
    had_transparency: bool


def read_picture(content: bytes, largest_kept_side: int, side: int) -> Picture:
    """Decode an image file.

    Args:
        content: the file.
        largest_kept_side: an image with more rows or columns is kept only resized.
        side: rows and columns of the resized image.

    Raises:
        UnreadableImage: it is no image, damaged, or so large that it may be a decompression bomb.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.filterwarnings("ignore", category=UserWarning, module="PIL")  # odd metadata
            with Image.open(io.BytesIO(content)) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise Image.DecompressionBombError
                upright = ImageOps.exif_transpose(opened)
                had_transparency = upright.has_transparency_data
                colours = _on_white(upright)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as problem:
        limit = min(Image.MAX_IMAGE_PIXELS or MOST_PIXELS, MOST_PIXELS)
        raise UnreadableImage(_("it has more than {limit:,} pixels", limit=limit)) from problem
    except Exception as problem:  # a decoder of foreign bytes may raise anything
        raise UnreadableImage(_("it is damaged, or no image")) from problem
    resized = np.asarray(ImageOps.fit(colours, (side, side), Image.Resampling.LANCZOS))
    keep = max(colours.size) <= largest_kept_side
    original = np.asarray(colours) if keep else None
    return Picture(
        original, resized, colours.size, bool(np.ptp(resized, axis=-1).max() == 0), had_transparency
    )


def _on_white(image: "Image.Image") -> "Image.Image":
    """`image` in red, green and blue; what is transparent shows white; 16-bit grey is scaled to 8 bits."""
    from PIL import Image

    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        raise UnreadableImage
    if not image.has_transparency_data:
        return image.convert("RGB")
    layers = image.convert("RGBA")
    white = Image.new("RGBA", layers.size, "white")
    return Image.alpha_composite(white, layers).convert("RGB")
