# Behavior, in a .pxd: what kernels cimport from here, Cython inlines.
"""Rows of bytes that may stand apart, but whose bytes stand side by side."""

from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcpy


cdef enum:
    EIGHT = 8  # bytes that are looked at together


cdef inline uint64_t eight(const uint8_t* source) noexcept nogil:
    cdef uint64_t word
    memcpy(&word, source, EIGHT)
    return word


cdef inline int check_rows(const uint8_t[:, :] rows) except -1:
    if rows.shape[1] > 1 and rows.strides[1] != 1:
        raise ValueError("the bytes of a row must stand side by side")
    return 0
