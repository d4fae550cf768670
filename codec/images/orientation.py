"""Orientations, as EXIF and XMP state them: which way is up."""

import re
import struct
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

_ORIENTATION = 274
# Types of numbers in EXIF that may hold it.
_FORMATS = {1: "B", 3: "H", 4: "I"}


def find_orientation(exif: bytes, xmp: bytes) -> tuple[int, str]:
    """Find the orientation that EXIF states or, if it states none, XMP.

    Parameters
    ----------
    exif : bytes
        With or without what JPEG puts before it, damaged or empty.
    xmp : bytes
        Any part of a file that has it; may be empty.

    Returns
    -------
    orientation : int
        1 to 8 are defined; 1 if none is stated.
    source : str
        Who says so.
    """
    return first_orientation([("EXIF", exif), ("XMP", xmp)])


def first_orientation(sources: Iterable[tuple[str, bytes]]) -> tuple[int, str]:
    """Find the first orientation that is stated; as `find_orientation`, which tells more.

    Parameters
    ----------
    sources : iterable of (str, bytes)
        What is said of each, beginning with EXIF or XMP, and its content.
    """
    for source, content in sources:
        if source.startswith("XMP"):
            match = re.search(rb"""tiff:Orientation(\s*=\s*["']|>)\s*([0-9])""", content)
            orientation = int(match[2]) if match else None
        else:
            orientation = _of_exif(content.removeprefix(b"Exif\0\0"))
        if orientation is not None:
            return orientation, source
    return 1, "EXIF"


def _of_exif(exif: bytes) -> int | None:
    """Look through the first directory, as far as it goes."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2], "")
    try:
        magic, start = struct.unpack_from(order + "HI", exif, 2)
        count = struct.unpack_from(order + "H", exif, start)[0] if order and magic == 42 else 0
        for place in range(start + 2, min(start + 2 + 12 * count, len(exif) - 11), 12):
            tag, kind, length = struct.unpack_from(order + "HHI", exif, place)
            if tag == _ORIENTATION and kind in _FORMATS and length == 1:
                return int(struct.unpack_from(order + _FORMATS[kind], exif, place + 8)[0])
    except struct.error:
        pass
    return None


def turn_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn a picture upright.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        As stored.
    orientation : int
        1 to 8 are defined, others mean 1.

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
