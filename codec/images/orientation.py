"""EXIF orientations: which way is up."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

TURNS = {
    2: "mirrored",
    3: "turned by 180 degrees",
    4: "mirrored",
    5: "turned and mirrored",
    6: "turned by 90 degrees",
    7: "turned and mirrored",
    8: "turned by 270 degrees",
}


def same_size_up_to_turning(first: Iterable[int], second: Iterable[int]) -> bool:
    """Tell whether two sizes may be those of one picture, turned or not.

    Parameters
    ----------
    first, second : iterable of int
        Width and height, in any order.

    Returns
    -------
    same : bool
        Both have the same shorter and the same longer side.
    """
    return sorted(first) == sorted(second)


def turn_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn a picture upright.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        As stored.
    orientation : int
        EXIF orientation; 1 to 8 are defined, others mean 1.

    Returns
    -------
    pixels : ndarray, dtype uint8
        A view; H and W are exchanged for 5 to 8.
    """
    if orientation in (5, 6, 7, 8):
        pixels = np.swapaxes(pixels, 0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels
