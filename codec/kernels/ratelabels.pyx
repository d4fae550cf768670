"""Labels for their bytes: the least of squared error and bits, as the coder of labels counts them.

The walk is that of `codec.kernels.labelcoder`, and so is the model, which is asked for the bits of
every label that comes into question before it learns the one that is taken.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from codec.kernels.labelcontexts cimport (
    Here, MARGIN, Walk, count, energy, learn_energy, look_around, look_at_colors, prepare_flag,
    prepare_node,
)
from codec.kernels.labelmodel cimport (
    FAST_FIRST, FAST_LAST, FLAT_SET, Model, N_FLAT, N_SPATIAL, find_lines, free_model, learn,
    new_model, predict, slots_needed,
)
from codec.kernels.labelcolors cimport CHANNELS, Colors, fill_colors
from codec.kernels.labelwalk cimport MAX_RUN, allocate, begin_row
from codec.kernels.ratesearch cimport (
    Band, N_AROUND, Saved, Search, error_of, first_of, future, small_pattern,
)


cdef enum:
    FLAT_GAIN = 1536     # bits in 1/256 that nothing later makes up for
    SETTLING = 7         # log2 of how many pixels a mean of bits is formed over
    MOST_NEAR = 16
    HIGHEST_PLACE = 4095
    MOST_BITS = 8191     # of a decision; a label has at most twelve
    MOST_EXPECTED = 1 << 17

ctypedef fused Number:
    uint8_t
    int16_t
    int32_t

# With places of 12 bits no cost is as much: 2**46 for the error of a pixel, 2**57 for its bits, and
# the same for each of four later ones.
cdef int64_t NEVER = <int64_t> 1 << 62


cdef inline void _save(Model *model, Saved *saved, const int32_t *bits, uint32_t odds) noexcept nogil:
    memcpy(
        saved.decision, model.chosen, <char *> &model.weights[0] - <char *> &model.chosen[0]
    )
    saved.bits[1] = bits[odds]
    saved.bits[0] = bits[65536 - odds]


cdef inline void _restore(Model *model, Saved *saved) noexcept nogil:
    memcpy(
        model.chosen, saved.decision, <char *> &model.weights[0] - <char *> &model.chosen[0]
    )


cdef inline bint _may_be(Search *search, int label) noexcept nogil:
    return search.word_groups[label] & search.group


cdef uint32_t _ask_full(Model *model, uint32_t place) noexcept nogil:
    return predict(model, place, 0, N_SPATIAL, True)


cdef uint32_t _ask_few(Model *model, uint32_t place) noexcept nogil:
    return predict(model, place, FAST_FIRST, FAST_LAST, False)


cdef inline void _learn(Model *model, Saved *saved, int bit, const bint fast) noexcept nogil:
    _restore(model, saved)
    if fast:
        learn(model, bit, FAST_FIRST, FAST_LAST, False)
    else:
        learn(model, bit, 0, N_SPATIAL, True)


cdef inline int _bits_of_path(
    Search *search, Model *model, Here *here, Colors *colors, int label, int64_t room,
    const bint fast
) noexcept nogil:
    """Sum up the bits of a label's way through the tree; stop where they cost more than `room`."""
    cdef int node = colors.root, depth = 0, bit, group = 0, found = -1, total = 0
    cdef uint32_t place = 4, odds
    while node >= 0 and search.rate * total < room:
        group = node + 1 if depth == 3 or depth == 7 else group
        if depth == 3 or depth == 7:
            place = 1
        bit = colors.path[label][depth]
        if search.stamps[node] != search.now:
            if found != group:
                find_lines(
                    model, group, FAST_FIRST if fast else 0, FAST_LAST if fast else N_SPATIAL
                )
                found = group
            if fast:
                model.selected[0] = 1024 + node
                odds = _ask_few(model, place)
            else:
                prepare_node(model, here, colors, node, depth)
                odds = _ask_full(model, place)
            search.stamps[node] = search.now
            _save(model, &search.saved[5 + node], search.bits, odds)
        total += search.saved[5 + node].bits[bit]
        place = 2 * place - 3 + bit if depth < 3 else 2 * place + bit
        node = colors.children[node][bit]
        depth += 1
    return total


