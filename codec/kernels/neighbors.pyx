"""Which labels stand beside which, and a line on which those that meet often are near."""
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, malloc

from codec.kernels.rows cimport EIGHT, check_rows, eight

cdef enum:
    LABELS = 256


cdef void check(const uint8_t[:, :] labels) except *:
    check_rows(labels)
    if <int64_t>labels.shape[0] * labels.shape[1] >= <int64_t>1 << 31:
        raise ValueError("too many labels at once")


def count_labels(const uint8_t[:, :] labels, int64_t[::1] counts):
    """Count how often each label occurs.

    Parameters
    ----------
    labels : ndarray of shape (H, W), dtype uint8
        Any stride between rows.
    counts : ndarray of shape (256,), dtype int64
        Added to.
    """
    # Neighbors are often equal; two tables let them be counted at the same time.
    cdef uint32_t[2][256] tables
    cdef Py_ssize_t y, x, width = labels.shape[1]
    cdef const uint8_t* row
    check(labels)
    if counts.shape[0] != LABELS:
        raise ValueError("there must be a count for each of 256 labels")
    if labels.shape[0] == 0 or width == 0:
        return
    with nogil:
        for x in range(LABELS):
            tables[0][x] = 0
            tables[1][x] = 0
        for y in range(labels.shape[0]):
            row = &labels[y, 0]
            for x in range(0, width - 1, 2):
                tables[0][row[x]] += 1
                tables[1][row[x + 1]] += 1
            if width & 1:
                tables[0][row[width - 1]] += 1
        for x in range(LABELS):
            counts[x] += <int64_t>tables[0][x] + tables[1][x]


def count_pairs(const uint8_t[:, :] labels, int64_t[:, ::1] counts):
    """Count how often different labels stand side by side or one above the other.

    Parameters
    ----------
    labels : ndarray of shape (H, W), dtype uint8
        Any stride between rows.
    counts : ndarray of shape (256, 256), dtype int64
        Added to: pairs by the label on the left or above, then that on the right or below. The
        diagonal becomes zero.
    """
    cdef Py_ssize_t y, x, i, width = labels.shape[1], height = labels.shape[0]
    cdef const uint8_t* row
    cdef const uint8_t* below
    cdef int64_t* table
    check(labels)
    if counts.shape[0] != LABELS or counts.shape[1] != LABELS:
        raise ValueError("there must be a count for each pair of 256 labels")
    if height == 0 or width == 0:
        return
    table = &counts[0, 0]
    with nogil:
        for y in range(height):
            row = &labels[y, 0]
            # The last row has nothing below; it stands in for that, and equals itself.
            below = &labels[y + 1, 0] if y + 1 < height else row
            x = 0
            while x < width - 1:
                if x + EIGHT < width:
                    if eight(row + x) == eight(row + x + 1) == eight(below + x):
                        x += EIGHT
                        continue
                    for i in range(x, x + EIGHT):
                        table[row[i] << 8 | row[i + 1]] += 1
                        table[row[i] << 8 | below[i]] += 1
                    x += EIGHT
                else:
                    table[row[x] << 8 | row[x + 1]] += 1
                    table[row[x] << 8 | below[x]] += 1
                    x += 1
            table[row[width - 1] << 8 | below[width - 1]] += 1
        for x in range(LABELS):
            table[x << 8 | x] = 0


