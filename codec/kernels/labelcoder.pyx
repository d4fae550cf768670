"""Labels to bits and back: what is asked of each pixel, and the arithmetic coder.

Names and numbers are those of format-spec.md, section 16. Encoding and decoding are one walk over
the pixels, so that they cannot differ in what they know.
"""

from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from codec.kernels.labelcontexts cimport (
    ABOVE, Here, MARGIN, Walk, count, energy, learn_energy, look_around, look_at_colors,
    prepare_flag, prepare_node,
)
from codec.kernels.labelmodel cimport (
    FAST_FIRST, FAST_LAST, FLAT_SET, Model, N_FLAT, N_SPATIAL, find_lines, free_model, learn,
    new_model, predict, slots_needed,
)
from codec.kernels.labelcolors cimport CHANNELS, Colors, fill_colors

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


cdef inline int _code(
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
            coder.value = (coder.value << 8) | _next_byte(coder)
        else:
            _put_byte(coder, coder.low >> 24)
        coder.low <<= 8
        coder.high = (coder.high << 8) | 255
    learn(model, bit, first, last, full)
    return bit


cdef inline uint32_t _next_byte(Coder *coder) noexcept nogil:
    """Read a byte; behind the end there are zeros."""
    cdef uint32_t byte = coder.bytes[coder.at] if coder.at < coder.size else 0
    coder.at += 1
    return byte


cdef inline void _put_byte(Coder *coder, uint32_t byte) noexcept nogil:
    if coder.at < coder.size:
        coder.bytes[coder.at] = <uint8_t> byte
        coder.at += 1
    else:
        coder.full = True


cdef bint _allocate(Walk *walk, Py_ssize_t width) noexcept nogil:
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


cdef void _begin_row(Walk *walk, Py_ssize_t width) noexcept nogil:
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


cdef inline bint _code_flat(Model *model, Coder *coder, bint same) noexcept nogil:
    """Code whether a label is the same as all those around it."""
    find_lines(model, 0, 0, N_FLAT)
    model.selected[0] = FLAT_SET
    return _code(model, coder, same, 0, 0, N_FLAT, False)


cdef inline void _look_up_pixel(
    Model *model, Here *here, Colors *colors, Walk *walk, Py_ssize_t x, const bint fast
) noexcept nogil:
    """Find what decisions of a pixel have in common."""
    find_lines(model, 0, FAST_FIRST if fast else 0, FAST_LAST if fast else N_SPATIAL)
    if not fast:
        look_at_colors(here, colors, walk.rows[0] + x, walk.rows[1] + x, walk.rows[2] + x)


cdef inline int _ask_neighbors(
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
        if _code(model, coder, label == candidate, flag, first, last, not fast):
            return candidate
    return -1


cdef inline int _code_label(
    Model *model, Coder *coder, Here *here, Colors *colors, Walk *walk, Py_ssize_t x,
    int label, const bint fast, bint flat
) noexcept nogil:
    """Code one label: is it that of a neighbor? If not, which side of each node is it on?"""
    cdef int first = FAST_FIRST if fast else 0
    cdef int last = FAST_LAST if fast else N_SPATIAL
    cdef int flag, found, node, depth = 0
    cdef uint32_t place = 4
    if flat:
        if _code_flat(model, coder, label == here.w):
            return here.w
        _look_up_pixel(model, here, colors, walk, x, fast)
        here.count_w = 12
    else:
        _look_up_pixel(model, here, colors, walk, x, fast)
        found = _ask_neighbors(model, coder, here, colors, walk, x, label, fast)
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
        flag = _code(
            model, coder, colors.path[label][depth], place, first, last, not fast
        )
        place = 2 * place - 3 + flag if depth < 3 else 2 * place + flag
        node = colors.children[node][flag]
        depth += 1
    return -1 - node


cdef void _walk_pixels(
    Model *model, Coder *coder, Colors *colors, Walk *walk, uint8_t *labels,
    Py_ssize_t height, Py_ssize_t width, const bint fast
) noexcept nogil:
    cdef Here here
    cdef Py_ssize_t x, y
    cdef int label = 0
    cdef uint32_t same_n, run
    cdef bint flat
    cdef uint8_t *row
    for y in range(height):
        _begin_row(walk, width)
        row = walk.rows[0]
        same_n = run = 0
        for x in range(width):
            flat = look_around(&here, model, walk, x, same_n, run, fast)
            if not coder.decoding:
                label = labels[y * width + x]
            label = _code_label(model, coder, &here, colors, walk, x, label, fast, flat)
            row[x] = label
            if coder.decoding:
                labels[y * width + x] = label
            if not fast:
                learn_energy(&here, colors, walk, x, label, flat)
            run = min(MAX_RUN, run + 1) if label == here.w else 0
            same_n = (same_n << 1 | (label == here.n)) & 255
            walk.same_w[x] = <uint8_t> (walk.same_w[x] << 1 | (label == here.w))
            walk.same_n[x] = <uint8_t> (walk.same_n[x] << 1 | (label == here.n))
        memset(row + width, row[width - 1], MARGIN)


cdef int _run(
    Coder *coder, uint8_t *labels, Py_ssize_t height, Py_ssize_t width,
    const uint8_t[:, ::1] codebook, uint32_t *slots, bint fast
) noexcept nogil:
    """Encode or decode a band; 0 if there was no memory."""
    cdef Model *model = new_model(height * width, slots, fast)
    cdef Colors *colors = <Colors *> calloc(1, sizeof(Colors))
    cdef Walk walk
    cdef int done = 0, i
    walk.memory = NULL
    if model != NULL and colors != NULL and _allocate(&walk, width):
        fill_colors(colors, codebook)
        coder.low, coder.high, coder.value = 0, 0xFFFFFFFF, 0
        if coder.decoding:
            for i in range(4):
                coder.value = coder.value << 8 | _next_byte(coder)
        if fast:
            _walk_pixels(model, coder, colors, &walk, labels, height, width, True)
        else:
            _walk_pixels(model, coder, colors, &walk, labels, height, width, False)
        if not coder.decoding and coder.low > 0:
            _put_byte(coder, (coder.low >> 24) + 1)
        done = 1
    free(walk.memory)
    free(colors)
    free_model(model)
    return done


def n_slots(Py_ssize_t pixels, bint fast):
    """Tell how many slots of 32 bits the coder needs for a band.

    Parameters
    ----------
    pixels : int
        Its height x width.
    fast : bool
        With few contexts.

    Returns
    -------
    n_slots : int
    """
    return slots_needed(pixels, fast)


cdef _check(
    Py_ssize_t height, Py_ssize_t width, const uint8_t[:, ::1] codebook,
    const uint32_t[::1] slots, bint fast
):
    if not 1 <= height < 1 << 31 or not 1 <= width < 1 << 31 or height * width > 1 << 40:
        raise ValueError("the picture is empty or too large")
    if not 2 <= codebook.shape[0] <= 256 or not 1 <= codebook.shape[1] <= CHANNELS:
        raise ValueError("a codebook has 2 to 256 code-words of 1 to 4 channels")
    if slots.shape[0] < slots_needed(height * width, fast):
        raise ValueError("too few slots")


def encode(
    const uint8_t[:, ::1] labels, const uint8_t[:, ::1] codebook, uint32_t[::1] slots,
    uint8_t[::1] room, bint fast
):
    """Code the labels of a band.

    Parameters
    ----------
    labels : ndarray of shape (H, W), dtype uint8
        Each less than K.
    codebook : ndarray of shape (K, C), dtype uint8
        2 to 256 code-words.
    slots : ndarray of shape (at least ``n_slots(H * W, fast)``,), dtype uint32
        Scratch; contents do not matter.
    room : ndarray of shape (B,), dtype uint8
        What is written to.
    fast : bool
        With few contexts.

    Returns
    -------
    size : int
        Bytes written, or -1 if they are more than B.

    Raises
    ------
    ValueError
        A label is K or more, or an argument has an impossible shape.
    MemoryError
        There is no memory for the model.
    """
    cdef Coder coder
    cdef Py_ssize_t x, y
    cdef int done, highest = 0
    _check(labels.shape[0], labels.shape[1], codebook, slots, fast)
    if room.shape[0] < 1:
        return -1
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            highest = max(highest, labels[y, x])
    if highest >= codebook.shape[0]:
        raise ValueError("a label has no code-word")
    memset(&coder, 0, sizeof(Coder))
    coder.bytes, coder.size = &room[0], room.shape[0]
    with nogil:
        done = _run(
            &coder, <uint8_t *> &labels[0, 0], labels.shape[0], labels.shape[1], codebook,
            &slots[0], fast,
        )
    if not done:
        raise MemoryError
    return -1 if coder.full else coder.at


def decode(
    const uint8_t[::1] data, const uint8_t[:, ::1] codebook, uint32_t[::1] slots,
    uint8_t[:, ::1] labels, bint fast
):
    """Decode the labels of a band; any bytes decode to something.

    Parameters
    ----------
    data : ndarray of shape (B,), dtype uint8
        What `encode` wrote; behind it there are zeros without end.
    codebook : ndarray of shape (K, C), dtype uint8
        As for `encode`.
    slots : ndarray of shape (at least ``n_slots(H * W, fast)``,), dtype uint32
        Scratch; contents do not matter.
    labels : ndarray of shape (H, W), dtype uint8
        Overwritten.
    fast : bool
        As for `encode`.

    Returns
    -------
    used : int
        How many bytes were asked for; more than B if some of the zeros were.

    Raises
    ------
    ValueError, MemoryError
        As `encode`.
    """
    cdef Coder coder
    cdef int done
    cdef uint8_t nothing = 0
    _check(labels.shape[0], labels.shape[1], codebook, slots, fast)
    memset(&coder, 0, sizeof(Coder))
    coder.decoding = True
    coder.bytes, coder.size = &nothing, data.shape[0]
    if data.shape[0] > 0:
        coder.bytes = <uint8_t *> &data[0]
    with nogil:
        done = _run(
            &coder, &labels[0, 0], labels.shape[0], labels.shape[1], codebook, &slots[0], fast
        )
    if not done:
        raise MemoryError
    return coder.at
