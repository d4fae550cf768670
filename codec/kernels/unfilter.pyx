"""Undoing PNG row filters (PNG specification, section 9), a row after the other."""

from libc.stdint cimport uint8_t
from libc.string cimport memcpy

from codec.kernels.paeth cimport paeth

cdef enum:
    SUB = 1
    UP = 2
    AVERAGE = 3
    PAETH = 4


cdef inline void _unfilter_pixels(
    int kind, const uint8_t *filtered, const uint8_t *above, uint8_t *row, Py_ssize_t size,
    const int back
) noexcept nogil:
    """Undo what depends on the pixel to the left, which stays in registers."""
    cdef int[8] left
    cdef int[8] corner
    cdef int j
    cdef Py_ssize_t i, pixel
    for j in range(back):
        left[j] = corner[j] = 0
    for pixel in range(size // back):
        i = pixel * back
        for j in range(back):
            if kind == SUB:
                left[j] = (filtered[i + j] + left[j]) & 255
            elif kind == AVERAGE:
                left[j] = (filtered[i + j] + ((left[j] + above[i + j]) >> 1)) & 255
            else:
                left[j] = (filtered[i + j] + paeth(left[j], above[i + j], corner[j])) & 255
                corner[j] = above[i + j]
            row[i + j] = <uint8_t> left[j]


cdef void _unfilter_row(
    int kind, const uint8_t *filtered, const uint8_t *above, uint8_t *row, Py_ssize_t size,
    int back
) noexcept nogil:
    cdef Py_ssize_t i
    if kind == UP:
        for i in range(size):
            row[i] = <uint8_t> (filtered[i] + above[i])
    elif kind != SUB and kind != AVERAGE and kind != PAETH:
        memcpy(row, filtered, size)
    # Loops of constant length are unrolled.
    elif back == 3 and kind == PAETH:
        _unfilter_pixels(PAETH, filtered, above, row, size, 3)
    elif back == 3 and kind == SUB:
        _unfilter_pixels(SUB, filtered, above, row, size, 3)
    elif back == 3:
        _unfilter_pixels(AVERAGE, filtered, above, row, size, 3)
    elif back == 4 and kind == PAETH:
        _unfilter_pixels(PAETH, filtered, above, row, size, 4)
    elif back == 4 and kind == SUB:
        _unfilter_pixels(SUB, filtered, above, row, size, 4)
    elif back == 1:
        _unfilter_pixels(kind, filtered, above, row, size, 1)
    else:
        _unfilter_pixels(kind, filtered, above, row, size, back)


def unfilter(
    const uint8_t[:, ::1] filtered,
    int pixel_bytes,
    const uint8_t[::1] above,
    uint8_t[:, ::1] rows,
):
    """Undo the filter of each row.

    Parameters
    ----------
    filtered : ndarray of shape (H, 1 + S), dtype uint8
        Rows of S bytes, each preceded by its filter; those above 4 count as none.
    pixel_bytes : int
        Distance to the byte of the pixel to the left, 1 to 8; S is a multiple of it.
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
    if not 1 <= pixel_bytes <= 8 or size % pixel_bytes:
        raise ValueError("a pixel must have 1 to 8 bytes, and a row whole pixels")
    with nogil:
        for i in range(height):
            _unfilter_row(
                filtered[i, 0], &filtered[i, 1], &rows[i - 1, 0] if i else &above[0], &rows[i, 0],
                size, pixel_bytes
            )
