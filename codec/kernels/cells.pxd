from libc.stdint cimport int32_t, int64_t, uint64_t


cdef enum:
    AXES = 4  # points of fewer axes are padded with zeros


cdef int64_t MAX_WEIGHT  # of all points, so that a few times as much fits into 64 bits


cdef struct Cell:
    int32_t first        # its points
    int32_t last         # and the one behind them
    int32_t child        # its first child
    int32_t children     # 0 for a leaf
    int64_t weight
    int64_t square       # weighted sum of squared coordinates
    int64_t total[AXES]  # weighted sum of coordinates
    int32_t low[AXES]    # the tight box around its points
    int32_t high[AXES]


cdef class CellTree:
    cdef readonly Py_ssize_t size
    cdef readonly int axes
    cdef readonly Py_ssize_t n_cells
    cdef readonly int32_t extent
    cdef readonly bint merged
    cdef int32_t *order    # (rows of the input,): sorted
    cdef int32_t *points   # (size, AXES)
    cdef int64_t *weights  # (size,)
    cdef Cell *cells
