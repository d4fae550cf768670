"""Two code-words for each color, whose mixture is near it."""

from libc.stdint cimport int64_t, uint8_t

import numpy as np

cdef enum:
    AXES = 4
    BLOCK = 16      # neighbors looked at together; of fewer GCC unrolls the loop instead
    FULL_STRENGTH = 256

# As macros, since 0.5 is a double in C, and all is calculated in floats.
cdef extern from *:
    """
    #define HALF 0.5f
    #define SHARES (64 / 256.0f)
    #define LEAST 11.0f
    #define A_LITTLE_MORE 1.001f
    """
    const float HALF
    const float SHARES  # in 1/64, of a strength in 1/256
    const float LEAST   # a share must be above 1 / LEAST
    const float A_LITTLE_MORE


cdef struct Block:
    float[AXES][BLOCK] ways  # from a code-word to its neighbors
    float[BLOCK] apart       # the squared lengths of these
    float[BLOCK] inverse     # 1 / apart, or 0
    uint8_t[BLOCK] labels


cdef inline float lesser(float a, float b) noexcept nogil:
    return a if a < b else b


cdef inline float greater(float a, float b) noexcept nogil:
    return a if a > b else b


cdef inline int find_partner(
    int axes, const double* point, const double* home, const Block* blocks, Py_ssize_t count,
    int strength, uint8_t* partner
) noexcept nogil:
    """Find the partner of a code-word for a color, and tell its share."""
    cdef float[AXES] toward
    cdef float[BLOCK] along, gains
    cdef float error = 0, best = 0, share = 0, nothing = 0, farthest, rest
    cdef const Block* block
    cdef Py_ssize_t b
    cdef int i, c, better
    for c in range(AXES):
        toward[c] = <float>(point[c] - home[c]) if c < axes else 0
        error += toward[c] * toward[c]
    farthest = LEAST * LEAST * error * A_LITTLE_MORE
    for b in range(count):
        block = &blocks[b]
        if block.apart[0] > farthest:
            break
        for i in range(BLOCK):
            along[i] = lesser(
                greater(
                    toward[0] * block.ways[0][i] + toward[1] * block.ways[1][i]
                    + toward[2] * block.ways[2][i] + toward[3] * block.ways[3][i],
                    nothing,
                ),
                HALF * block.apart[i],
            )
            gains[i] = along[i] * (LEAST * along[i] - block.apart[i]) * block.inverse[i]
        better = 0
        for i in range(BLOCK):
            better |= gains[i] > best
        if not better:
            continue
        for i in range(BLOCK):
            if gains[i] > best:
                best = gains[i]
                share = along[i] * block.inverse[i]
                partner[0] = block.labels[i]
        # A neighbor farther than four times the error gains at most LEAST * error -
        # sqrt(error * apart), in the very direction of the color. A thousandth is more than all
        # rounding.
        rest = LEAST * error - best
        farthest = rest * rest / error * A_LITTLE_MORE
    return <int>(share * (<float>strength * SHARES) + HALF)


cdef class PairSearch:
    """Code-words prepared for finding pairs of them; any number of threads may use it.

    Parameters
    ----------
    words : ndarray of shape (K, D), dtype float64
        1 <= K <= 256, 1 <= D <= 4: coordinates, whole numbers within 2**20 of zero.
    """

    cdef object kept
    cdef const double[:, ::1] words
    cdef Block* blocks
    cdef Py_ssize_t count   # of the blocks of a code-word

    def __cinit__(self, const double[:, ::1] words):
        cdef Py_ssize_t size = words.shape[0], axes = words.shape[1], own, place, count
        cdef int64_t[:, ::1] order
        cdef uint8_t[::1] memory
        cdef Block* block
        cdef int c, i, label
        if not 1 <= size <= 256 or not 1 <= axes <= AXES:
            raise ValueError("code-words must be (1 to 256, 1 to 4)")
        count = (size + BLOCK - 1) // BLOCK
        order = _neighbors(np.asarray(words))
        memory = np.zeros(size * count * sizeof(Block) + 1, dtype=np.uint8)
        self.kept = memory
        self.words = np.array(words)
        self.blocks = <Block*>&memory[0]
        self.count = count
        with nogil:
            for own in range(size):
                for place in range(size):
                    block = self.blocks + own * count + place // BLOCK
                    i = place % BLOCK
                    label = order[own, place] & 255
                    block.labels[i] = <uint8_t>label
                    block.apart[i] = <float>(order[own, place] >> 8)
                    block.inverse[i] = 1 / block.apart[i] if block.apart[i] > 0 else 0
                    for c in range(axes):
                        block.ways[c][i] = <float>(words[label, c] - words[own, c])

    def find(
        self, const double[:, ::1] points, const uint8_t[::1] labels, int strength,
        uint8_t[::1] partners, uint8_t[::1] shares,
    ):
        """Find a second code-word for each color, to be mixed with the first.

        With v from the first code-word to the color, w from there to another, and
        ``a = min(v.w, w.w / 2)``, its share is ``t = a / w.w``. The code-word with the greatest
        ``a * (11 * t - 1)`` is taken, of several the nearest, then lowest: where the first is the
        nearest of all, it is the one with the least sum of the squared error that is left and a
        tenth of the contrast, ``t * (1 - t) * w.w``. There is none where no share is above 1/11.

        Parameters
        ----------
        points : ndarray of shape (U, D), dtype float64
            Coordinates of colors, like those of code-words.
        labels : ndarray of shape (U,), dtype uint8
            The first code-word of each.
        strength : int
            0 to 256: how much of its share a code-word gets, in 1/256.
        partners : ndarray of shape (U,), dtype uint8
            Overwritten with the second code-words; the first where there is no other.
        shares : ndarray of shape (U,), dtype uint8
            Overwritten with their shares, 0 to 32 of 64.
        """
        cdef Py_ssize_t i, size = points.shape[0]
        cdef int axes = <int>self.words.shape[1], own
        cdef bint wrong = False
        if points.shape[1] != axes:
            raise ValueError("points and code-words do not fit")
        if labels.shape[0] != size or partners.shape[0] != size or shares.shape[0] != size:
            raise ValueError("points, labels, partners and shares do not fit")
        if not 0 <= strength <= FULL_STRENGTH:
            raise ValueError("strength is out of range")
        with nogil:
            for i in range(size):
                own = labels[i]
                if own >= self.words.shape[0]:
                    wrong = True
                    break
                partners[i] = <uint8_t>own
                shares[i] = <uint8_t>find_partner(
                    axes, &points[i, 0], &self.words[own, 0], self.blocks + own * self.count,
                    self.count, strength, &partners[i],
                )
        if wrong:
            raise ValueError("there is no such code-word")


def _neighbors(words):
    """Sort all code-words by their distance from each: 256 times its square, and the label."""
    apart = np.zeros((len(words), len(words)), dtype=np.int64)
    for axis in words.astype(np.int64).T:
        apart += (axis - axis[:, None]) ** 2
    return np.sort(256 * apart + np.arange(len(words)), axis=1)
