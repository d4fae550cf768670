"""PNG row filters: each byte stored as its difference to a prediction from its neighbors.

Implements section 9 of the PNG specification (W3C, third edition) on whole arrays.
"""

import numpy as np
import numpy.typing as npt

from codec.kernels import compiled

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
    used = set(np.unique(kinds).tolist())
    if used == {NONE}:
        return rows
    if compiled():
        from codec.kernels.unfilter import unfilter

        out = np.empty(rows.shape, dtype=np.uint8)
        above = np.zeros(rows.shape[1], dtype=np.uint8)
        unfilter(np.ascontiguousarray(filtered), pixel_bytes, above, out)
        return out
    if used == {SUB} and pixel_bytes == 1:
        return np.cumsum(rows, axis=1, dtype=np.uint8)
    if used == {UP}:
        return np.cumsum(rows, axis=0, dtype=np.uint8)
    if not used & {AVERAGE, PAETH}:
        return _unfilter_simple(kinds, rows, pixel_bytes)
    return _unfilter_diagonals(kinds, rows, pixel_bytes)


def _unfilter_simple(kinds: Bytes, rows: Bytes, pixel_bytes: int) -> Bytes:
    """Undo None, Sub and Up, a row at a time."""
    height, width = rows.shape[0], rows.shape[1] // pixel_bytes
    out = rows.copy()
    for row, kind in enumerate(kinds.tolist()):
        if kind == SUB:
            out[row] = np.cumsum(
                rows[row].reshape(width, pixel_bytes), axis=0, dtype=np.uint8
            ).reshape(-1)
        elif kind == UP and row > 0:
            out[row] += out[row - 1]
    return out.reshape(height, -1)


def _unfilter_diagonals(kinds: Bytes, rows: Bytes, pixel_bytes: int) -> Bytes:
    """Undo all filters along anti-diagonals, whose pixels do not depend on each other."""
    height, width = rows.shape[0], rows.shape[1] // pixel_bytes
    stride = width + 1
    # A border of zeros above and to the left stands for what lies outside the picture.
    padded = np.zeros((height + 1, stride, pixel_bytes), dtype=np.uint8)
    padded[1:, 1:] = rows.reshape(height, width, pixel_bytes)
    flat = padded.reshape(-1, pixel_bytes)
    for diagonal in range(height + width - 1):
        first, last = max(0, diagonal - width + 1), min(height - 1, diagonal)
        start = (first + 1) * stride + diagonal - first + 1
        end = start + (last - first) * (stride - 1) + 1
        left, above, corner = (
            flat[start - back : end - back : stride - 1].astype(np.int16)
            for back in (1, stride, stride + 1)
        )
        kind = kinds[first : last + 1, None]
        prediction = np.select(
            [kind == SUB, kind == UP, kind == AVERAGE, kind == PAETH],
            [left, above, (left + above) >> 1, _paeth(left, above, corner)],
            0,
        )
        flat[start : end : stride - 1] += prediction.astype(np.uint8)
    return padded[1:, 1:].reshape(height, -1)


def _paeth(
    left: npt.NDArray[np.int16], above: npt.NDArray[np.int16], corner: npt.NDArray[np.int16]
) -> npt.NDArray[np.int16]:
    """Predict by whichever neighbor is nearest to left + above - corner (PNG section 9.4)."""
    to_left = np.abs(above - corner)
    to_above = np.abs(left - corner)
    to_corner = np.abs(left + above - 2 * corner)
    return np.where(
        (to_left <= to_above) & (to_left <= to_corner),
        left,
        np.where(to_above <= to_corner, above, corner),
    )
