"""How much errors of colors show: more in smooth surroundings than in texture."""

from libc.stdint cimport int32_t, uint8_t

from codec.kernels.rows cimport check_rows

cdef enum:
    SIDE = 4         # of a block
    CELL_BITS = 6    # of a sample that tell cells apart
    UNIT = 16        # weight where nothing hides an error
    LEAST = 1
    SHADES = 6       # three channels on black, and on white
    FLAT = 4         # of blocks of one shade, whose colors are exact anyway


cdef inline int weight_of(
    const int32_t* totals, const int32_t* squares, int32_t count, int colors
) noexcept nogil:
    """Weigh a block by V, the mean variance of its channels: 16 * 16 / (16 + V), at least 1."""
    cdef int c
    cdef int32_t variance = 0, unit = colors * count * count
    for c in range(colors):
        variance += count * squares[c] - totals[c] * totals[c]
    if variance == 0:
        return FLAT
    variance += 16 * unit
    return max(<int>((2 * UNIT * 16 * unit + variance) // (2 * variance)), <int>LEAST)


cdef inline Py_ssize_t cell_of(const uint8_t* pixel, int channels) noexcept nogil:
    cdef int shift = 8 - CELL_BITS
    if channels < 3:
        return pixel[0]
    return (
        (<Py_ssize_t>(pixel[0] >> shift) << 2 * CELL_BITS)
        + ((pixel[1] >> shift) << CELL_BITS) + (pixel[2] >> shift)
    )


cdef inline void weigh_block(
    const uint8_t* first, Py_ssize_t stride, int channels, Py_ssize_t height, Py_ssize_t width,
    int32_t* weights, int32_t* counts,
) noexcept nogil:
    cdef Py_ssize_t y, x, cell
    cdef int c, weight, colors = 3 if channels >= 3 else 1
    cdef bint with_alpha = channels == 2 or channels == 4
    cdef int32_t shade, alpha, count = <int32_t>(height * width)
    cdef int32_t[SHADES] totals, squares
    cdef const uint8_t* pixel
    for c in range(SHADES):
        totals[c] = 0
        squares[c] = 0
    for y in range(height):
        pixel = first + y * stride
        for x in range(width):
            for c in range(colors):
                shade = pixel[c]
                if with_alpha:
                    alpha = pixel[channels - 1]
                    shade = (shade * alpha + 127) // 255
                    totals[colors + c] += shade + 255 - alpha
                    squares[colors + c] += (shade + 255 - alpha) * (shade + 255 - alpha)
                totals[c] += shade
                squares[c] += shade * shade
            pixel += channels
    weight = weight_of(totals, squares, count, colors)
    if with_alpha:
        weight = min(weight, weight_of(totals + colors, squares + colors, count, colors))
    for y in range(height):
        pixel = first + y * stride
        for x in range(width):
            cell = cell_of(pixel, channels)
            weights[cell] += weight
            counts[cell] += 1
            pixel += channels


def weigh_cells(
    const uint8_t[:, :] rows, int channels, int32_t[::1] weights, int32_t[::1] counts
):
    """Sum up, for cells of colors, how much errors show at their pixels.

    Blocks of 4x4 pixels, from the first row and column, weigh 1 to 16. With alpha they weigh what
    they do on black or on white, whichever is less.

    Parameters
    ----------
    rows : ndarray of shape (H, W * C), dtype uint8
        Pixels. Any stride between rows.
    channels : int
        C, 1 to 4.
    weights, counts : ndarray of shape (2**18,), dtype int32
        Added to: weights and numbers of pixels, of 2**26 together at most. Cells are of 6 bits a channel, first channel most
        significant; with one or two channels they are its 256 shades. Alpha does not count.
    """
    cdef Py_ssize_t y, x, i, j, height = rows.shape[0], width
    if not 1 <= channels <= 4 or rows.shape[1] % channels:
        raise ValueError("rows and channels do not fit")
    if weights.shape[0] != 1 << 3 * CELL_BITS or counts.shape[0] != 1 << 3 * CELL_BITS:
        raise ValueError("there must be 2**18 cells")
    width = rows.shape[1] // channels
    if height == 0 or width == 0:
        return
    check_rows(rows)
    with nogil:
        for i in range((height + SIDE - 1) // SIDE):
            y = i * SIDE
            for j in range((width + SIDE - 1) // SIDE):
                x = j * SIDE
                if channels == 3:
                    weigh_block(
                        &rows[y, 3 * x], rows.strides[0], 3, min(<Py_ssize_t>SIDE, height - y),
                        min(<Py_ssize_t>SIDE, width - x), &weights[0], &counts[0],
                    )
                else:
                    weigh_block(
                        &rows[y, channels * x], rows.strides[0], channels,
                        min(<Py_ssize_t>SIDE, height - y), min(<Py_ssize_t>SIDE, width - x),
                        &weights[0], &counts[0],
                    )