cdef inline int _choose(
    Search *search, Model *model, Here *here, Colors *colors, Walk *walk, Py_ssize_t x,
    bint flat, int nearest, int *bits, const bint fast
) noexcept nogil:
    """Find the label of least cost, and learn it."""
    cdef int[N_AROUND] asked
    cdef int[N_AROUND] counts
    cdef bint[N_AROUND] new
    cdef int64_t[MOST_NEAR] errors
    cdef const uint8_t *near = search.near + nearest * search.n_near
    cdef int flag, other, label, node, depth, k, at, tried, best = -1, passed = 0, way
    cdef int first = FAST_FIRST if fast else 0
    cdef int last = FAST_LAST if fast else N_SPATIAL
    cdef uint32_t odds
    cdef int64_t cost, best_cost = NEVER, error, least = search.weight * error_of(
        search, search.place, nearest
    )
    cdef bint settled = False
    asked[0], asked[1], asked[2], asked[3] = here.w, here.n, here.ne, here.nw
    search.now += 1
    bits[0] = 0
    if flat:
        find_lines(model, 0, 0, N_FLAT)
        model.selected[0] = FLAT_SET
        odds = predict(model, 0, 0, N_FLAT, False)
        _save(model, &search.saved[0], search.bits, odds)
        passed = search.saved[0].bits[0]
        way = search.saved[0].bits[1]
        if here.w == nearest and passed - way > FLAT_GAIN:
            best, settled = here.w, True
            bits[0] = way
        elif here.w == nearest or _may_be(search, here.w):
            best_cost = search.weight * error_of(search, search.place, here.w) + (
                search.rate * way + future(search, here.w)
            )
            best = here.w
            bits[0] = way
            settled = least + search.rate * passed >= best_cost
        if not settled:
            find_lines(model, 0, first, last)
            if not fast:
                look_at_colors(here, colors, walk.rows[0] + x, walk.rows[1] + x, walk.rows[2] + x)
            here.count_w = 12
    else:
        find_lines(model, 0, first, last)
        if not fast:
            look_at_colors(here, colors, walk.rows[0] + x, walk.rows[1] + x, walk.rows[2] + x)
            here.energy = energy(walk, x)
            for flag in range(N_AROUND):
                counts[flag] = count(walk, x, asked[flag])
            here.count_w, here.count_n, here.count_ne = counts[0], counts[1], counts[2]
        for flag in range(N_AROUND):
            label = asked[flag]
            new[flag] = True
            for other in range(flag):
                new[flag] = new[flag] and asked[other] != label
            if settled or not new[flag]:
                continue
            if fast:
                model.selected[0] = flag << 8 | here.pattern
                odds = _ask_few(model, flag)
            else:
                prepare_flag(model, here, colors, flag, label, counts[flag])
                odds = _ask_full(model, flag)
            _save(model, &search.saved[1 + flag], search.bits, odds)
            way = passed + search.saved[1 + flag].bits[1]
            passed += search.saved[1 + flag].bits[0]
            if label == nearest or _may_be(search, label):
                cost = search.weight * error_of(search, search.place, label) + search.rate * way
                if cost < best_cost:
                    cost += future(search, label)
                    if cost < best_cost:
                        best_cost, best = cost, label
                        bits[0] = way
            settled = least + search.rate * passed >= best_cost
    if not settled:
        # Those that no neighbor has, from the nearest on.
        for k in range(search.n_near):
            label = near[k]
            errors[k] = NEVER
            if label == here.w or (
                not flat and (label == here.n or label == here.ne or label == here.nw)
            ):
                continue
            if label == nearest or _may_be(search, label):
                errors[k] = search.weight * error_of(search, search.place, label)
        for tried in range(search.n_near // 2):
            at = -1
            error = best_cost - search.rate * passed
            for k in range(search.n_near):
                if errors[k] < error:
                    error, at = errors[k], k
            if at < 0:
                break
            errors[at] = NEVER
            label = near[at]
            cost = error + search.rate * passed + future(search, label)
            if cost >= best_cost:
                continue
            way = _bits_of_path(search, model, here, colors, label, best_cost - cost, fast)
            cost += search.rate * way
            if cost < best_cost:
                best_cost, best = cost, label
                bits[0] = passed + way
    # What is taken is learned, decision by decision.
    if flat:
        _restore(model, &search.saved[0])
        learn(model, best == here.w, 0, N_FLAT, False)
        if best == here.w:
            return best
    else:
        for flag in range(N_AROUND):
            if new[flag]:
                _learn(model, &search.saved[1 + flag], best == asked[flag], fast)
                if best == asked[flag]:
                    return best
    node, depth = colors.root, 0
    while node >= 0:
        _learn(model, &search.saved[5 + node], colors.path[best][depth], fast)
        node = colors.children[node][colors.path[best][depth]]
        depth += 1
    return best


cdef int64_t _walk_pixels(
    Search *search, Model *model, Colors *colors, Walk *walk, Band *band, const bint fast
) noexcept nogil:
    cdef Here here
    cdef Py_ssize_t x, y, at
    cdef int label, bits, slot
    cdef int[N_AROUND] around
    cdef uint32_t same_n, run
    cdef bint flat
    cdef uint8_t *row
    cdef int64_t total = 0
    for y in range(band.height):
        begin_row(walk, band.width)
        row = walk.rows[0]
        same_n = run = 0
        for x in range(band.width):
            at = y * band.width + x
            flat = look_around(&here, model, walk, x, same_n, run, fast)
            search.place = band.places + at * search.channels
            search.weight, search.group = band.weights[at], band.groups[at]
            search.row, search.above = row + x, walk.rows[1] + x
            search.x, search.y, search.n_later = x, y, -1
            label = _choose(
                search, model, &here, colors, walk, x, flat, band.nearest[at], &bits, fast
            )
            total += bits
            around[0], around[1], around[2], around[3] = here.w, here.n, here.ne, here.nw
            slot = 5 * small_pattern(around) + first_of(around, label)
            search.expected[slot] += (bits - search.expected[slot]) >> SETTLING
            row[x] = label
            band.labels[at] = label
            if not fast:
                learn_energy(&here, colors, walk, x, label, flat)
            run = min(MAX_RUN, run + 1) if label == here.w else 0
            same_n = (same_n << 1 | (label == here.n)) & 255
            walk.same_w[x] = <uint8_t> (walk.same_w[x] << 1 | (label == here.w))
            walk.same_n[x] = <uint8_t> (walk.same_n[x] << 1 | (label == here.n))
        memset(row + band.width, row[band.width - 1], MARGIN)
    return total


cdef bint _are_within(const Number *numbers, Py_ssize_t count, int most) noexcept nogil:
    cdef Py_ssize_t i
    cdef bint within = True
    for i in range(count):
        within &= 0 <= numbers[i] <= most
    return within


def choose(
    const int16_t[:, ::1] places, const int16_t[:, ::1] words,
    const uint8_t[:, ::1] codebook, const uint16_t[:, ::1] weights,
    const uint8_t[:, ::1] groups, const uint8_t[::1] word_groups,
    const uint8_t[:, ::1] before, const uint8_t[:, ::1] nearest, const uint8_t[:, ::1] near,
    object rate, const int32_t[::1] bits, int32_t[::1] expected, uint32_t[::1] slots, bint fast,
    uint8_t[:, ::1] labels
):
    """Choose the labels of a band.

    Parameters
    ----------
    places : ndarray of shape (H, W * C), dtype int16
        Where pixels lie, 0 to 4095 on 1 to 4 axes; see `codec.colors.places`.
    words : ndarray of shape (K, 4), dtype int16
        Where code-words lie; missing axes are 0.
    codebook : ndarray of shape (K, C), dtype uint8
        2 to 256 code-words of 1 to 4 channels, as the coder is given them.
    weights : ndarray of shape (H, W), dtype uint16
        How much errors count, in 1/256.
    groups : ndarray of shape (H, W), dtype uint8
        Bits: a pixel may have code-words that share one of them, or its nearest.
    word_groups : ndarray of shape (K,), dtype uint8
        The same of code-words.
    before, nearest : ndarray of shape (H, W), dtype uint8
        Labels of the round before, and nearest ones.
    near : ndarray of shape (K, 2 to 16), dtype uint8
        For each code-word those that come into question where it is the nearest, itself first;
        half of them are asked for their bits at a pixel.
    rate : int
        What a bit may cost, as a squared error in 1/16; less than 2**40.
    bits : ndarray of shape (65537,), dtype int32
        Bits, in 1/256, of odds in 1/65536; 0 to 8191.
    expected : ndarray of shape (320,), dtype int32
        Running means of the bits of labels, by which of the neighbors are equal and whose label
        it is; 0 to 2**17. Changed.
    slots : ndarray of shape (at least ``labelcoder.n_slots(H * W, fast)``,), dtype uint32
        Scratch; contents do not matter.
    fast : bool
        Ask the model of few contexts.
    labels : ndarray of shape (H, W), dtype uint8
        Overwritten.

    Returns
    -------
    total : int
        Bits of all labels, in 1/256.

    Raises
    ------
    ValueError
        An argument has an impossible shape, or holds what it must not.
    MemoryError
        There is no memory for the model.
    """
    cdef Band band
    cdef Walk walk
    cdef Model *model
    cdef Colors *colors
    cdef Search *search
    cdef int64_t total = -1
    cdef Py_ssize_t height = labels.shape[0], width = labels.shape[1], size = codebook.shape[0]
    cdef Py_ssize_t pixels = height * width
    cdef int k, channels = places.shape[1] // width if width > 0 else 0
    if pixels < 1 or pixels >> 32 or not 2 <= size <= 256 or not 1 <= channels <= CHANNELS or (
        places.shape[0] != height or places.shape[1] != channels * width
        or not 1 <= codebook.shape[1] <= CHANNELS or words.shape[1] != CHANNELS
        or not words.shape[0] == word_groups.shape[0] == near.shape[0] == size
        or not weights.shape[0] == groups.shape[0] == before.shape[0] == nearest.shape[0] == height
        or not weights.shape[1] == groups.shape[1] == before.shape[1] == nearest.shape[1] == width
        or not 2 <= near.shape[1] <= MOST_NEAR
        or bits.shape[0] != 65537 or expected.shape[0] != 320
        or slots.shape[0] < slots_needed(pixels, fast)
    ):
        raise ValueError("an argument has an impossible shape")
    if not (
        _are_within(&before[0, 0], pixels, size - 1)
        and _are_within(&nearest[0, 0], pixels, size - 1)
        and _are_within(&near[0, 0], size * near.shape[1], size - 1)
    ):
        raise ValueError("a label has no code-word")
    for k in range(size):
        if near[k, 0] != k:
            raise ValueError("a code-word is not the first of those near it")
    if not 0 <= rate < 1 << 40 or not (
        _are_within(&places[0, 0], pixels * channels, HIGHEST_PLACE)
        and _are_within(&words[0, 0], size * CHANNELS, HIGHEST_PLACE)
        and _are_within(&bits[0], 65537, MOST_BITS)
        and _are_within(<const int32_t *> &expected[0], 320, MOST_EXPECTED)
    ):
        raise ValueError("places, rate, bits or what is expected are out of range")
    band.places, band.weights, band.groups = &places[0, 0], &weights[0, 0], &groups[0, 0]
    band.before, band.nearest, band.labels = &before[0, 0], &nearest[0, 0], &labels[0, 0]
    band.height, band.width, walk.memory = height, width, NULL
    model = new_model(pixels, &slots[0], fast)
    colors = <Colors *> calloc(1, sizeof(Colors))
    search = <Search *> calloc(1, sizeof(Search))
    if model != NULL and colors != NULL and search != NULL and allocate(&walk, width):
        search.channels = channels
        search.n_near = near.shape[1]
        search.rate, search.band = rate, &band
        search.words, search.near = &words[0, 0], &near[0, 0]
        search.word_groups, search.bits = &word_groups[0], &bits[0]
        search.expected = &expected[0]
        with nogil:
            fill_colors(colors, codebook)
            if fast:
                total = _walk_pixels(search, model, colors, &walk, &band, True)
            else:
                total = _walk_pixels(search, model, colors, &walk, &band, False)
    free(walk.memory)
    free(search)
    free(colors)
    free_model(model)
    if total < 0:
        raise MemoryError
    return total
