# Behavior, in a .pxd: what kernels cimport from here, Cython inlines.
"""A walk over labels: what is asked of each pixel, and the arithmetic coder.

Names and numbers are those of format-spec.md, section 16.
"""

from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport calloc
from libc.string cimport memset

from codec.kernels.labelcontexts cimport (
    ABOVE, Here, MARGIN, Walk, count, energy, look_at_colors, prepare_flag, prepare_node,
)
from codec.kernels.labelmodel cimport (
    FAST_FIRST, FAST_LAST, FLAT_SET, Model, N_FLAT, N_SPATIAL, find_lines, learn, predict,
)
from codec.kernels.labelcolors cimport Colors


cdef enum:
    MAX_AHEAD = 16
    MAX_RUN = 15


cdef struct Coder:
    uint8_t *bytes
    Py_ssize_t size      # room for encoding, length for decoding
    Py_ssize_t at
    uint32_t low
    uint32_t high
    uint32_t value
    bint decoding
    bint full            # no room left


cdef inline int code(
    Model *model, Coder *coder, int bit, uint32_t place, const int first, const int last,
    const bint full
) noexcept nogil:
    """Code one decision: `bit` if encoding, and else what the stream says."""
    cdef uint32_t odds = predict(model, place, first, last, full)
    cdef uint32_t extent = coder.high - coder.low
    cdef uint32_t middle = coder.low + (extent >> 16) * odds + (((extent & 0xFFFF) * odds) >> 16)
    if coder.decoding:
        bit = coder.value <= middle
    if bit:
        coder.high = middle
    else:
        coder.low = middle + 1
    while (coder.low ^ coder.high) < 0x1000000:
        if coder.decoding:
            coder.value = (coder.value << 8) | next_byte(coder)
        else:
            put_byte(coder, coder.low >> 24)
        coder.low <<= 8
        coder.high = (coder.high << 8) | 255
    learn(model, bit, first, last, full)
    return bit


cdef inline uint32_t next_byte(Coder *coder) noexcept nogil:
    """Read a byte; behind the end there are zeros."""
    cdef uint32_t byte = coder.bytes[coder.at] if coder.at < coder.size else 0
    coder.at += 1
    return byte


cdef inline void put_byte(Coder *coder, uint32_t byte) noexcept nogil:
    if coder.at < coder.size:
        coder.bytes[coder.at] = <uint8_t> byte
        coder.at += 1
    else:
        coder.full = True


cdef inline bint allocate(Walk *walk, Py_ssize_t width) noexcept nogil:
    cdef Py_ssize_t stride = width + 2 * MARGIN
    cdef uint8_t *at
    cdef int i
    walk.memory = calloc(stride, (ABOVE + 1) + 2 + 3 + sizeof(uint32_t))
    if walk.memory == NULL:
        return False
    walk.columns = <uint32_t *> walk.memory + MARGIN
    at = <uint8_t *> walk.memory + stride * sizeof(uint32_t) + MARGIN
    for i in range(ABOVE + 1):
        walk.rows[i] = at + i * stride
    at += (ABOVE + 1) * stride
    for i in range(2):
        walk.energies[i] = at + i * stride
    walk.same_w, walk.same_n, walk.ahead = at + 2 * stride, at + 3 * stride, at + 4 * stride
    return True


cdef inline void begin_row(Walk *walk, Py_ssize_t width) noexcept nogil:
    """Turn the rows around, the lowest becoming the first above, and look at those above."""
    cdef uint8_t *last = walk.rows[ABOVE]
    cdef uint8_t *energies = walk.energies[1]
    cdef const uint8_t *above = walk.rows[0]
    cdef Py_ssize_t x
    cdef int i
    for i in range(ABOVE, 0, -1):
        walk.rows[i] = walk.rows[i - 1]
    walk.rows[0] = last
    walk.energies[1], walk.energies[0] = walk.energies[0], energies
    memset(last - MARGIN, above[0], MARGIN)
    walk.ahead[width] = MAX_AHEAD
    for x in range(width - 1, -1, -1):
        walk.ahead[x] = (
            1 if above[x + 1] != above[x] else min(MAX_AHEAD, walk.ahead[x + 1] + 1)
        )
    for x in range(-4, width + 4):
        walk.columns[x] = (
            walk.rows[1][x] + walk.rows[2][x] * <uint32_t> 0x1003F
            + walk.rows[3][x] * <uint32_t> 0x7A31B5
        )


