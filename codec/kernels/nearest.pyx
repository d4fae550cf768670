"""The nearest of up to 256 code-words for any color of whole samples.

The cube of all colors is cut into cells. For a color of a cell only those code-words can be
nearest whose least distance to the cell is at most the least of all greatest distances. The list
of them is made when a color of the cell is first asked for, out of the list of a larger block.
"""

from libc.stdint cimport int16_t, int32_t, uint8_t
from libc.stdlib cimport calloc, free, realloc

cdef enum:
    LANES = 8
    FIRST_CANDIDATES = 1 << 13
    # Beyond this a cell makes do with the list of its block, which is as right.
    MAX_CANDIDATES = 1 << 21
    NEVER = 0x3FFFFFFF      # the base of what pads a list
    NEVER_BIT = 0x20000000  # set in no other base


cdef bint reserve(Grid* grid, int32_t count) noexcept nogil:
    """Make room for more candidates; false if there is none."""
    cdef int32_t reserved = grid.reserved
    cdef int16_t* values
    cdef int32_t* bases
    if grid.used + count <= reserved:
        return True
    while reserved < grid.used + count:
        reserved = max(2 * reserved, <int32_t>FIRST_CANDIDATES)
    if reserved > MAX_CANDIDATES:
        return False
    values = <int16_t*>realloc(grid.values, reserved * SAMPLES * sizeof(int16_t))
    if values == NULL:
        return False
    grid.values = values
    bases = <int32_t*>realloc(grid.bases, reserved * sizeof(int32_t))
    if bases == NULL:
        return False
    grid.bases = bases
    grid.reserved = reserved
    return True


cdef int32_t padded(int32_t count) noexcept nogil:
    return 1 if count == 1 else (count + LANES - 1) // LANES * LANES


cdef void measure(
    const int16_t* values, int32_t count, int16_t middle, int16_t extent, int32_t* least,
    int32_t* greatest,
) noexcept nogil:
    """Add to the squared distances of candidates from a cell what one sample contributes."""
    cdef int32_t j
    cdef int16_t offset, reach
    for j in range(count):
        offset = <int16_t>(2 * values[j] - middle)
        offset = offset if offset > 0 else <int16_t>-offset
        reach = <int16_t>(offset + extent)
        greatest[j] += reach * reach
        reach = <int16_t>(offset - extent)
        reach = reach if reach > 0 else 0
        least[j] += reach * reach


cdef List narrow(Grid* grid, List source, const int* color, int bits) noexcept nogil:
    """List the candidates of the cell around a color; the source itself if there is no room."""
    cdef int c, size = 1 << bits
    cdef int32_t j, count = 0, bound = 0x7FFFFFFF
    cdef int32_t[256] least, greatest
    cdef uint8_t[256] kept
    cdef int16_t* values
    cdef int16_t* target
    cdef int32_t* bases
    cdef List result
    if not reserve(grid, source.count):
        return source
    values = grid.values + SAMPLES * source.first
    bases = grid.bases + source.first
    for j in range(source.count):
        least[j] = 0
        greatest[j] = bases[j] & NEVER_BIT
    for c in range(grid.channels):  # in half steps, so that the middle of a cell is whole
        measure(
            values + c * source.count, source.count,
            <int16_t>(2 * (color[c] & ~(size - 1)) + size - 1), <int16_t>(size - 1),
            least, greatest,
        )
    for j in range(source.count):
        if greatest[j] < bound:
            bound = greatest[j]
    for j in range(source.count):
        kept[count] = <uint8_t>j
        count += least[j] <= bound and bases[j] != NEVER
    result.first = grid.used
    result.count = padded(count)
    target = grid.values + SAMPLES * result.first
    for c in range(SAMPLES):
        for j in range(count):
            target[j] = values[kept[j]]
        for j in range(count, result.count):
            target[j] = 0
        target += result.count
        values += source.count
    for j in range(count):
        grid.bases[result.first + j] = bases[kept[j]]
    for j in range(count, result.count):
        grid.bases[result.first + j] = NEVER
    grid.used += result.count
    return result


cdef int block_bits(int channels) noexcept nogil:
    """How many low bits of a sample differ within a block of cells."""
    return 4 if channels == 1 else 6 if channels == 4 else 5


