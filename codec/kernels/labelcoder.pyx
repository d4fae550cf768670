"""Labels to bits and back: what is asked of each pixel, and the arithmetic coder.

Names and numbers are those of format-spec.md, section 16. Encoding and decoding are one walk over
the pixels, so that they cannot differ in what they know.
"""

from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from codec.kernels.labelcontexts cimport Here, MARGIN, Walk, learn_energy, look_around
from codec.kernels.labelmodel cimport Model, free_model, new_model, slots_needed
from codec.kernels.labelcolors cimport CHANNELS, Colors, fill_colors
from codec.kernels.labelwalk cimport (
    Coder, MAX_RUN, allocate, begin_row, code_label, next_byte, put_byte,
)


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
        begin_row(walk, width)
        row = walk.rows[0]
        same_n = run = 0
        for x in range(width):
            flat = look_around(&here, model, walk, x, same_n, run, fast)
            if not coder.decoding:
                label = labels[y * width + x]
            label = code_label(model, coder, &here, colors, walk, x, label, fast, flat)
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
    if model != NULL and colors != NULL and allocate(&walk, width):
        fill_colors(colors, codebook)
        coder.low, coder.high, coder.value = 0, 0xFFFFFFFF, 0
        if coder.decoding:
            for i in range(4):
                coder.value = coder.value << 8 | next_byte(coder)
        if fast:
            _walk_pixels(model, coder, colors, &walk, labels, height, width, True)
        else:
            _walk_pixels(model, coder, colors, &walk, labels, height, width, False)
        if not coder.decoding and coder.low > 0:
            put_byte(coder, (coder.low >> 24) + 1)
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
