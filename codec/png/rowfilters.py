"""PNG row filters: each byte stored as its difference to a prediction from its neighbors.

Implements section 9 of the PNG specification (W3C, third edition).
"""

import numpy as np
import numpy.typing as npt

from codec import kernels

Bytes = npt.NDArray[np.uint8]

NONE, SUB, UP, AVERAGE, PAETH = range(5)


def filter_rows(rows: Bytes, kind: int) -> Bytes:
    """Filter all rows of one-byte pixels alike.

    Parameters
    ----------
    rows : ndarray of shape (H, W), dtype uint8
        One byte a pixel.
    kind : {NONE, SUB, UP}
        The filter; only those that arrays undo at once are written.

    Returns
    -------
    filtered : ndarray of shape (H, 1 + W), dtype uint8
        Each row preceded by the byte that names its filter.
    """
    filtered = np.empty((rows.shape[0], rows.shape[1] + 1), dtype=np.uint8)
    filtered[:, 0] = kind
    filtered[:, 1:] = rows
    if kind == SUB:
        filtered[:, 2:] -= rows[:, :-1]
    elif kind == UP:
        filtered[1:, 1:] -= rows[:-1]
    return filtered


def unfilter_rows(filtered: Bytes, pixel_bytes: int) -> Bytes:
    """Undo the filter of each row.

    Parameters
    ----------
    filtered : ndarray of shape (H, 1 + S), dtype uint8
        Rows of S bytes, each preceded by its filter, 0 to 4.
    pixel_bytes : int
        Distance to the byte of the pixel to the left, at least 1.

    Returns
    -------
    rows : ndarray of shape (H, S), dtype uint8
        May be a view of `filtered`.
    """
    kinds, rows = filtered[:, 0], filtered[:, 1:]
    if not kinds.any():
        return rows
    out = np.empty(rows.shape, dtype=np.uint8)
    above = np.zeros(rows.shape[1], dtype=np.uint8)
    kernels.unfilter.unfilter(np.ascontiguousarray(filtered), pixel_bytes, above, out)
    return out
