"""Samples of more than 8 bits become 8."""

from typing import Any

import numpy as np
import numpy.typing as npt

ROUNDED = "16-bit samples are rounded to 8 bits"


def rounded(bits: int) -> str:
    """Say that samples of so many bits were rounded."""
    return ROUNDED.replace("16", str(bits), 1)


def scale_to_8_bits(samples: npt.NDArray[Any], bits: int = 16) -> npt.NDArray[np.uint8]:
    """Scale 0..2**bits-1 to 0..255, rounding to nearest. Whoever does so says `rounded`.

    Parameters
    ----------
    samples : ndarray of shape (H, W) or (H, W, S), dtype uint16
        Any byte order.
    bits : int
        9 to 16.

    Returns
    -------
    pixels : ndarray of the same shape, dtype uint8
        For 16 bits ``round(samples / 257)``.
    """
    highest = 2**bits - 1
    table = ((np.arange(highest + 1, dtype=np.uint32) * 255 + highest // 2) // highest).astype(
        np.uint8
    )
    scaled = np.empty(samples.shape, dtype=np.uint8)
    for row, wide in zip(scaled, samples, strict=True):
        row[...] = table[wide]
    return scaled
