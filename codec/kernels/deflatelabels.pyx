"""Labels chosen for their bytes under deflate: parsed as LZ77 does, with errors weighed.

All costs are in 1/256 bit. A block of symbols is decided at once, by the cheapest way through it:
a way ends with a literal, or with a match of one of some distances that may go on. What is before
a block is decided; a match copies from there, or repeats the last symbols of its way.
"""

from libc.math cimport sqrt
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy

import numpy as np

cdef enum:
    LABELS = 256
    AXES = 4                # those that are not there are 0
    WINDOW = 32768
    SHORTEST = 3
    LONGEST = 258
    BLOCK = 256
    LEAST_BLOCK = 16
    TAIL = 4                # distances up to which a match repeats what is not decided yet
    GIVEN = 16              # distances that callers may name
    FOUND = 16              # and that may be searched for
    PEEK = 4                # pixels of a place that are looked at
    ADMITTED = 1536         # what these may cost
    KEY_BITS = 15
    ALIKE = 9               # bits of a coordinate by which colors differ that are searched as one
    SCALE = 24
    MOST = 1 << 16          # error that a pixel may have beside that of its nearest code-word
    NEVER = 1 << 29


cdef struct Words:
    int count
    int16_t[LABELS * AXES] places
    const uint8_t* groups
    const uint16_t* literals
    int cheapest
    uint8_t[LABELS * LABELS] order      # by distance from each, and these distances, rounded down
    int32_t[LABELS * LABELS] roots
    uint32_t[LABELS] alike


cdef struct Pixel:
    int16_t[AXES] place
    int nearest
    int group
    int64_t rate
    int64_t scale           # of an error to bits
    int least               # error of the nearest code-word
    int most                # by how much another's may be larger
    int literal             # the label it gets where nothing matches, and the cost
    int cost


cdef struct Run:            # the cheapest way that ends with a match of some distance
    int distance
    int opening             # what a match costs at first
    int cost
    int length
    uint32_t tail           # its last four symbols


cdef struct Node:           # the cheapest way
    int cost
    int length              # of the match it ends with, 0 for a literal
    int distance
    uint32_t tail


cdef struct Parser:
    Words words
    Pixel[BLOCK] pixels
    Node[BLOCK + 1] nodes
    Run[GIVEN + FOUND] runs
    int given               # distances that are always tried, and all of them
    int slots
    int chain               # places that a search looks at
    int[LONGEST + 1] steps  # what a pixel more costs by the length until then
    int first_length
    const uint16_t* distances
    uint8_t* labels
    int32_t[1 << KEY_BITS] heads
    int32_t[WINDOW] links
    int64_t remembered


cdef inline int differ(const int16_t* one, const int16_t* other) noexcept nogil:
    cdef int c, gap, total = 0
    for c in range(AXES):
        gap = one[c] - other[c]
        total += gap * gap
    return total


cdef inline int strain(const Words* words, const Pixel* pixel, int label) noexcept nogil:
    """Tell what the error of a label costs, beside that of the nearest."""
    cdef int gap = differ(pixel.place, words.places + label * AXES) - pixel.least
    cdef int cost
    gap = gap if gap > -pixel.most else -pixel.most
    cost = <int>(gap * pixel.scale >> SCALE)
    cost = cost if gap <= pixel.most else NEVER
    cost = cost if words.groups[label] & pixel.group else NEVER
    return cost if label != pixel.nearest else 0


