"""Where a picture is flat: pixels that have the color of all their neighbors."""
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from codec.kernels.rows cimport EIGHT, check_rows, eight


cdef inline uint32_t pack(const uint8_t* pixel, int channels) noexcept nogil:
    cdef int c
    cdef uint32_t key = 0
    for c in range(channels):
        key = key << 8 | pixel[c]
    return key


# Samples are compared in place of pixels: compilers do sixteen at once.


cdef void find_level(
    const uint8_t* row, Py_ssize_t size, int channels, uint8_t* level
) noexcept nogil:
    """Tell which samples of a row are those of the pixels beside them, where there are any."""
    cdef Py_ssize_t i
    if size <= channels:
        for i in range(size):
            level[i] = 1
        return
    for i in range(channels):
        level[i] = row[i] == row[i + channels]
        level[size - 1 - i] = row[size - 1 - i] == row[size - 1 - i - channels]
    for i in range(channels, size - channels):
        level[i] = (row[i] == row[i - channels]) & (row[i] == row[i + channels])


cdef void find_flat(
    const uint8_t* above, const uint8_t* here, const uint8_t* below, const uint8_t* above_level,
    const uint8_t* level, const uint8_t* below_level, Py_ssize_t size, int channels,
    uint8_t* flat,
) noexcept nogil:
    """Tell from which samples on as many as a pixel has are those of all pixels around."""
    cdef Py_ssize_t i
    cdef int c
    for i in range(size):
        flat[i] = (
            above_level[i] & level[i] & below_level[i]
            & (above[i] == here[i]) & (below[i] == here[i])
        )
    for c in range(channels - 1):
        for i in range(size - 1):
            flat[i] &= flat[i + 1]


cdef Py_ssize_t find(uint32_t key, const uint32_t* keys, Py_ssize_t size) noexcept nogil:
    """Index of a key, -1 if it is not there."""
    cdef Py_ssize_t low = 0, high = size, middle
    while low < high:
        middle = low + (high - low) // 2
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if low < size and keys[low] == key else -1


def count_flats(
    const uint8_t[:, :] rows, int channels, Py_ssize_t top, Py_ssize_t bottom,
    Py_ssize_t left, Py_ssize_t right, const uint32_t[::1] keys, int64_t[::1] counts,
):
    """Count the flat pixels of some colors: those whose neighbors, all that are there, have it.

    Parameters
    ----------
    rows : ndarray of shape (H, W * channels), dtype uint8
        A picture. Any stride between rows.
    channels : {1, 2, 3, 4}
    top, bottom : int
        In which rows pixels are counted; rows around them are looked at.
    left, right : int
        In which columns, likewise.
    keys : ndarray of shape (N,), dtype uint32
        The colors, packed, ascending.
    counts : ndarray of shape (N,), dtype int64
        Added to.
    """
    if counts.shape[0] != keys.shape[0]:
        raise ValueError("keys and counts do not fit")
    if keys.shape[0]:
        walk(rows, channels, top, bottom, left, right, &keys[0], keys.shape[0], &counts[0], NULL)
    else:
        walk(rows, channels, top, bottom, left, left, NULL, 0, NULL, NULL)


def count_all_flats(
    const uint8_t[:, :] rows, int channels, Py_ssize_t top, Py_ssize_t bottom,
    Py_ssize_t left, Py_ssize_t right, uint32_t[::1] table,
):
    """Count the flat pixels of all colors.

    Parameters
    ----------
    rows, channels, top, bottom, left, right
        As for `count_flats`; up to 3 channels.
    table : ndarray of shape (256 ** channels,), dtype uint32
        Counts by key; added to.
    """
    if not 1 <= channels <= 3 or table.shape[0] != 1 << 8 * channels:
        raise ValueError("the table does not fit the channels")
    walk(rows, channels, top, bottom, left, right, NULL, 0, NULL, &table[0])


cdef void walk(
    const uint8_t[:, :] rows, int channels, Py_ssize_t top, Py_ssize_t bottom,
    Py_ssize_t left, Py_ssize_t right, const uint32_t* keys, Py_ssize_t size, int64_t* counts,
    uint32_t* table,
) except *:
    """Count by some keys, or by all where there is a table."""
    cdef Py_ssize_t x, y, end, width, line, row_bytes = rows.shape[1], height = rows.shape[0]
    cdef Py_ssize_t place = -1
    cdef int step
    cdef uint32_t key, last_key = 0
    cdef bint known = False
    cdef const uint8_t* above
    cdef const uint8_t* here
    cdef const uint8_t* below
    cdef uint8_t* above_level
    cdef uint8_t* level
    cdef uint8_t* below_level
    cdef uint8_t* flat
    cdef uint8_t* memory
    check_rows(rows)
    if not 1 <= channels <= 4 or rows.shape[1] % channels:
        raise ValueError("rows and channels do not fit")
    if not 0 <= top <= bottom <= height:
        raise ValueError("there are no such rows")
    width = row_bytes // channels
    if not 0 <= left <= right <= width:
        raise ValueError("there are no such columns")
    if top == bottom or left == right:
        return
    line = row_bytes + EIGHT
    memory = <uint8_t*>malloc(4 * line)
    if memory == NULL:
        raise MemoryError()
    step = (EIGHT + channels - 1) // channels
    with nogil:
        above_level = memory
        level = memory + line
        below_level = memory + 2 * line
        flat = memory + 3 * line
        memset(flat + row_bytes, 0, EIGHT)
        above = &rows[top - 1 if top else 0, 0]
        here = &rows[top, 0]
        find_level(above, row_bytes, channels, above_level)
        find_level(here, row_bytes, channels, level)
        for y in range(top, bottom):
            below = &rows[min(y + 1, height - 1), 0]
            find_level(below, row_bytes, channels, below_level)
            find_flat(
                above, here, below, above_level, level, below_level, row_bytes, channels, flat
            )
            x = left
            while x < right:
                if eight(flat + channels * x) == 0:
                    x += step
                    continue
                if not flat[channels * x]:
                    x += 1
                    continue
                # Flat pixels side by side have one color, and it is often that of those before.
                end = x + 1
                while end < right and flat[channels * end]:
                    end += 1
                key = pack(here + channels * x, channels)
                if table != NULL:
                    table[key] += <uint32_t>(end - x)
                else:
                    if not known or key != last_key:
                        known, last_key = True, key
                        place = find(key, keys, size)
                    if place >= 0:
                        counts[place] += end - x
                x = end
            above, here = here, below
            above_level, level, below_level = level, below_level, above_level
    free(memory)
