from libc.stdint cimport int16_t, int32_t, uint8_t


cdef enum:
    SAMPLES = 4  # colors of fewer channels are padded with zeros


cdef struct List:
    int32_t first  # place of its first candidate
    int32_t count  # 1, or a multiple of 8 with what pads it; 0 for a list not made yet


cdef struct Grid:
    int channels
    List everything
    List* cells          # first channel most significant
    List* blocks
    int16_t* values      # code-words of each list: all first samples, all second ones, ...
    int32_t* bases       # squared length * 256 + place among the code-words
    int32_t used         # candidates in all lists
    int32_t reserved
    uint8_t[256] labels  # by place


cdef List fill_cell(Grid* grid, const int* color) noexcept nogil


cdef class NearestGrid:
    cdef Grid grid


cdef inline int open_bits(int channels) noexcept nogil:
    """How many low bits of a sample differ within a cell."""
    return 0 if channels == 1 else channels


cdef inline int nearest_label(Grid* grid, int channels, const int* color) noexcept nogil:
    """Label of the code-word nearest to a color of this many samples in 0..255.

    `channels` is that of the grid; where it is a constant, the compiler unrolls what depends on it.
    """
    cdef int c, bits = open_bits(channels)
    cdef int32_t j, count, dot, key, best = 0x7FFFFFFF, cell = 0
    cdef List candidates
    cdef const int16_t* values
    cdef const int32_t* bases
    for c in range(channels):
        cell = cell << (8 - bits) | color[c] >> bits
    candidates = grid.cells[cell]
    if candidates.count == 0:
        candidates = fill_cell(grid, color)
    bases = grid.bases + candidates.first
    count = candidates.count
    if count == 1:
        return grid.labels[bases[0] & 255]
    values = grid.values + SAMPLES * candidates.first
    # The squared distance less the color's squared length, and the place, in one number.
    for j in range(count):
        dot = <int16_t>color[0] * values[j]
        if channels > 1:
            dot += <int16_t>color[1] * values[count + j]
        if channels > 2:
            dot += <int16_t>color[2] * values[2 * count + j]
        if channels > 3:
            dot += <int16_t>color[3] * values[3 * count + j]
        key = bases[j] - 512 * dot
        if key < best:
            best = key
    return grid.labels[best & 255]
