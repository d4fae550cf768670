"""Palettes of greys make grey pictures, in whatever file they stand."""

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


def without_color(pixels: Pixels) -> Pixels:
    """Make a picture grey if every pixel is; for pictures that had a palette.

    Those that are stored as colors stay colors, as their writers meant them.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        Any C.

    Returns
    -------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        A view with a single color, and alpha if there was any, where all three were the same.
    """
    if pixels.ndim == 2 or pixels.shape[2] < 3:
        return pixels
    for row in pixels:  # of which the first tells, mostly
        if (row[:, 0] != row[:, 1]).any() or (row[:, 0] != row[:, 2]).any():
            return pixels
    return pixels[:, :, 0] if pixels.shape[2] == 3 else pixels[:, :, ::3]
