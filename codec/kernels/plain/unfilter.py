"""Undoing PNG row filters (PNG specification, section 9)."""

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Wide = npt.NDArray[np.int16]

_SUB, _UP, _AVERAGE, _PAETH = range(1, 5)


def unfilter(filtered: Bytes, pixel_bytes: int, above: Bytes, rows: Bytes) -> None:
    """Undo the filter of each row."""
    kinds = filtered[:, 0]
    rows[:] = filtered[:, 1:]
    if np.isin(kinds, (_AVERAGE, _PAETH)).any():
        _undo_diagonals(kinds, pixel_bytes, above, rows)
    else:
        _undo_rows(kinds, pixel_bytes, above, rows)


def _undo_rows(kinds: Bytes, pixel_bytes: int, above: Bytes, rows: Bytes) -> None:
    """Undo Sub and Up, which are sums."""
    for kind, row in zip(kinds.tolist(), rows, strict=True):
        if kind == _SUB:
            pixels = row.reshape(-1, pixel_bytes)
            np.cumsum(pixels, axis=0, dtype=np.uint8, out=pixels)
        elif kind == _UP:
            row += above
        above = row


def _undo_diagonals(kinds: Bytes, pixel_bytes: int, above: Bytes, rows: Bytes) -> None:
    """Undo all filters along anti-diagonals, whose pixels do not depend on each other."""
    height, width = rows.shape[0], rows.shape[1] // pixel_bytes
    stride = width + 1
    # Zeros to the left stand for what lies outside the picture.
    padded = np.zeros((height + 1, stride, pixel_bytes), dtype=np.uint8)
    padded[0, 1:] = above.reshape(width, pixel_bytes)
    padded[1:, 1:] = rows.reshape(height, width, pixel_bytes)
    flat = padded.reshape(-1, pixel_bytes)
    for diagonal in range(height + width - 1):
        first, last = max(0, diagonal - width + 1), min(height - 1, diagonal)
        start = (first + 1) * stride + diagonal - first + 1
        end = start + (last - first) * (stride - 1) + 1
        left, upper, corner = (
            flat[start - back : end - back : stride - 1].astype(np.int16)
            for back in (1, stride, stride + 1)
        )
        kind = kinds[first : last + 1, None]
        prediction = np.select(
            [kind == _SUB, kind == _UP, kind == _AVERAGE, kind == _PAETH],
            [left, upper, (left + upper) >> 1, paeth(left, upper, corner)],
            0,
        )
        flat[start : end : stride - 1] += prediction.astype(np.uint8)
    rows[:] = padded[1:, 1:].reshape(rows.shape)


def paeth(left: Wide, above: Wide, corner: Wide) -> Wide:
    """Predict by whichever neighbor is nearest to left + above - corner (PNG section 9.4)."""
    to_left = np.abs(above - corner)
    to_above = np.abs(left - corner)
    to_corner = np.abs(left + above - 2 * corner)
    return np.where(
        (to_left <= to_above) & (to_left <= to_corner),
        left,
        np.where(to_above <= to_corner, above, corner),
    )