cdef inline void find_literal(const Words* words, Pixel* pixel) noexcept nogil:
    """Choose the label of a pixel where nothing matches."""
    cdef int i, label, cost, root
    cdef int64_t gap, reach
    cdef const uint8_t* order = words.order + pixel.nearest * words.count
    cdef const int32_t* roots = words.roots + pixel.nearest * words.count
    pixel.literal = pixel.nearest
    pixel.cost = words.literals[pixel.nearest]
    if pixel.rate == 0 or pixel.group == 0:
        return
    root = <int>sqrt(<double>pixel.least) + 1
    reach = ((pixel.cost - words.cheapest) * pixel.rate >> 12) + pixel.least + 1
    for i in range(words.count):
        # By the triangle's inequality, the code-words that follow are farther away than this.
        gap = roots[i] - root
        if gap > 0 and gap * gap > reach:
            break
        label = order[i]
        cost = strain(words, pixel, label) + words.literals[label]
        if cost < pixel.cost or (
            cost == pixel.cost and pixel.literal != pixel.nearest and label < pixel.literal
        ):
            pixel.literal = label
            pixel.cost = cost
            reach = ((cost - words.cheapest) * pixel.rate >> 12) + pixel.least + 1


cdef inline unsigned make_key(const Words* words, int a, int b, int c) noexcept nogil:
    cdef uint32_t mixed = words.alike[a] * <uint32_t>0x9E3779B1
    mixed = (mixed ^ words.alike[b]) * <uint32_t>0x85EBCA77
    return ((mixed ^ words.alike[c]) * <uint32_t>0xC2B2AE3D) >> (32 - KEY_BITS)


cdef inline void remember(Parser* parser, int64_t end) noexcept nogil:
    """Make what has been decided known to searches."""
    cdef const uint8_t* symbols
    cdef unsigned key
    while parser.remembered + SHORTEST <= end:
        symbols = parser.labels + parser.remembered
        key = make_key(&parser.words, symbols[0], symbols[1], symbols[2])
        parser.links[parser.remembered & (WINDOW - 1)] = parser.heads[key]
        parser.heads[key] = <int32_t>parser.remembered
        parser.remembered += 1


cdef inline void set_distance(Parser* parser, Run* run, int distance) noexcept nogil:
    run.distance = distance
    run.opening = parser.distances[distance] + parser.first_length
    run.cost = NEVER
    run.length = 0


cdef inline void search(
    Parser* parser, const Pixel* pixels, int64_t first, int64_t t
) noexcept nogil:
    """Put the best distance that is found for a pixel in place of the worst of those before."""
    cdef int j, k, cost, best = ADMITTED, found = 0
    cdef Run* worst = parser.runs + parser.given
    cdef Run* run
    cdef int64_t place = parser.heads[
        make_key(&parser.words, pixels[0].nearest, pixels[1].nearest, pixels[2].nearest)
    ]
    for k in range(parser.chain):
        if place < 0 or t - place > WINDOW:
            break
        if place + PEEK <= first:
            cost = 0
            for j in range(PEEK):
                cost += strain(&parser.words, pixels + j, parser.labels[place + j])
                if cost >= best:
                    break
            else:
                best = cost
                found = <int>(t - place)
        place = parser.links[place & (WINDOW - 1)]
    if found == 0:
        return
    for j in range(parser.slots):
        run = parser.runs + j
        if run.distance == found:
            return
        if j > parser.given and run.cost > worst.cost:
            worst = run
    set_distance(parser, worst, found)


cdef inline void parse_block(Parser* parser, int64_t first, int count) noexcept nogil:
    """Find the cheapest way to each symbol of a block, whose first node and runs are set."""
    cdef int i, j, cost, opened, symbol
    cdef bint anew
    cdef uint32_t tail
    cdef int64_t t
    cdef Node* node
    cdef Node* after
    cdef Run* run
    cdef const Pixel* pixel
    for i in range(count):
        t = first + i
        node = parser.nodes + i
        after = node + 1
        pixel = parser.pixels + i
        after.cost = node.cost + pixel.cost
        after.length = 0
        after.tail = node.tail << 8 | <uint32_t>pixel.literal
        if parser.chain and i + PEEK <= count:
            search(parser, pixel, first, t)
        for j in range(parser.slots):
            run = parser.runs + j
            if run.distance > t or TAIL < run.distance <= i or run.distance == 0:
                run.cost = NEVER
                continue
            cost = run.cost + parser.steps[run.length]
            opened = node.cost + run.opening
            anew = opened < cost
            cost = opened if anew else cost
            tail = node.tail if anew else run.tail
            if run.distance > TAIL:
                symbol = parser.labels[t - run.distance]
            else:
                symbol = tail >> (8 * (run.distance - 1)) & 255
            cost += strain(&parser.words, pixel, symbol)
            run.cost = cost if cost < NEVER else NEVER
            run.length = 1 if anew else run.length + 1
            run.tail = tail << 8 | <uint32_t>symbol
            if run.length >= SHORTEST and run.cost < after.cost:
                after.cost = run.cost
                after.length = run.length
                after.distance = run.distance
                after.tail = run.tail


