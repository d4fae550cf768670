"""Colors to labels, labels to colors."""
from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy

from codec.kernels.rows cimport check_rows

cdef enum:
    SIDE = 512  # columns of three channels that are looked up one after the other


def fill_table(
    const uint8_t[:, ::1] colors, const uint8_t[::1] color_labels, uint8_t[::1] table
):
    """Enter the labels of colors into a table over all colors.

    Parameters
    ----------
    colors : ndarray of shape (U, C), dtype uint8
        1 <= C <= 4; of four channels those that are opaque are entered.
    color_labels : ndarray of shape (U,), dtype uint8
    table : ndarray of shape (256 ** min(C, 3),), dtype uint8
        Written to; by color, first channel most significant.
    """
    cdef Py_ssize_t i, channels = colors.shape[1]
    cdef const uint8_t* color
    if not 1 <= channels <= 4 or color_labels.shape[0] != colors.shape[0]:
        raise ValueError("colors and labels do not fit")
    if table.shape[0] != 1 << 8 * min(channels, 3):
        raise ValueError("the table does not fit the channels")
    with nogil:
        for i in range(colors.shape[0]):
            color = &colors[i, 0]
            if channels == 1:
                table[color[0]] = color_labels[i]
            elif channels == 2:
                table[color[0] << 8 | color[1]] = color_labels[i]
            elif channels == 3 or color[3] == 255:
                table[color[0] << 16 | color[1] << 8 | color[2]] = color_labels[i]


cdef inline uint8_t search(
    uint32_t key, int shift, const uint32_t* firsts, const uint32_t* keys,
    const uint8_t* key_labels,
) noexcept nogil:
    """Label of a translucent color; 0 if it is unknown."""
    cdef uint32_t low = firsts[key >> shift], end = firsts[(key >> shift) + 1]
    cdef uint32_t high = end, middle
    while low < high:
        middle = low + (high - low) // 2
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return key_labels[low] if low < end and keys[low] == key else 0


cdef void map_colors(
    const uint8_t[:, :] rows, const uint8_t* entries, uint8_t[:, ::1] labels
) noexcept nogil:
    """Look up pixels of three channels, of which those that are near have like colors."""
    cdef Py_ssize_t y, x, left = 0, right, width = labels.shape[1]
    cdef const uint8_t* pixel
    cdef uint8_t* target
    while left < width:
        right = min(left + SIDE, width)
        for y in range(labels.shape[0]):
            pixel = &rows[y, 3 * left]
            target = &labels[y, 0]
            for x in range(left, right):
                target[x] = entries[pixel[0] << 16 | pixel[1] << 8 | pixel[2]]
                pixel += 3
        left = right


