"""Displays of few bits a channel, and the colors that they can show.

A level of n bits is written with 8 by repeating its bits from the top, as displays and their
drivers do: 0 stays 0, the highest level becomes 255, and all are spread evenly.
"""

import functools

import numpy as np
import numpy.typing as npt

from codec.options import PALETTE_DEPTHS

Bytes = npt.NDArray[np.uint8]


def shows_greys(depth: str | None) -> bool:
    """Tell whether levels of red, green and blue are the same ones, so that grey stays grey."""
    return depth is None or len(set(depth)) == 1


def as_shown(colors: Bytes, depth: str | None) -> Bytes:
    """Round colors to what a display can show; alpha stays.

    Parameters
    ----------
    colors : ndarray of shape (K, C), dtype uint8
        Any colors; grey ones only if `shows_greys`.
    depth : {'888', '565', '555', '444', '332'} or None
        Bits of red, green and blue; None is all of them.

    Returns
    -------
    colors : ndarray of shape (K, C), dtype uint8
        Each channel at its nearest level, of two the lower.
    """
    if depth in (None, PALETTE_DEPTHS[0]):
        return colors
    shown = colors.copy()
    for channel in range(3 if colors.shape[1] >= 3 else 1):
        shown[:, channel] = _nearest_levels(int(depth[channel]))[colors[:, channel]]
    return shown


@functools.cache
def _nearest_levels(bits: int) -> Bytes:
    """Make the table of the nearest level of every value; ndarray of shape (256,)."""
    numbers = np.arange(1 << bits, dtype=np.int64)
    levels, shift = np.zeros_like(numbers), 8 - bits
    while shift > -bits:
        levels |= numbers << shift if shift >= 0 else numbers >> -shift
        shift -= bits
    distances = np.abs(np.arange(256)[:, None] - levels)
    table: Bytes = levels[distances.argmin(axis=1)].astype(np.uint8)
    return table
