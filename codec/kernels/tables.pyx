"""Tables of all colors of three channels: 16 million entries, more than a cache holds."""
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from codec.kernels.rows cimport check_rows

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define KM_FETCH(place) __builtin_prefetch((place), 1)
    #else
    #define KM_FETCH(place)
    #endif
    """
    void KM_FETCH(const void* place) noexcept nogil

cdef enum:
    KEYS = 0x1000000
    AHEAD = 32  # pixels whose entries are on their way while those before are counted
    SIDE = 512  # columns that are counted one after the other: what is near has like colors


ctypedef fused Count:
    uint32_t
    uint64_t


def add_counts(const uint32_t[::1] keys, const Count[::1] counts, Count[::1] table):
    """Add the counts of colors to those in a table.

    Parameters
    ----------
    keys : ndarray of shape (U,), dtype uint32
        Distinct colors, packed.
    counts : ndarray of shape (U,), dtype uint32 or uint64
    table : ndarray of shape (T,), of the same dtype
        Counts by key; added to.
    """
    cdef Py_ssize_t i, size = keys.shape[0]
    cdef uint32_t largest = 0
    if counts.shape[0] != size:
        raise ValueError("keys and counts do not fit")
    with nogil:
        for i in range(size):
            largest = max(largest, keys[i])
    if size and largest >= table.shape[0]:
        raise ValueError("keys end outside the table")
    with nogil:
        for i in range(size):
            table[keys[i]] += counts[i]


def list_counts(const Count[::1] table, uint32_t first, uint32_t[::1] keys, Count[::1] counts):
    """List what was counted in a part of a table.

    Parameters
    ----------
    table : ndarray of shape (T,), dtype uint32 or uint64
        Counts by key.
    first : int
        The key of its first entry.
    keys : ndarray of shape (U,), dtype uint32
        Ascending; overwritten. U is the number of counts that are not 0.
    counts : ndarray of shape (U,), of the dtype of the table
        Theirs; overwritten.
    """
    cdef Py_ssize_t i, found = 0, size = keys.shape[0]
    if counts.shape[0] != size:
        raise ValueError("keys and counts do not fit")
    with nogil:
        for i in range(table.shape[0]):
            if table[i]:
                if found < size:
                    keys[found] = first + <uint32_t>i
                    counts[found] = table[i]
                found += 1
    if found != size:
        raise ValueError("keys do not fit the table")


def count_in_table(const uint8_t[:, :] rows, Count[::1] table):
    """Count pixels of three channels in a table of all colors, for which the cache is too small.

    Parameters
    ----------
    rows : ndarray of shape (H, W * 3), dtype uint8
        Any stride between rows.
    table : ndarray of shape (256 ** 3,), dtype uint32 or uint64
        Counts by key; added to.
    """
    cdef Py_ssize_t y, x, i, size, right, left = 0, width = rows.shape[1] // 3
    cdef const uint8_t* pixel
    cdef Count* counts
    cdef uint32_t[AHEAD] keys
    if rows.shape[1] % 3:
        raise ValueError("rows do not fit the channels")
    check_rows(rows)
    if table.shape[0] != KEYS:
        raise ValueError("the table does not fit the channels")
    if rows.shape[0] == 0 or width == 0:
        return
    counts = &table[0]
    with nogil:
        while left < width:
            right = min(left + SIDE, width)
            for y in range(rows.shape[0]):
                pixel = &rows[y, 3 * left]
                x = left
                while x < right:
                    size = min(<Py_ssize_t>AHEAD, right - x)
                    for i in range(size):
                        keys[i] = <uint32_t>pixel[0] << 16 | <uint32_t>pixel[1] << 8 | pixel[2]
                        KM_FETCH(&counts[keys[i]])
                        pixel += 3
                    for i in range(size):
                        counts[keys[i]] += 1
                    x += size
            left = right
