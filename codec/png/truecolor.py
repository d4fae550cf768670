"""Pixels of one to four channels to a PNG, with the row filter that comes out smallest."""

import deflate
import numpy as np
import numpy.typing as npt

from codec.png.reading import GREY, GREY_ALPHA, RGB, RGBA
from codec.png.rowfilters import AVERAGE, FILTERS, NONE, SUB, UP
from codec.png.writing import write_png
from codec.threads import row_strips

Bytes = npt.NDArray[np.uint8]

_COLOR_TYPES = {1: GREY, 2: GREY_ALPHA, 3: RGB, 4: RGBA}
_LEVEL = 6  # higher ones take longer, and photographs get hardly smaller
_TRIAL_ROWS, _TRIAL_LEVEL = 16, 1
_TRIALS = 6


def encode_pixels(pixels: Bytes) -> bytes:
    """Write a picture as a PNG.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        1 <= C <= 4, straight alpha.

    Returns
    -------
    data : bytes
        The file, without color profile: sRGB.
    """
    height, width, channels = pixels.shape
    rows = np.ascontiguousarray(pixels).reshape(height, -1)
    way = min(FILTERS, key=lambda way: _try(rows, channels, way))
    filtered = np.empty((height, 1 + rows.shape[1]), dtype=np.uint8)
    filtered[:, 0] = way
    for part in row_strips(height, rows.shape[1]):
        filtered[part, 1:] = _filter(rows, part, channels, way)
    return write_png(width, height, 8, _COLOR_TYPES[channels], filtered, level=_LEVEL)


def _try(rows: Bytes, step: int, way: int) -> int:
    """Tell how many bytes a quick trial makes of some of the rows."""
    tops = np.linspace(0, max(len(rows) - _TRIAL_ROWS, 0), _TRIALS).astype(int).tolist()
    parts = [_filter(rows, slice(top, top + _TRIAL_ROWS), step, way) for top in sorted({*tops})]
    return len(deflate.zlib_compress(np.concatenate(parts), _TRIAL_LEVEL))


def _filter(rows: Bytes, part: slice, step: int, way: int) -> Bytes:
    """Filter some rows, in which a pixel has `step` bytes, as section 9 of PNG's specification."""
    here = rows[part]
    if way == NONE:
        return here
    above = np.zeros_like(here)
    first = part.start == 0
    above[first:] = rows[part.start - 1 + first : part.start - 1 + len(here)]
    if way == UP:
        return here - above
    left = np.zeros_like(here)
    left[:, step:] = here[:, :-step]
    if way == SUB:
        return here - left
    wide_left, wide_above = left.astype(np.int16), above.astype(np.int16)
    if way == AVERAGE:
        return here - ((wide_left + wide_above) >> 1).astype(np.uint8)
    corner = np.zeros_like(wide_left)  # what is left predicts as Paeth does
    corner[:, step:] = above[:, :-step]
    by_left, by_above = abs(wide_above - corner), abs(wide_left - corner)
    by_corner = abs(wide_left + wide_above - 2 * corner)
    nearest = np.where(by_above <= by_corner, above, corner.astype(np.uint8))
    predicted = np.where((by_left <= by_above) & (by_left <= by_corner), left, nearest)
    return here - predicted
