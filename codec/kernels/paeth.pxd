"""The prediction of PNG's Paeth filter (PNG specification, section 9.4)."""

from libc.stdlib cimport abs


cdef inline int paeth(int left, int above, int corner) noexcept nogil:
    """Predict by the nearest of three to left + above - corner, without a branch to guess."""
    cdef int to_left = abs(above - corner)
    cdef int to_above = abs(left - corner)
    cdef int to_corner = abs(left + above - 2 * corner)
    cdef int nearest = left
    nearest = above if to_above < to_left else nearest
    to_left = to_above if to_above < to_left else to_left
    return corner if to_corner < to_left else nearest
