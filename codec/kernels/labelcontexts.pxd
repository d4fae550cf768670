# Behavior, in a .pxd: what kernels cimport from here, Cython inlines.
"""The contexts of a label: what is looked at around a pixel, and what is made of it.

Names and numbers are those of format-spec.md, section 16.
"""

from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport abs

from codec.kernels.labelmodel cimport Model, N_SPATIAL, combine, find_line
from codec.kernels.labelcolors cimport CHANNELS, Colors


cdef enum:
    MARGIN = 20          # columns beside the picture, and
    ABOVE = 4            # rows above it, that contexts look at
    N_PREDICTIONS = 5


cdef struct Here:        # what is known of a pixel before its first decision
    int w
    int n
    int ne
    int nw
    int pattern
    int energy
    int[N_PREDICTIONS][CHANNELS] predictions
    int near_wn
    int count_w
    int count_n
    int count_ne
    uint32_t around      # near_wn and three more, for a color context


cdef struct Walk:
    uint8_t *rows[ABOVE + 1]        # the current one, the one above it, and so on
    uint8_t *energies[2]
    uint8_t *same_w                 # bit i: i + 1 rows above, was it the label to its left?
    uint8_t *same_n                 # and the one above it?
    uint8_t *ahead
    uint32_t *columns
    void *memory


cdef inline int clip(int value) noexcept nogil:
    value = 255 if value > 255 else value
    return 0 if value < 0 else value


cdef inline void look_at_colors(
    Here *here, Colors *colors, const uint8_t *row, const uint8_t *above,
    const uint8_t *second
) noexcept nogil:
    cdef int k, w, n, nw, ne
    for k in range(CHANNELS):
        w, n = colors.words[here.w][k], colors.words[here.n][k]
        nw, ne = colors.words[here.nw][k], colors.words[here.ne][k]
        here.predictions[0][k] = clip(w + n - nw)
        here.predictions[1][k] = clip(w + ((ne - nw) >> 1))
        here.predictions[2][k] = clip(n + ne - colors.words[second[1]][k])
        here.predictions[3][k] = (3 * (w + n) + ne + nw + 4) >> 3
        here.predictions[4][k] = (
            4 * (w + n) + 2 * (ne + nw) + colors.words[row[-2]][k] + colors.words[second[0]][k]
            + colors.words[above[2]][k] + colors.words[above[-2]][k] + 8
        ) >> 4
    here.near_wn = colors.near[here.w][here.n]
    here.around = (
        here.near_wn | colors.near[here.n][here.ne] << 4 | colors.near[here.n][here.nw] << 8
        | colors.near[here.w][row[-2]] << 12
    )


cdef inline void set_color_context(Model *model, int index, uint32_t word) noexcept nogil:
    cdef int context = N_SPATIAL + index
    model.hashes[context] = combine(context + 1, word)
    find_line(
        model, context, 0,
        model.color_slots + (<Py_ssize_t> index << model.color_bits), model.color_bits,
    )