cdef List fill_cell(Grid* grid, const int* color) noexcept nogil:
    """Find the candidates of the cell of a color, and keep the list."""
    cdef int c, fine = open_bits(grid.channels), coarse = block_bits(grid.channels)
    cdef int32_t cell = 0, block = 0
    cdef List candidates
    for c in range(grid.channels):
        cell = cell << (8 - fine) | color[c] >> fine
        block = block << (8 - coarse) | color[c] >> coarse
    candidates = grid.blocks[block]
    if candidates.count == 0:
        candidates = grid.blocks[block] = narrow(grid, grid.everything, color, coarse)
    candidates = grid.cells[cell] = narrow(grid, candidates, color, fine)
    return candidates


cdef class NearestGrid:
    """A codebook prepared for many searches.

    Searching fills the grid: one thread at a time may use it.

    Parameters
    ----------
    codebook : ndarray of shape (K, C), dtype uint8
        1 <= K <= 256, 1 <= C <= 4; code-words may be equal.
    labels : ndarray of shape (K,), dtype uint8, optional
        What is found for each code-word; strictly ascending. By default its row.
    """

    def __cinit__(self, const uint8_t[:, ::1] codebook, const uint8_t[::1] labels=None):
        cdef Grid* grid = &self.grid
        cdef int c, channels, row, other, place, distinct = 0, count
        cdef int32_t square
        cdef int[256] rows
        if not 1 <= codebook.shape[0] <= 256 or not 1 <= codebook.shape[1] <= SAMPLES:
            raise ValueError("the codebook must be (1 to 256, 1 to 4)")
        if labels is not None and labels.shape[0] != codebook.shape[0]:
            raise ValueError("codebook and labels do not fit")
        channels = grid.channels = <int>codebook.shape[1]
        grid.cells = <List*>calloc(1 << (8 - open_bits(channels)) * channels, sizeof(List))
        grid.blocks = <List*>calloc(1 << (8 - block_bits(channels)) * channels, sizeof(List))
        if grid.cells == NULL or grid.blocks == NULL or not reserve(grid, 256):
            raise MemoryError
        for row in range(<int>codebook.shape[0]):
            other = 0
            while other < distinct:
                c = 0
                while c < channels and codebook[row, c] == codebook[rows[other], c]:
                    c += 1
                if c == channels:
                    break
                other += 1
            if other == distinct:  # of equal code-words the lowest label wins
                rows[distinct] = row
                distinct += 1
        count = padded(distinct)
        grid.everything.count = grid.used = count
        for place in range(count):
            grid.bases[place] = NEVER
            for c in range(SAMPLES):
                grid.values[c * count + place] = 0
        for place in range(distinct):
            row = rows[place]
            grid.labels[place] = <uint8_t>row if labels is None else labels[row]
            square = 0
            for c in range(channels):
                grid.values[c * count + place] = codebook[row, c]
                square += <int32_t>codebook[row, c] * codebook[row, c]
            grid.bases[place] = square << 8 | place

    def __dealloc__(self):
        free(self.grid.cells)
        free(self.grid.blocks)
        free(self.grid.values)
        free(self.grid.bases)


cdef inline void label_all(
    Grid* grid, int channels, const uint8_t[:, ::1] colors, uint8_t[::1] labels
) noexcept nogil:
    cdef Py_ssize_t i
    cdef int c
    cdef int[SAMPLES] color
    for i in range(colors.shape[0]):
        for c in range(channels):
            color[c] = colors[i, c]
        labels[i] = <uint8_t>nearest_label(grid, channels, color)


def label_rows(NearestGrid prepared not None, const uint8_t[:, ::1] colors, uint8_t[::1] labels):
    """Find the nearest code-word of every color.

    Parameters
    ----------
    prepared : NearestGrid
        Of C channels.
    colors : ndarray of shape (N, C), dtype uint8
        Fastest where neighbors are similar.
    labels : ndarray of shape (N,), dtype uint8
        Overwritten; a tie goes to the lowest label.
    """
    cdef Grid* grid = &prepared.grid
    if colors.shape[1] != grid.channels or labels.shape[0] != colors.shape[0]:
        raise ValueError("codebook, colors and labels do not fit")
    with nogil:
        if grid.channels == 3:
            label_all(grid, 3, colors, labels)
        else:
            label_all(grid, grid.channels, colors, labels)