cdef inline bint code_flat(Model *model, Coder *coder, bint same) noexcept nogil:
    """Code whether a label is the same as all those around it."""
    find_lines(model, 0, 0, N_FLAT)
    model.selected[0] = FLAT_SET
    return code(model, coder, same, 0, 0, N_FLAT, False)


cdef inline void look_up_pixel(
    Model *model, Here *here, Colors *colors, Walk *walk, Py_ssize_t x, const bint fast
) noexcept nogil:
    """Find what decisions of a pixel have in common."""
    find_lines(model, 0, FAST_FIRST if fast else 0, FAST_LAST if fast else N_SPATIAL)
    if not fast:
        look_at_colors(here, colors, walk.rows[0] + x, walk.rows[1] + x, walk.rows[2] + x)


cdef inline int ask_neighbors(
    Model *model, Coder *coder, Here *here, Colors *colors, Walk *walk, Py_ssize_t x,
    int label, const bint fast
) noexcept nogil:
    """Code whether a label is that of a neighbor, and return it; -1 if it is not."""
    cdef int first = FAST_FIRST if fast else 0
    cdef int last = FAST_LAST if fast else N_SPATIAL
    cdef int[4] asked
    cdef int[4] counts
    cdef int flag, other, candidate
    cdef bint new
    asked[0], asked[1], asked[2], asked[3] = here.w, here.n, here.ne, here.nw
    if not fast:
        here.energy = energy(walk, x)
        for flag in range(4):
            counts[flag] = count(walk, x, asked[flag])
        here.count_w, here.count_n, here.count_ne = counts[0], counts[1], counts[2]
    for flag in range(4):
        candidate = asked[flag]
        new = True
        for other in range(flag):
            new = new and asked[other] != candidate
        if not new:
            continue
        if fast:
            model.selected[0] = flag << 8 | here.pattern
        else:
            prepare_flag(model, here, colors, flag, candidate, counts[flag])
        if code(model, coder, label == candidate, flag, first, last, not fast):
            return candidate
    return -1


cdef inline int code_label(
    Model *model, Coder *coder, Here *here, Colors *colors, Walk *walk, Py_ssize_t x,
    int label, const bint fast, bint flat
) noexcept nogil:
    """Code one label: is it that of a neighbor? If not, which side of each node is it on?"""
    cdef int first = FAST_FIRST if fast else 0
    cdef int last = FAST_LAST if fast else N_SPATIAL
    cdef int flag, found, node, depth = 0
    cdef uint32_t place = 4
    if flat:
        if code_flat(model, coder, label == here.w):
            return here.w
        look_up_pixel(model, here, colors, walk, x, fast)
        here.count_w = 12
    else:
        look_up_pixel(model, here, colors, walk, x, fast)
        found = ask_neighbors(model, coder, here, colors, walk, x, label, fast)
        if found >= 0:
            return found
    node = colors.root
    while node >= 0:
        if depth == 3 or depth == 7:
            find_lines(model, node + 1, first, last)
            place = 1
        if fast:
            model.selected[0] = 1024 + node
        else:
            prepare_node(model, here, colors, node, depth)
        flag = code(
            model, coder, colors.path[label][depth], place, first, last, not fast
        )
        place = 2 * place - 3 + flag if depth < 3 else 2 * place + flag
        node = colors.children[node][flag]
        depth += 1
    return -1 - node
