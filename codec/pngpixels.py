"""PNGs that Pillow would cut to 8 bits or give a wrong transparent color, decoded by us."""

from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError
from codec.formats.pngfile import GREY, INDEXED, RGB, PngFile, decode_samples

Pixels = npt.NDArray[np.uint8]


def needs_own_decoder(png: PngFile) -> bool:
    """Tell the PNGs that Pillow would cut to 8 bits or give a wrong transparent color."""
    keyed = b"tRNS" in png.chunks and png.header.color_type != INDEXED
    return png.header.depth == 16 or keyed


def decode_png(png: PngFile, notices: list[str]) -> Pixels:
    """Decode a PNG that `needs_own_decoder`.

    Parameters
    ----------
    png : PngFile
        Grey, RGB, grey with alpha or RGBA.
    notices : list of str
        Told of 16-bit samples.

    Returns
    -------
    pixels : ndarray of shape (H, W, C), dtype uint8
        A transparent color became an alpha channel.

    Raises
    ------
    FormatError, ImageError
        The file is damaged.
    """
    samples = decode_samples(png)
    header, key = png.header, png.chunks.get(b"tRNS")
    opacity = None
    if key is not None and header.color_type in (GREY, RGB):
        if len(key) != 2 * header.samples:
            raise ImageError("the PNG's transparent color is damaged", "damaged")
        transparent = np.frombuffer(key, dtype=">u2")
        opacity = np.where((samples == transparent).all(axis=2), 0, 255).astype(np.uint8)
    if header.depth == 16:
        pixels = scale_16_bits(samples, notices)
    else:
        pixels = (samples * np.uint8(255 // (2**header.depth - 1))).astype(np.uint8)
    return pixels if opacity is None else np.dstack([pixels, opacity])


def scale_16_bits(samples: npt.NDArray[Any], notices: list[str]) -> Pixels:
    """Scale 0..65535 to 0..255, rounding to nearest.

    Parameters
    ----------
    samples : ndarray of shape (H, W) or (H, W, S), dtype uint16
        Any byte order.
    notices : list of str
        Told that it was done.

    Returns
    -------
    pixels : ndarray of the same shape, dtype uint8
        ``round(samples / 257)``.
    """
    notices.append("16-bit samples are rounded to 8 bits")
    table = ((np.arange(65536, dtype=np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    scaled = np.empty(samples.shape, dtype=np.uint8)
    for row, wide in zip(scaled, samples, strict=True):
        row[...] = table[wide]
    return scaled