cdef void begin_block(Parser* parser, int64_t first, const Node* last) noexcept nogil:
    """Let the match with which the block before has ended go on."""
    cdef int i, j
    cdef Run* run
    cdef Node* node = parser.nodes
    cdef int length = last.length, distance = last.distance
    node.cost = 0
    node.tail = 0
    for i in range(min(TAIL, first)):
        node.tail |= <uint32_t>parser.labels[first - 1 - i] << (8 * i)
    for j in range(parser.slots):
        run = parser.runs + j
        run.cost = NEVER
        run.length = 0
        run.tail = node.tail
        if length and run.distance == distance:
            run.cost = 0
            run.length = length


cdef void write_block(Parser* parser, int64_t first, int count) noexcept nogil:
    """Follow the cheapest way back from the end of a block, and label what it passes."""
    cdef int i = count, ends = 0
    cdef int[BLOCK] end
    cdef uint8_t* symbols = parser.labels + first
    cdef const Node* node
    while i > 0:
        end[ends] = i
        ends += 1
        i -= max(parser.nodes[i].length, 1)
    i = 0
    while ends:
        ends -= 1
        node = parser.nodes + end[ends]
        while i < end[ends]:
            symbols[i] = (
                symbols[i - node.distance] if node.length else <uint8_t>parser.pixels[i].literal
            )
            i += 1


