# Behavior, in a .pxd: what kernels cimport from here, Cython inlines.
"""What a label of a pixel costs, and what it may cost the pixels after it."""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t

from codec.kernels.labelcolors cimport CHANNELS


cdef enum:
    N_LATER = 4          # pixels whose neighbor a pixel is: E, SW, S, SE
    N_AROUND = 4         # W, N, NE, NW
    SAVED_BYTES = 512

cdef struct Saved:       # a prediction, until it is known what is to be learned
    uint8_t[SAVED_BYTES] decision
    int32_t[2] bits      # of its two outcomes


cdef struct Later:       # a pixel that comes after this one
    const int16_t *place
    int64_t weight
    int before           # its label of the round before
    int64_t before_error
    int[N_AROUND] around             # labels; -1 stands for this pixel's
    int64_t[N_AROUND] errors


cdef struct Band:
    const int16_t *places
    const uint16_t *weights
    const uint8_t *groups
    const uint8_t *before
    const uint8_t *nearest
    uint8_t *labels
    Py_ssize_t height
    Py_ssize_t width


cdef struct Search:
    Saved[5 + 256] saved             # flat, flags, nodes
    uint32_t[256] stamps             # of nodes: the pixel of which a prediction is
    uint32_t now
    int channels
    int n_near
    int64_t rate
    const int16_t *words             # of CHANNELS each
    const uint8_t *near              # of n_near each
    const uint8_t *word_groups
    const int32_t *bits              # of odds
    int32_t *expected                # bits by pattern, and by the neighbor whose label it is
    Later[N_LATER] later
    int n_later                      # -1: not looked at yet
    Band *band
    const uint8_t *row               # of labels chosen
    const uint8_t *above
    Py_ssize_t x
    Py_ssize_t y
    const int16_t *place
    int64_t weight
    int group


cdef inline int64_t error_of(Search *search, const int16_t *place, int label) noexcept nogil:
    """Squared error of a pixel, in 1/16."""
    cdef const int16_t *word = search.words + label * CHANNELS
    cdef int k, part
    cdef int total = 0   # of 4 axes of 12 bits each
    if search.channels == 3:
        for k in range(3):
            part = place[k] - word[k]
            total += part * part
    else:
        for k in range(search.channels):
            part = place[k] - word[k]
            total += part * part
    return <int64_t> total << 4


cdef inline int small_pattern(const int *around) noexcept nogil:
    return (
        (around[0] == around[1]) | (around[0] == around[3]) << 1 | (around[1] == around[2]) << 2
        | (around[1] == around[3]) << 3 | (around[0] == around[2]) << 4
        | (around[2] == around[3]) << 5
    )


cdef inline int first_of(const int *around, int label) noexcept nogil:
    """Find the first neighbor that has a label; 4 if none has."""
    cdef int k
    for k in range(N_AROUND):
        if around[k] == label:
            return k
    return N_AROUND


cdef inline void add_later(
    Search *search, const int16_t *place, int weight, int before, int w, int n, int ne, int nw
) noexcept nogil:
    cdef Later *later = &search.later[search.n_later]
    cdef int k
    later.place, later.weight, later.before = place, weight, before
    later.around[0], later.around[1], later.around[2], later.around[3] = w, n, ne, nw
    later.before_error = later.weight * error_of(search, place, before)
    for k in range(N_AROUND):
        if later.around[k] >= 0:
            later.errors[k] = later.weight * error_of(search, place, later.around[k])
    search.n_later += 1


cdef inline void look_ahead(Search *search) noexcept nogil:
    """Find the later pixels beside a pixel, and what they may be."""
    cdef Band *band = search.band
    cdef Py_ssize_t x = search.x, y = search.y
    cdef const uint8_t *row = search.row
    cdef const uint8_t *above = search.above
    cdef const uint8_t *before = band.before + y * band.width + x
    cdef const uint8_t *below = before + band.width
    cdef const int16_t *place = search.place
    cdef const int16_t *under = place + band.width * search.channels
    cdef const uint16_t *weights = band.weights + y * band.width + x
    cdef bint has_left = x > 0, has_right = x + 1 < band.width
    search.n_later = 0
    if has_right:
        add_later(
            search, place + search.channels, weights[1], before[1], -1, above[1], above[2],
            above[0],
        )
    if y + 1 < band.height:
        weights += band.width
        add_later(
            search, under, weights[0], below[0], below[-1] if has_left else -1, -1,
            before[1] if has_right else -1, row[-1],
        )
        if has_left:
            add_later(
                search, under - search.channels, weights[-1], below[-1],
                below[-2] if x > 1 else row[-1], row[-1], -1, row[-2],
            )
        if has_right:
            add_later(
                search, under + search.channels, weights[1], below[1], below[0], before[1],
                before[2] if x + 2 < band.width else before[1], -1,
            )


cdef inline int64_t future(Search *search, int label) noexcept nogil:
    """Sum up the least that later pixels may cost beside a label.

    They may keep their labels or take that of a neighbor.
    """
    cdef int i, k, slot
    cdef int[N_AROUND] around
    cdef const int32_t *expected
    cdef int64_t total = 0, least, cost, own
    cdef Later *later
    if search.n_later < 0:
        look_ahead(search)
    for i in range(search.n_later):
        later = &search.later[i]
        own = later.weight * error_of(search, later.place, label)
        for k in range(N_AROUND):
            around[k] = later.around[k] if later.around[k] >= 0 else label
        expected = search.expected + 5 * small_pattern(around)
        least = later.before_error + search.rate * expected[first_of(around, later.before)]
        for k in range(N_AROUND):
            slot = first_of(around, around[k])
            cost = (later.errors[k] if later.around[k] >= 0 else own) + search.rate * expected[slot]
            least = cost if cost < least else least
        total += least
    return total