def map_pixels(
    const uint8_t[:, :] rows, int channels, const uint8_t[::1] table,
    const uint32_t[::1] firsts, const uint32_t[::1] keys, const uint8_t[::1] key_labels,
    uint8_t[:, ::1] labels,
):
    """Look up the label of every pixel.

    Parameters
    ----------
    rows : ndarray of shape (H, W * channels), dtype uint8
        Any stride between rows.
    channels : {1, 2, 3, 4}
    table : ndarray of shape (256 ** min(channels, 3),), dtype uint8
        From `fill_table`.
    firsts : ndarray of shape (2 ** B + 1,), dtype uint32
        Ascending, 1 <= B <= 24: where the keys of each value of the highest B bits begin, and
        their number.
    keys : ndarray of shape (R,), dtype uint32
        Translucent colors of four channels, packed, ascending.
    key_labels : ndarray of shape (R,), dtype uint8
    labels : ndarray of shape (H, W), dtype uint8
        Overwritten; an unknown translucent color gets 0.
    """
    cdef Py_ssize_t y, x, width = labels.shape[1], height = labels.shape[0]
    cdef const uint8_t* pixel
    cdef const uint8_t* entries
    cdef const uint32_t* first_keys
    cdef const uint32_t* key_list = NULL
    cdef const uint8_t* label_list = NULL
    cdef uint8_t* target
    cdef uint32_t key, last_key = 0
    cdef uint8_t last_label
    cdef int shift = 31
    if not 1 <= channels <= 4 or rows.shape[0] != height or rows.shape[1] != width * channels:
        raise ValueError("rows, channels and labels do not fit")
    check_rows(rows)
    if table.shape[0] != 1 << 8 * min(channels, 3):
        raise ValueError("the table does not fit the channels")
    while shift > 8 and (<Py_ssize_t>1 << (32 - shift)) + 1 < firsts.shape[0]:
        shift -= 1
    if firsts.shape[0] != (<Py_ssize_t>1 << (32 - shift)) + 1:
        raise ValueError("there must be a first key for each beginning of a key")
    if keys.shape[0] != key_labels.shape[0]:
        raise ValueError("keys and labels do not fit")
    for x in range(firsts.shape[0]):
        if firsts[x] > keys.shape[0]:
            raise ValueError("keys end outside the array")
    if height == 0 or width == 0:
        return
    entries = &table[0]
    first_keys = &firsts[0]
    if keys.shape[0]:
        key_list = &keys[0]
        label_list = &key_labels[0]
    if channels == 3:
        with nogil:
            map_colors(rows, entries, labels)
        return
    with nogil:
        last_label = search(0, shift, first_keys, key_list, label_list)
        for y in range(height):
            pixel = &rows[y, 0]
            target = &labels[y, 0]
            if channels == 1:
                for x in range(width):
                    target[x] = entries[pixel[x]]
            elif channels == 2:
                for x in range(width):
                    target[x] = entries[pixel[2 * x] << 8 | pixel[2 * x + 1]]
            else:
                for x in range(width):
                    if pixel[3] == 255:
                        target[x] = entries[pixel[0] << 16 | pixel[1] << 8 | pixel[2]]
                    else:
                        key = (
                            <uint32_t>pixel[0] << 24 | <uint32_t>pixel[1] << 16
                            | <uint32_t>pixel[2] << 8 | pixel[3]
                        )
                        if key != last_key:
                            last_key = key
                            last_label = search(key, shift, first_keys, key_list, label_list)
                        target[x] = last_label
                    pixel += 4


def look_up_rows(const uint8_t[:, ::1] table, const uint8_t[:, :] labels, uint8_t[:, ::1] rows):
    """Replace every label by its row of a table.

    Parameters
    ----------
    table : ndarray of shape (K, C), dtype uint8
        1 <= K <= 256, 1 <= C <= 4.
    labels : ndarray of shape (H, W), dtype uint8
        Any stride between rows.
    rows : ndarray of shape (H, W * C), dtype uint8
        Overwritten.

    Returns
    -------
    largest : int
        The largest label, or 0 if none can be K or more. Where it is, `rows` hold zeros for want
        of a row.
    """
    cdef Py_ssize_t y, x, width = labels.shape[1], height = labels.shape[0]
    cdef Py_ssize_t size = table.shape[0], channels = table.shape[1]
    cdef uint8_t[256] ones
    cdef uint16_t[256] twos
    cdef uint32_t[256] fours
    cdef const uint8_t* source
    cdef uint8_t* target
    cdef uint8_t largest = 0
    if not 1 <= channels <= 4 or not 1 <= size <= 256:
        raise ValueError("the table must be (1 to 256, 1 to 4)")
    if rows.shape[0] != height or rows.shape[1] != width * channels:
        raise ValueError("labels and rows do not fit")
    check_rows(labels)
    if height == 0 or width == 0:
        return 0
    with nogil:
        for x in range(256):
            ones[x] = 0
            twos[x] = 0
            fours[x] = 0
        for x in range(size):
            if channels == 1:
                ones[x] = table[x, 0]
            elif channels == 2:
                memcpy(&twos[x], &table[x, 0], 2)
            else:
                memcpy(&fours[x], &table[x, 0], channels)
        for y in range(height):
            source = &labels[y, 0]
            target = &rows[y, 0]
            if size < 256:
                for x in range(width):
                    largest = max(largest, source[x])
            if channels == 1:
                for x in range(width):
                    target[x] = ones[source[x]]
            elif channels == 2:
                for x in range(width):
                    memcpy(target + 2 * x, &twos[source[x]], 2)
            elif channels == 3:
                # Four bytes at once; the fourth is the next pixel's, which comes after.
                for x in range(width - 1):
                    memcpy(target + 3 * x, &fours[source[x]], 4)
                memcpy(target + 3 * (width - 1), &fours[source[width - 1]], 3)
            else:
                for x in range(width):
                    memcpy(target + 4 * x, &fours[source[x]], 4)
    return largest
