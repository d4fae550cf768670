"""Undoing PNG row filters (PNG specification, section 9), a row after the other."""

from libc.stdint cimport uint8_t
from libc.stdlib cimport abs

cdef enum:
    SUB = 1
    UP = 2
    AVERAGE = 3
    PAETH = 4


cdef inline int _paeth(int left, int above, int corner) noexcept nogil:
    cdef int to_left = abs(above - corner)
    cdef int to_above = abs(left - corner)
    cdef int to_corner = abs(left + above - 2 * corner)
    if to_left <= to_above and to_left <= to_corner:
        return left
    return above if to_above <= to_corner else corner


cdef void _unfilter_row(
    int kind, const uint8_t *filtered, const uint8_t *above, uint8_t *row, Py_ssize_t size,
    Py_ssize_t back
) noexcept nogil:
    cdef Py_ssize_t i
    if kind == SUB:
        for i in range(back):
            row[i] = filtered[i]
        for i in range(back, size):
            row[i] = <uint8_t> (filtered[i] + row[i - back])
    elif kind == UP:
        for i in range(size):
            row[i] = <uint8_t> (filtered[i] + above[i])
    elif kind == AVERAGE:
        for i in range(back):
            row[i] = <uint8_t> (filtered[i] + (above[i] >> 1))
        for i in range(back, size):
            row[i] = <uint8_t> (filtered[i] + ((row[i - back] + above[i]) >> 1))
    elif kind == PAETH:
        for i in range(back):
            row[i] = <uint8_t> (filtered[i] + above[i])
        for i in range(back, size):
            row[i] = <uint8_t> (
                filtered[i] + _paeth(row[i - back], above[i], above[i - back])
            )
    else:
        for i in range(size):
            row[i] = filtered[i]


def unfilter(
    const uint8_t[:, ::1] filtered,
    Py_ssize_t pixel_bytes,
    const uint8_t[::1] above,
    uint8_t[:, ::1] rows,
):
    """Undo the filter of each row.

    Parameters
    ----------
    filtered : ndarray of shape (H, 1 + S), dtype uint8
        Rows of S bytes, each preceded by its filter; those above 4 count as none.
    pixel_bytes : int
        Distance to the byte of the pixel to the left, 1 to S.
    above : ndarray of shape (S,), dtype uint8
        What stands above the first row: zeros at the top of a picture.
    rows : ndarray of shape (H, S), dtype uint8
        Overwritten.

    Raises
    ------
    ValueError
        Shapes do not fit.
    """
    cdef Py_ssize_t height = rows.shape[0], size = rows.shape[1], i
    if filtered.shape[0] != height or filtered.shape[1] != size + 1 or above.shape[0] != size:
        raise ValueError("filtered and unfiltered rows do not fit")
    if not 1 <= pixel_bytes <= size:
        raise ValueError("a pixel must be 1 byte at least, and no longer than a row")
    with nogil:
        for i in range(height):
            _unfilter_row(
                filtered[i, 0], &filtered[i, 1], &rows[i - 1, 0] if i else &above[0], &rows[i, 0],
                size, pixel_bytes
            )
