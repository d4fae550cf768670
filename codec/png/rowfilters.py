"""PNG row filters: each byte stored as its difference to a prediction from its neighbors.

Implements section 9 of the PNG specification (W3C, third edition).
"""

import numpy as np
import numpy.typing as npt

from codec import kernels

Bytes = npt.NDArray[np.uint8]

NONE, SUB, UP, AVERAGE, PAETH = FILTERS = tuple(range(5))
# For each row the filter after which its bytes have the least entropy.
LEAST_ENTROPY = 5


def filter_rows(rows: Bytes, way: int) -> Bytes:
    """Filter rows of one-byte pixels.

    Parameters
    ----------
    rows : ndarray of shape (H, S), dtype uint8
        One byte a pixel; at least one.
    way : int
        One of `FILTERS` for all rows, or `LEAST_ENTROPY`.

    Returns
    -------
    filtered : ndarray of shape (H, 1 + S), dtype uint8
        Each row preceded by the byte that names its filter.
    """
    rows = np.ascontiguousarray(rows)
    kinds = np.full(len(rows), way, dtype=np.uint8)
    if way == LEAST_ENTROPY:
        kernels.rowfilters.choose_filters(rows, kinds)
    filtered = np.empty((rows.shape[0], rows.shape[1] + 1), dtype=np.uint8)
    kernels.rowfilters.filter_rows(rows, kinds, filtered)
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