cdef inline void prepare_flag(
    Model *model, Here *here, Colors *colors, int flag, int label, int count
) noexcept nogil:
    """Select what is learned of the question: is it this neighbor's label?"""
    cdef int k, j, distance, along = 0, length = 0, part, total
    cdef int[N_PREDICTIONS - 1] far
    cdef int other = here.n if flag == 0 else here.w
    cdef int other_count = here.count_n if flag == 0 else here.count_w
    cdef int *word = colors.words[label]
    for j in range(N_PREDICTIONS - 1):
        distance = 0
        for k in range(CHANNELS):
            distance += abs(word[k] - here.predictions[j][k])
        far[j] = colors.steps[distance if distance < 1023 else 1023]
    for k in range(CHANNELS):
        part = colors.words[other][k] - word[k]
        along += part * (here.predictions[4][k] - word[k])
        length += part * part
    total = 8 * along + length // 2 + 4 * length
    part = 0
    if length > 0 and total > 0:
        part = min(15, total // length)
    set_color_context(model, 0, flag | label << 2 | here.around << 10)
    set_color_context(model, 1, flag | far[0] << 2 | far[1] << 5 | far[2] << 8 | far[3] << 11)
    set_color_context(model, 2, flag | part << 2 | count << 6 | other_count << 10)
    set_color_context(
        model, 3,
        flag | count << 2 | other_count << 6 | here.count_ne << 10 | here.pattern << 14,
    )
    model.selected[0] = flag << 8 | here.pattern
    model.selected[1] = flag << 6 | far[3] << 3 | here.near_wn
    model.selected[2] = flag << 3 | far[0]
    model.selected[3] = flag << 4 | here.energy
    model.refined[0] = flag << 8 | here.pattern
    model.refined[1] = flag << 8 | label


cdef inline void prepare_node(
    Model *model, Here *here, Colors *colors, int node, int depth
) noexcept nogil:
    """Select what is learned of the question: is it above the node's threshold?"""
    cdef int axis = colors.axis[node]
    cdef int zero = 256 - colors.threshold[node]
    cdef uint8_t *sides = colors.sides
    cdef uint32_t gradient = sides[here.predictions[0][axis] + zero]
    cdef uint32_t above = sides[here.predictions[2][axis] + zero]
    cdef uint32_t mean = sides[here.predictions[3][axis] + zero]
    cdef int fine = here.predictions[4][axis] - colors.threshold[node]
    fine = (-16 if fine < -16 else 15 if fine > 15 else fine) & 31
    set_color_context(
        model, 0,
        4 | depth << 3 | sides[colors.words[here.w][axis] + zero] << 8
        | sides[colors.words[here.n][axis] + zero] << 12
        | sides[colors.words[here.ne][axis] + zero] << 16
        | sides[colors.words[here.nw][axis] + zero] << 20,
    )
    set_color_context(model, 1, 4 | depth << 3 | gradient << 8 | above << 12 | mean << 16)
    set_color_context(model, 2, 4 | node << 3 | fine << 11)
    set_color_context(
        model, 3, 4 | depth << 3 | fine << 8 | gradient << 13 | here.count_w << 17
    )
    model.selected[0] = 1024 + node
    model.selected[1] = 256 + (depth << 3) + here.near_wn
    model.selected[2] = 32 + (mean << 4) + gradient
    model.selected[3] = 64 + node
    model.refined[0] = 1024 + node
    model.refined[1] = 1024 + (mean << 4) + gradient


cdef inline bint look_around(
    Here *here, Model *model, Walk *walk, Py_ssize_t x, uint32_t same_n, uint32_t run,
    const bint fast
) noexcept nogil:
    """Find the contexts of a pixel; tell whether all labels around it are equal."""
    cdef const uint8_t *row = walk.rows[0] + x
    cdef const uint8_t *above = walk.rows[1] + x
    cdef const uint8_t *second = walk.rows[2] + x
    cdef const uint8_t *third = walk.rows[3] + x
    cdef uint32_t w = row[-1], ww = row[-2], www = row[-3]
    cdef uint32_t n = above[0], ne = above[1], nee = above[2], nw = above[-1], nww = above[-2]
    cdef uint32_t nn = second[0], nne = second[1], nnw = second[-1], nnn = third[0]
    cdef uint32_t square = w | n << 8 | nw << 16 | ne << 24
    cdef uint32_t hash = 0
    cdef uint32_t wider, ahead
    cdef bint flat
    cdef int i
    here.w, here.n, here.ne, here.nw = w, n, ne, nw
    here.pattern = (
        (w == n) | (w == nw) << 1 | (n == ne) << 2 | (n == nw) << 3 | (w == ne) << 4
        | (w == ww) << 5 | (n == nn) << 6 | (ne == nee) << 7
    )
    wider = (
        (nn == nne) | (nn == nnw) << 1 | (nw == nww) << 2 | (ww == nww) << 3 | (ne == nne) << 4
        | (w == www) << 5 | (n == nnn) << 6 | (nw == nnw) << 7
    )
    flat = here.pattern == 255 and wider == 255
    if flat or not fast:
        ahead = walk.ahead[x]
        for i in range(-4, 5):
            hash = hash * <uint32_t> 0x2F0B4C47 + walk.columns[x + i]
        for i in range(1, 5):
            hash = hash * <uint32_t> 0x2F0B4C47 + row[-i]
        model.hashes[0] = combine(1, walk.same_w[x] | walk.same_n[x] << 8 | same_n << 16)
        model.hashes[1] = combine(
            combine(2, w | n << 8 | ne << 16 | <uint32_t> above[ahead] << 24), ahead | run << 8
        )
        model.hashes[2] = combine(
            combine(3, n | nn << 8 | nnn << 16 | <uint32_t> walk.rows[4][x] << 24), w
        )
        model.hashes[3] = combine(4, hash)
    if not fast:
        model.hashes[4] = combine(
            combine(combine(5, square), ww | nn << 8 | nne << 16 | nee << 24),
            www | nnw << 8 | nww << 16 | nnn << 24,
        )
        model.hashes[10] = combine(11, ne | n << 8 | nee << 16)
        model.hashes[11] = combine(12, nw | ne << 8)
    model.hashes[5] = combine(6, here.pattern | wider << 8)
    model.hashes[6] = combine(7, w)
    model.hashes[7] = combine(8, n)
    model.hashes[8] = combine(9, w | n << 8 | nw << 16)
    model.hashes[9] = combine(combine(10, square), ww | nn << 8)
    return flat


cdef inline int count(Walk *walk, Py_ssize_t x, int label) noexcept nogil:
    """Count a label among the twelve around a pixel."""
    cdef const uint8_t *row = walk.rows[0] + x
    cdef const uint8_t *above = walk.rows[1] + x
    cdef const uint8_t *second = walk.rows[2] + x
    return (
        (row[-1] == label) + (row[-2] == label) + (row[-3] == label)
        + (above[-2] == label) + (above[-1] == label) + (above[0] == label)
        + (above[1] == label) + (above[2] == label)
        + (second[-1] == label) + (second[0] == label) + (second[1] == label)
        + (walk.rows[3][x] == label)
    )


cdef inline int energy(Walk *walk, Py_ssize_t x) noexcept nogil:
    """Quantize how far off the mean the colors around were."""
    cdef const uint8_t *row = walk.energies[0] + x
    cdef const uint8_t *above = walk.energies[1] + x
    cdef int total = 2 * row[-1] + 2 * above[0] + above[1] + above[-1] + row[-2]
    if total < 8:
        return total >> 1
    if total < 32:
        return 4 + (total - 8) // 6
    if total < 96:
        return 8 + ((total - 32) >> 4)
    return min(15, 12 + ((total - 96) >> 6))


cdef inline void learn_energy(
    Here *here, Colors *colors, Walk *walk, Py_ssize_t x, int label, bint flat
) noexcept nogil:
    cdef int k, distance = 0
    if not flat or label != here.w:  # else all colors were the mean
        for k in range(CHANNELS):
            distance += abs(colors.words[label][k] - here.predictions[4][k])
    walk.energies[0][x] = min(255, distance)