def choose_labels(
    const int16_t[:, ::1] places, const int16_t[:, ::1] words, const uint8_t[::1] nearest,
    const uint32_t[::1] lams, const uint8_t[::1] word_groups, const uint8_t[::1] pixel_groups,
    const uint16_t[::1] literals, const uint16_t[::1] lengths, const uint16_t[::1] distances,
    const int32_t[::1] tried, int searched, uint8_t[::1] labels,
):
    """Label pixels so that what deflate makes of the labels, and their errors, cost least.

    Parameters
    ----------
    places : ndarray of shape (N, D), dtype int16
        Pixels in the order in which their labels are stored, 0 to 4080 on each of D <= 4 axes.
    words : ndarray of shape (K, D), dtype int16
        1 <= K <= 256 code-words, as `places`.
    nearest : ndarray of shape (N,), dtype uint8
        The labels that are best if bytes do not count; less than K.
    lams : ndarray of shape (N,), dtype uint32
        The squared error that a bit is worth at each pixel, in 1/16; with 0 it keeps its label.
    word_groups, pixel_groups : ndarrays of shapes (K,) and (N,), dtype uint8
        A pixel gets no code-word but its nearest that has no bit in common with it.
    literals : ndarray of shape (256,), dtype uint16
        What each label costs by itself, in 1/256 bit.
    lengths : ndarray of shape (259,), dtype uint16
        What a match of 3 to 258 symbols costs; others are not looked at.
    distances : ndarray of shape (32769,), dtype uint16
        What a match costs besides, at a distance from 1 on.
    tried : ndarray of shape (T,), dtype int32
        At most 16 different distances that are always tried, of which the first is preferred.
    searched : int
        0 to 16: how many other distances are tried at a time, those of places that look alike.
    labels : ndarray of shape (N,), dtype uint8
        Written: the labels.
    """
    cdef int64_t total = nearest.shape[0], t, rate = -1, scale = 0
    cdef int i, j, count, axes = <int>words.shape[1], size = <int>words.shape[0], block = BLOCK
    cdef Pixel* pixel
    cdef Node last
    if not 1 <= axes <= AXES or not 1 <= size <= LABELS or total >= <int64_t>1 << 31:
        raise ValueError("there are no such places")
    if places.shape[1] != axes or word_groups.shape[0] != size or tried.shape[0] > GIVEN:
        raise ValueError("places, words and groups do not fit")
    if not total == places.shape[0] == lams.shape[0] == pixel_groups.shape[0] == labels.shape[0]:
        raise ValueError("places and labels do not fit")
    if (literals.shape[0], lengths.shape[0], distances.shape[0]) != (256, 259, WINDOW + 1):
        raise ValueError("costs are missing")
    if total == 0:
        return
    if np.max(nearest) >= size or np.min(words) < 0 or np.max(words) > 4080:
        raise ValueError("a label or a code-word is out of range")
    if np.min(places) < 0 or np.max(places) > 4080:
        raise ValueError("a pixel is out of range")
    if len(tried) and not (1 <= np.min(tried) and np.max(tried) <= WINDOW):
        raise ValueError("there is no such distance")
    if not 0 <= searched <= FOUND:
        raise ValueError("there is no such number of distances")
    whole = np.asarray(words, dtype=np.int64)
    gaps = ((whole[:, None] - whole) ** 2).sum(axis=2)
    in_order = np.argsort(gaps, axis=1, kind="stable")
    cdef const uint8_t[:, ::1] order = in_order.astype(np.uint8)
    cdef const int32_t[:, ::1] roots = np.sqrt(
        np.take_along_axis(gaps, in_order, axis=1)
    ).astype(np.int32)
    cdef int64_t[::1] room = np.zeros(sizeof(Parser) // sizeof(int64_t) + 1, dtype=np.int64)
    cdef Parser* parser = <Parser*>&room[0]  # too large for the stack
    parser.words.count = size
    parser.words.groups = &word_groups[0]
    parser.words.literals = &literals[0]
    parser.words.cheapest = min(literals[:size])
    memcpy(parser.words.order, &order[0, 0], size * size)
    memcpy(parser.words.roots, &roots[0, 0], size * size * sizeof(int32_t))
    for i in range(size):
        for j in range(axes):
            parser.words.places[i * AXES + j] = words[i, j]
            parser.words.alike[i] = parser.words.alike[i] << 3 | <uint32_t>words[i, j] >> ALIKE
    for i in range(1, LONGEST):
        parser.steps[i] = lengths[max(i + 1, SHORTEST)] - lengths[max(i, SHORTEST)]
    parser.steps[LONGEST] = NEVER
    parser.first_length = lengths[SHORTEST]
    parser.distances = &distances[0]
    parser.labels = &labels[0]
    for i in range(1 << KEY_BITS):
        parser.heads[i] = -1
    parser.given = <int>tried.shape[0]
    parser.slots = parser.given + searched
    parser.chain = (searched + 1) // 2
    for j in range(parser.given):
        set_distance(parser, parser.runs + j, tried[j])
        if tried[j] > TAIL:
            block = min(block, max(tried[j], LEAST_BLOCK))
    last.length = 0
    last.distance = 0
    with nogil:
        t = 0
        while t < total:
            count = <int>min(block, total - t)
            for i in range(count):
                pixel = parser.pixels + i
                for j in range(axes):
                    pixel.place[j] = places[t + i, j]
                pixel.nearest = nearest[t + i]
                pixel.group = pixel_groups[t + i]
                if lams[t + i] != rate:
                    rate = lams[t + i]
                    scale = (<int64_t>1 << (SCALE + 12)) // rate if rate else 0
                pixel.rate = rate
                pixel.scale = scale
                pixel.most = <int>min(MOST * rate >> 12, NEVER) if rate else -NEVER
                pixel.least = differ(pixel.place, parser.words.places + pixel.nearest * AXES)
                find_literal(&parser.words, pixel)
            begin_block(parser, t, &last)
            parse_block(parser, t, count)
            write_block(parser, t, count)
            last = parser.nodes[count]
            t += count
            remember(parser, t)
