"""Pictures for a page: PNGs in `data:` addresses, large ones thinned out."""

import base64
import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from codec.png.packing import deflate_rows
from codec.png.reading import INDEXED
from codec.png.truecolor import encode_pixels
from codec.png.writing import palette_chunks, wrap_idat

if TYPE_CHECKING:
    from codec.indexed import IndexedImage

Pixels = npt.NDArray[np.uint8]

# Of what is larger so many pixels are shown at most, enough for a screen.
MAX_SHOWN_PIXELS = 1 << 21


def shown_step(height: int, width: int) -> int:
    """Tell that every so many pixels of every so many rows are shown; 1: all of them.

    Pixels are left out, not averaged, for means hide errors and have colors of their own.
    """
    return math.isqrt((height * width - 1) // MAX_SHOWN_PIXELS) + 1


def pixels_address(pixels: Pixels, step: int = 1) -> str:
    """Write the pixels that are shown, of shape (H, W, C), as a PNG in an address."""
    return png_address(encode_pixels(pixels[::step, ::step]))


def indexed_address(indexed: "IndexedImage", step: int = 1) -> str:
    """Write the pixels that are shown of an indexed image, whose labels stay what they are."""
    labels = np.ascontiguousarray(indexed.labels[::step, ::step])
    idat = deflate_rows(labels, "default")
    height, width = labels.shape
    chunks = tuple(palette_chunks(indexed.codebook))
    return png_address(wrap_idat(width, height, 8, INDEXED, idat, chunks))


def png_address(png: bytes) -> str:
    """Write a PNG as an address that has all of it."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
