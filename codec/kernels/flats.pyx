"""Where a picture is flat: pixels that have the color of all their neighbors."""
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, malloc

from codec.kernels.rows cimport EIGHT, check_rows, eight


cdef struct Line:
    uint32_t* keys  # packed colors; one more at either end, which doubles the last
    uint8_t* level  # whether both neighbors in the row have the color


cdef void read_line(
    const uint8_t* row, Py_ssize_t width, int channels, Line* line
) noexcept nogil:
    cdef Py_ssize_t x
    cdef uint32_t* keys = line.keys + 1
    if channels == 1:
        for x in range(width):
            keys[x] = row[x]
    elif channels == 2:
        for x in range(width):
            keys[x] = <uint32_t>row[2 * x] << 8 | row[2 * x + 1]
    elif channels == 3:
        for x in range(width):
            keys[x] = <uint32_t>row[3 * x] << 16 | <uint32_t>row[3 * x + 1] << 8 | row[3 * x + 2]
    else:
        for x in range(width):
            keys[x] = (
                <uint32_t>row[4 * x] << 24 | <uint32_t>row[4 * x + 1] << 16
                | <uint32_t>row[4 * x + 2] << 8 | row[4 * x + 3]
            )
    keys[-1] = keys[0]
    keys[width] = keys[width - 1]
    for x in range(width):
        line.level[x] = (keys[x - 1] == keys[x]) & (keys[x] == keys[x + 1])


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
    cdef Py_ssize_t x, y, end, width, height = rows.shape[0], place = -1
    cdef uint32_t key = 0
    cdef bint known = False
    cdef Line above, here, below, spare
    cdef Line[3] lines
    cdef uint8_t* flat
    cdef uint8_t* memory
    check_rows(rows)
    if not 1 <= channels <= 4 or rows.shape[1] % channels:
        raise ValueError("rows and channels do not fit")
    if not 0 <= top <= bottom <= height:
        raise ValueError("there are no such rows")
    width = rows.shape[1] // channels
    if not 0 <= left <= right <= width:
        raise ValueError("there are no such columns")
    if top == bottom or left == right:
        return
    cdef Py_ssize_t line_size = (width + 2 + EIGHT) * (sizeof(uint32_t) + 1)
    line_size += -line_size & (EIGHT - 1)
    memory = <uint8_t*>malloc(4 * line_size)
    if memory == NULL:
        raise MemoryError()
    with nogil:
        for y in range(3):
            lines[y].keys = <uint32_t*>(memory + y * line_size)
            lines[y].level = <uint8_t*>(lines[y].keys + width + 2)
        flat = memory + 3 * line_size
        above, here, below = lines[0], lines[1], lines[2]
        read_line(&rows[top - 1 if top else 0, 0], width, channels, &above)
        read_line(&rows[top, 0], width, channels, &here)
        for y in range(top, bottom):
            read_line(&rows[min(y + 1, height - 1), 0], width, channels, &below)
            for x in range(width):
                flat[x] = (
                    above.level[x] & here.level[x] & below.level[x]
                    & (above.keys[x + 1] == here.keys[x + 1])
                    & (below.keys[x + 1] == here.keys[x + 1])
                )
            flat[right] = 0
            x = left
            while x < right:
                if not flat[x]:
                    x += EIGHT if x + EIGHT <= right and eight(flat + x) == 0 else 1
                    continue
                # Flat pixels side by side have one color, and it is often that of those before.
                end = x + 1
                while flat[end]:
                    end += 1
                if table != NULL:
                    table[here.keys[x + 1]] += <uint32_t>(end - x)
                else:
                    if not known or here.keys[x + 1] != key:
                        known, key = True, here.keys[x + 1]
                        place = find(key, keys, size)
                    if place >= 0:
                        counts[place] += end - x
                x = end
            spare = above
            above = here
            here = below
            below = spare
    free(memory)
