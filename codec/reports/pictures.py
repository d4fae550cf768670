"""Pictures for a page: PNGs in `data:` addresses, large ones thinned out."""

import base64
import math

import numpy as np
import numpy.typing as npt

from codec.colors.histogram import count_colors
from codec.colors.pixels import pack_colors
from codec.indexed import IndexedImage
from codec.limits import MAX_CODEBOOK_SIZE
from codec.png.packing import deflate_rows
from codec.png.reading import INDEXED
from codec.png.truecolor import encode_pixels
from codec.png.writing import wrap_idat

Pixels = npt.NDArray[np.uint8]

# Of what is larger so many pixels are shown at most, enough for a screen.
MAX_SHOWN_PIXELS = 1 << 21


def shown_step(height: int, width: int) -> int:
    """Tell that every so many pixels of every so many rows are shown; 1: all of them.

    Pixels are left out, not averaged, for means hide errors and have colors of their own.
    """
    return math.isqrt((height * width - 1) // MAX_SHOWN_PIXELS) + 1


def with_codebook(pixels: Pixels) -> IndexedImage | None:
    """Write pixels of shape (H, W, C) as labels and their colors; None if these are too many."""
    colors = count_colors(pixels).colors
    if len(colors) > MAX_CODEBOOK_SIZE:
        return None
    labels = np.searchsorted(pack_colors(colors), pack_colors(pixels)).astype(np.uint8)
    return IndexedImage(labels, colors)


def pixels_address(pixels: Pixels, step: int = 1) -> str:
    """Write the pixels that are shown, of shape (H, W, C), as a PNG in an address."""
    return _address(encode_pixels(pixels[::step, ::step]))


def indexed_address(indexed: IndexedImage, step: int = 1) -> str:
    """Write the pixels that are shown of an indexed image, whose labels stay what they are."""
    labels = np.ascontiguousarray(indexed.labels[::step, ::step])
    codebook = indexed.codebook
    with_alpha = indexed.channels in (2, 4)
    colors = codebook[:, :-1] if with_alpha else codebook
    chunks = [(b"PLTE", np.broadcast_to(colors, (len(colors), 3)).tobytes())]
    if with_alpha:
        chunks.append((b"tRNS", codebook[:, -1].tobytes()))
    idat = deflate_rows(labels, "default")
    height, width = labels.shape
    return _address(wrap_idat(width, height, 8, INDEXED, idat, tuple(chunks)))


def _address(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
