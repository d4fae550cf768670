"""PNG row filters (PNG specification, section 9), and which of them suits a row."""

from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free, malloc

from codec.kernels.paeth cimport paeth

cdef enum:
    KINDS = 5
    SUB = 1
    UP = 2
    AVERAGE = 3
    PAETH = 4


cdef void _filter_row(
    int kind, const uint8_t *row, const uint8_t *above, uint8_t *out, Py_ssize_t size
) noexcept nogil:
    """Write the filter's number and the filtered row."""
    cdef Py_ssize_t i
    out[0] = <uint8_t> kind
    out += 1
    if kind == SUB:
        out[0] = row[0]
        for i in range(1, size):
            out[i] = <uint8_t> (row[i] - row[i - 1])
    elif kind == UP:
        for i in range(size):
            out[i] = <uint8_t> (row[i] - above[i])
    elif kind == AVERAGE:
        out[0] = <uint8_t> (row[0] - (above[0] >> 1))
        for i in range(1, size):
            out[i] = <uint8_t> (row[i] - ((row[i - 1] + above[i]) >> 1))
    elif kind == PAETH:
        out[0] = <uint8_t> (row[0] - above[0])
        for i in range(1, size):
            out[i] = <uint8_t> (row[i] - paeth(row[i - 1], above[i], above[i - 1]))
    else:
        for i in range(size):
            out[i] = row[i]


cdef int64_t* _times_logs(Py_ssize_t most) noexcept nogil:
    """Tabulate count x log2(count) up to a count, between powers of two on a straight line."""
    cdef int64_t *table = <int64_t *> malloc((most + 1) * sizeof(int64_t))
    cdef int log = 0
    cdef int64_t count
    if table:
        table[0] = 0
        for count in range(1, most + 1):
            log += count >> (log + 1)
            table[count] = count * log + 2 * (count - (<int64_t> 1 << log))
    return table


cdef int64_t _saved(
    const uint8_t *row, Py_ssize_t size, const int64_t *times_logs
) noexcept nogil:
    """Return what entropy coding saves of a row: the most where entropy is least."""
    # Neighbors are often equal; two tables let them be counted at the same time.
    cdef uint32_t[2][256] counts
    cdef int64_t saved = 0
    cdef Py_ssize_t i
    for i in range(256):
        counts[0][i] = counts[1][i] = 0
    for i in range(0, size - 1, 2):
        counts[0][row[i]] += 1
        counts[1][row[i + 1]] += 1
    if size & 1:
        counts[0][row[size - 1]] += 1
    for i in range(256):
        saved += times_logs[counts[0][i] + counts[1][i]]
    return saved


def filter_rows(
    const uint8_t[:, ::1] rows, const uint8_t[::1] kinds, uint8_t[:, ::1] filtered
):
    """Filter each row in the way asked for.

    Parameters
    ----------
    rows : ndarray of shape (H, S), dtype uint8
        One byte a pixel; not empty.
    kinds : ndarray of shape (H,), dtype uint8
        The filters, 0 to 4.
    filtered : ndarray of shape (H, 1 + S), dtype uint8
        Overwritten.

    Raises
    ------
    ValueError
        Shapes do not fit.
    """
    cdef Py_ssize_t height = rows.shape[0], size = rows.shape[1], i
    if not height or not size or kinds.shape[0] != height:
        raise ValueError("rows and filters do not fit")
    if filtered.shape[0] != height or filtered.shape[1] != size + 1:
        raise ValueError("filtered and unfiltered rows do not fit")
    cdef uint8_t *zeros = <uint8_t *> calloc(size, 1)
    if not zeros:
        raise MemoryError
    with nogil:
        for i in range(height):
            _filter_row(
                kinds[i], &rows[i, 0], &rows[i - 1, 0] if i else zeros, &filtered[i, 0], size
            )
    free(zeros)


def choose_filters(const uint8_t[:, ::1] rows, uint8_t[::1] kinds):
    """Choose for each row the filter after which its bytes have the least entropy.

    Parameters
    ----------
    rows : ndarray of shape (H, S), dtype uint8
        One byte a pixel; not empty.
    kinds : ndarray of shape (H,), dtype uint8
        Overwritten with the filters, 0 to 4; the first of equals.

    Raises
    ------
    ValueError
        Shapes do not fit.
    """
    cdef Py_ssize_t height = rows.shape[0], size = rows.shape[1], i
    cdef int64_t saved, most = 0
    cdef int kind
    if not height or not size or kinds.shape[0] != height:
        raise ValueError("rows and filters do not fit")
    cdef uint8_t *zeros = <uint8_t *> calloc(size, 1)
    cdef uint8_t *filtered = <uint8_t *> malloc(size + 1)
    cdef int64_t *times_logs = _times_logs(size + 1)
    if not zeros or not filtered or not times_logs:
        free(zeros)
        free(filtered)
        free(times_logs)
        raise MemoryError
    with nogil:
        for i in range(height):
            for kind in range(KINDS):
                _filter_row(kind, &rows[i, 0], &rows[i - 1, 0] if i else zeros, filtered, size)
                saved = _saved(filtered, size + 1, times_logs)
                if kind == 0 or saved > most:
                    most = saved
                    kinds[i] = <uint8_t> kind
    free(zeros)
    free(filtered)
    free(times_logs)