cdef void place_all(
    const int64_t* touching, Py_ssize_t size, int32_t* line, int64_t* attraction, int64_t* cuts
) noexcept nogil:
    """Insert labels one after another where they cost least."""
    cdef Py_ssize_t length, i, place, cheapest
    cdef int64_t best, total, before, own, weight, cost
    cdef const int64_t* weights
    cdef int32_t newcomer, first = 0, second = 0
    best = -1
    for i in range(size * size):
        if touching[i] > best:
            best = touching[i]
            first = <int32_t>(i // size)
            second = <int32_t>(i % size)
    if first == second:  # nothing touches anything
        for i in range(size):
            line[i] = <int32_t>i
        return
    line[0] = first
    line[1] = second
    cuts[0] = cuts[2] = 0
    cuts[1] = touching[first * size + second]
    for i in range(size):
        attraction[i] = touching[first * size + i] + touching[second * size + i]
    attraction[first] = attraction[second] = -1
    for length in range(2, size):
        newcomer = 0
        for i in range(1, size):
            if attraction[i] > attraction[newcomer]:
                newcomer = <int32_t>i
        weights = touching + newcomer * size
        total = own = 0
        for i in range(length):
            total += weights[line[i]]
            own += weights[line[i]] * (i + 1)
        # One place further right, what is left of it is one further, what is right one nearer.
        cheapest = 0
        best = own
        before = 0
        for place in range(1, length + 1):
            weight = weights[line[place - 1]]
            own += before
            before += weight
            own -= total - before
            cost = own + cuts[place]
            if cost < best:
                best = cost
                cheapest = place
        # Whoever stands on both sides of the place moves apart: a cut is what crosses a place.
        before = total
        for i in range(length, cheapest, -1):
            cuts[i + 1] = cuts[i] + total - before
            before -= weights[line[i - 1]]
            line[i] = line[i - 1]
        cuts[cheapest + 1] = cuts[cheapest] + total - before
        cuts[cheapest] += before
        for i in range(cheapest - 1, -1, -1):
            before -= weights[line[i]]
            cuts[i] += before
        line[cheapest] = newcomer
        for i in range(size):
            if attraction[i] >= 0:
                attraction[i] += weights[i]
        attraction[newcomer] = -1


cdef void fill_costs(
    const int64_t* weights, Py_ssize_t size, const int32_t* line, int64_t* costs
) noexcept nogil:
    """What a label would cost at each place, all others staying where they are."""
    cdef Py_ssize_t place
    cdef int64_t cost = 0, left = 0, right = 0
    for place in range(size):
        right += weights[line[place]]
        cost += weights[line[place]] * place
    for place in range(size):
        costs[place] = cost
        left += weights[line[place]]
        right -= weights[line[place]]
        cost += left - right


cdef void swap_pairs(
    const int64_t* touching, Py_ssize_t size, Py_ssize_t most, const int32_t* line,
    int64_t* places, int64_t* costs, int64_t* own,
) noexcept nogil:
    """Swap each label with the partner that gains most, until none gains or `most` swapped."""
    cdef Py_ssize_t a, i, j, place, low, high, swaps = 0
    cdef int64_t gain, best, slope, here, there
    cdef int64_t* row
    cdef bint helped = True
    for a in range(size):
        fill_costs(touching + a * size, size, line, costs + a * size)
        own[a] = costs[a * size + places[a]]
    while helped:
        helped = False
        for i in range(size):
            best = 0
            j = i
            here = places[i]
            for a in range(size):
                there = places[a]
                gain = (
                    own[i] + own[a] - costs[i * size + there] - costs[a * size + here]
                    - 2 * touching[i * size + a] * (here - there if here > there else there - here)
                )
                if gain > best:
                    best = gain
                    j = a
            if j == i:
                continue
            if swaps == most:
                return
            swaps += 1
            helped = True
            there = places[j]
            places[i] = there
            places[j] = here
            low = min(here, there)
            high = max(here, there)
            for a in range(size):
                slope = touching[a * size + i] - touching[a * size + j]
                if slope:
                    row = costs + a * size
                    if there < here:
                        slope = -slope
                    for place in range(low):
                        row[place] += slope * (high - low)
                    for place in range(low, high):
                        row[place] += slope * (low + high - 2 * place)
                    for place in range(high, size):
                        row[place] -= slope * (high - low)
                own[a] = costs[a * size + places[a]]


def arrange(const int64_t[:, ::1] touching, Py_ssize_t most_swaps):
    """Arrange labels on a line so that those that touch often are near.

    Parameters
    ----------
    touching : ndarray of shape (K, K), dtype int64
        2 <= K <= 256; symmetric, zero on the diagonal, from 0 to 2**40.
    most_swaps : int

    Returns
    -------
    line : list of int
        The labels in order.
    """
    cdef Py_ssize_t size = touching.shape[0], i, j
    cdef int32_t[256] line
    cdef int64_t[256] places, attraction, own
    cdef int64_t[258] cuts
    cdef int64_t* costs
    if touching.shape[1] != size or not 2 <= size <= LABELS:
        raise ValueError("touching must be (2 to 256, 2 to 256)")
    for i in range(size):
        for j in range(size):
            if not 0 <= touching[i, j] <= (0 if i == j else <int64_t>1 << 40):
                raise ValueError("touching must be 0 to 2**40, and 0 on its diagonal")
    costs = <int64_t*>malloc(size * size * sizeof(int64_t))
    if costs == NULL:
        raise MemoryError
    with nogil:
        place_all(&touching[0, 0], size, line, attraction, cuts)
        for i in range(size):
            places[line[i]] = i
        swap_pairs(&touching[0, 0], size, most_swaps, line, places, costs, own)
        for i in range(size):
            line[places[i]] = <int32_t>i
    free(costs)
    return [line[i] for i in range(size)]
