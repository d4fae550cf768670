"""Samples of 16 bits become 8."""

from typing import Any

import numpy as np
import numpy.typing as npt

ROUNDED = "16-bit samples are rounded to 8 bits"


def scale_16_bits(samples: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Scale 0..65535 to 0..255, rounding to nearest. Whoever does so says that it is `ROUNDED`.

    Parameters
    ----------
    samples : ndarray of shape (H, W) or (H, W, S), dtype uint16
        Any byte order.

    Returns
    -------
    pixels : ndarray of the same shape, dtype uint8
        ``round(samples / 257)``.
    """
    table = ((np.arange(65536, dtype=np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    scaled = np.empty(samples.shape, dtype=np.uint8)
    for row, wide in zip(scaled, samples, strict=True):
        row[...] = table[wide]
    return scaled
